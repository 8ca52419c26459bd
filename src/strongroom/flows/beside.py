"""What lies beside a file: the subtitles of a recording, and the recording of subtitles.

Players take ``film.srt`` and ``film.en.vtt`` for subtitles of the ``film.mp4`` that lies beside them; so does this.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from strongroom.domain.content import Name
from strongroom.domain.media import AUDIO, VIDEO
from strongroom.domain.scope import Scope
from strongroom.errors import NotFound
from strongroom.flows import fetch
from strongroom.storage.catalog import Transaction, blobs, containers, contents, recordings
from strongroom.storage.names import successor

MOST = 50
"""Neighbours that are looked at."""
SUBTITLES = re.compile(
    r"(?P<stem>.+?)(?P<language>\.[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)?(?:\.(?:sdh|cc|forced))?\.(?:srt|vtt)", re.IGNORECASE
)
"""Name of a file with subtitles."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """A content that lies beside another."""

    name: Name
    """Where."""
    sha256: str
    """The content."""


def subtitles(tx: Transaction, names: Iterable[Name], scope: Scope) -> list[Neighbour]:
    """Give the files with subtitles that lie beside a recording, in order of name.

    Args:
        tx: A transaction.
        names: Where the recording is stored.
        scope: What may be seen.
    """
    found: dict[str, Neighbour] = {}
    for name in names:
        stem = _leaf(name).rpartition(".")[0]
        for one in _beside(tx, name, f"{stem}.", scope) if stem else ():
            spelt = SUBTITLES.fullmatch(_leaf(one.name))
            if spelt and stem in (spelt["stem"], _leaf(one.name).rpartition(".")[0]):
                found.setdefault(one.sha256, one)
    return list(found.values())


def recording(tx: Transaction, name: Name, scope: Scope) -> Neighbour | None:
    """Give the recording beside a file with subtitles; None where it has no such name, or there is none.

    Args:
        tx: A transaction.
        name: Where the subtitles are stored.
        scope: What may be seen.
    """
    spelt = SUBTITLES.fullmatch(_leaf(name))
    if spelt is None:
        return None
    whole = _leaf(name).rpartition(".")[0]
    for stem in dict.fromkeys((whole, spelt["stem"])):
        near = [one for one in _beside(tx, name, f"{stem}.", scope) if _leaf(one.name).rpartition(".")[0] == stem]
        known = contents.contents(tx, [one.sha256 for one in near])
        for one in near:
            if one.sha256 in known and known[one.sha256].type in (AUDIO, VIDEO):
                return one
    return None


def language(name: Name) -> str | None:
    """Give the language that the name of a file with subtitles says, as ISO 639-1; None where it says none."""
    spelt = SUBTITLES.fullmatch(_leaf(name))
    code = re.split("[-_]", spelt["language"][1:])[0].lower() if spelt and spelt["language"] else ""
    return code if len(code) == len("en") else None


def _leaf(name: Name) -> str:
    return name.member.rpartition(fetch.LEVEL)[2] if name.member else name.blob


def _beside(tx: Transaction, name: Name, prefix: str, scope: Scope) -> Iterator[Neighbour]:
    """Give what is stored in the same place under a name that begins so."""
    if not name.member:
        container = containers.get(tx, name.container, scope)
        for blob in blobs.page(tx, container, start=prefix, end=successor(prefix), limit=MOST):
            if blob.sha256 is not None:
                yield Neighbour(name=Name(container=name.container, blob=blob.name), sha256=blob.sha256)
        return
    above, level, _ = name.member.rpartition(fetch.LEVEL)
    try:
        parent = fetch.find(tx, name.container, name.blob + (fetch.LEVEL + above if above else ""), scope)
    except NotFound:
        return
    for path, sha256 in recordings.members_under(tx, parent, prefix, MOST):
        yield Neighbour(name=replace(name, member=above + level + path), sha256=sha256)
