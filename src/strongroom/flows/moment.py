"""From what people name to a moment of a recording: a blob, a member, a content, or a hit of a search."""

import re
from dataclasses import dataclass

from strongroom.domain.content import Content
from strongroom.domain.media import AUDIO, VIDEO
from strongroom.domain.scope import Scope
from strongroom.errors import NotFound, Unsupported, UsageError
from strongroom.flows import beside, fetch
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import analyses, contents, names
from strongroom.storage.tables.predicates import one_of

SEGMENT = re.compile(r"[0-9a-f]{32}")
"""What the id of a segment looks like; no name of a blob does, since that has a container before it."""
NAMES = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A recording, or a span of one."""

    sha256: str
    """The recording."""
    name: str
    """How it was named."""
    t_start: float | None = None
    """Seconds from its beginning; None where the whole is meant."""
    t_end: float | None = None
    """The same."""
    duration: float | None = None
    """Seconds of the whole recording, where that is known."""


def find(parts: Parts, name: str, scope: Scope) -> Moment:
    """Give what a name means.

    Args:
        parts: An open room.
        name: As for `fetch.resolve`, or the id of a segment, as a search gives it.
        scope: What may be seen.

    Raises:
        NotFound: There is nothing of this name, or the scope does not show it.
        Unsupported: It is no recording.
        UsageError: The hit is no moment.
    """
    if not SEGMENT.fullmatch(name):
        sha256 = fetch.resolve(parts, name, scope)
        return Moment(sha256=sha256, name=name, duration=_duration(parts, _recording(parts, sha256, name)))
    rows = parts.table.rows(("content_sha256", "t_start", "t_end"), one_of("segment_id", [name]), limit=1).to_pylist()
    if not rows:
        raise NotFound(f"no hit has the id {name}: search again, its file was changed or read anew")
    sha256, t_start, t_end = rows[0].values()
    fetch.resolve(parts, sha256, scope)
    if t_start is None:
        raise UsageError(f"the hit {name} is no moment of a recording: it has no time")
    sha256 = _spoken_of(parts, sha256, scope)
    duration = _duration(parts, _recording(parts, sha256, name))
    return Moment(sha256=sha256, name=name, t_start=t_start, t_end=t_end, duration=duration)


def _spoken_of(parts: Parts, sha256: str, scope: Scope) -> str:
    """Give the recording that a hit is a moment of: subtitles speak of the one beside them."""
    with parts.catalog.read() as tx:
        if contents.contents(tx, [sha256])[sha256].type in (AUDIO, VIDEO):
            return sha256
        for name in names.names(tx, [sha256], scope, limit=NAMES).get(sha256, ()):
            found = beside.recording(tx, name, scope)
            if found is not None:
                return found.sha256
    return sha256


def _recording(parts: Parts, sha256: str, name: str) -> Content:
    with parts.catalog.read() as tx:
        content = contents.contents(tx, [sha256])[sha256]
    if content.type is None:
        raise NotFound(f"{name} has not been looked at yet: run `strongroom analyze`")
    if content.type not in (AUDIO, VIDEO):
        raise Unsupported(f"{name} is no recording: it is {content.media_type}")
    return content


def _duration(parts: Parts, content: Content) -> float | None:
    with parts.catalog.read() as tx:
        return analyses.seconds_of(analyses.properties(tx, [content.sha256]).get(content.sha256, {}))
