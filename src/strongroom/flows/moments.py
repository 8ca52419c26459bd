"""Hits in subtitles, shown as moments of the recording that lies beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from strongroom.domain.content import Content, Name
from strongroom.domain.media import AUDIO, OCTETS, VIDEO, type_of
from strongroom.domain.query import Choice
from strongroom.domain.scope import Scope
from strongroom.flows import beside
from strongroom.storage.catalog import Transaction, contents, names

RECORDINGS = (AUDIO, VIDEO)
MOMENTS = 5
"""Moments shown of one recording."""
MATCHES = 3
"""Segments shown of any other content."""
BESIDE = "beside"
"""Key under which a ranked row has the name of the file with subtitles that it is from."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Granted:
    """What a scope shows of ranked contents."""

    named: Mapping[str, tuple[Name, ...]]
    """Names by content."""
    known: Mapping[str, Content]
    """Contents by SHA-256."""
    groups: Mapping[str, Rows]
    """Ranked rows by the content under which they are shown, best first."""


def type_name(content: Content) -> str:
    """Give the plain type of a content."""
    return content.type or type_of(content.media_type or OCTETS)


def shown(content: Content) -> int:
    """Give how many segments of a hit are shown."""
    return MOMENTS if type_name(content) in RECORDINGS else MATCHES


def granted(tx: Transaction, ranked: Mapping[str, Rows], scope: Scope, types: Choice, limit: int) -> Granted:
    """Ask the catalog which ranked contents a scope shows, and put those with subtitles under their recordings.

    Args:
        tx: A transaction.
        ranked: Rows by content, best first.
        scope: What may be seen.
        types: What is let through: a recording is found by words beside it only where recordings are asked for.
        limit: Names a content.
    """
    named = names.names(tx, list(ranked), scope, limit=limit)
    spoken = beside.recordings_beside(tx, named, scope)
    away = {near.sha256 for near, _ in spoken.values()} - named.keys()
    named |= names.names(tx, away, scope, limit=limit)
    known = contents.contents(tx, list(named))
    allowed = {sha: _lets_through(types, type_name(content)) for sha, content in known.items()}
    groups: dict[str, Rows] = {}
    for sha, rows in ranked.items():
        near = spoken.get(sha)
        if near is not None and allowed.get(near[0].sha256, False):
            title = PurePosixPath(near[1].member or near[1].blob).name
            groups.setdefault(near[0].sha256, []).extend({**row, BESIDE: title} for row in rows)
        elif allowed.get(sha, False):
            groups.setdefault(sha, []).extend(rows)
    ordered = {sha: sorted(rows, key=lambda row: -row["segment_score"]) for sha, rows in groups.items()}
    return Granted(named=named, known=known, groups=ordered)


def _lets_through(types: Choice, type_: str) -> bool:
    return (not types.only or type_ in types.only) and type_ not in types.without
