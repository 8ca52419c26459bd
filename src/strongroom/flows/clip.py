"""`clip`: a moment of a recording, cut out into a file of its own."""

from dataclasses import replace
from pathlib import Path

from strongroom.analyzers.media.opening import opened
from strongroom.domain.clip import Clip
from strongroom.domain.times import clock
from strongroom.errors import UsageError
from strongroom.flows import fetch
from strongroom.flows.cutting import cut, format_of
from strongroom.flows.moment import Moment
from strongroom.flows.parts import Parts

FOREVER = 1e9


def span(moment: Moment, t_start: float | None, t_end: float | None, around: float) -> Moment:
    """Give the moment to cut out.

    Args:
        moment: What was named.
        t_start: Seconds, where it is to begin elsewhere than what was named.
        t_end: The same, of its end.
        around: Seconds more before and after.

    Raises:
        UsageError: It ends before it begins, or begins after the recording's end.
    """
    start = max(0.0, (t_start if t_start is not None else moment.t_start or 0.0) - around)
    end = t_end if t_end is not None else moment.t_end
    end = FOREVER if end is None else end + around
    if around < 0 or start >= end:
        raise UsageError(f"from {clock(start, 1)} to {clock(end, 1)}: a clip must end after it begins")
    if moment.duration is not None and start >= moment.duration:
        raise UsageError(f"the recording is {clock(moment.duration, 1)} long: nothing begins at {clock(start, 1)}")
    return replace(moment, t_start=start, t_end=end)


def write_clip(parts: Parts, moment: Moment, file: Path, *, exact: bool) -> Clip:
    """Cut a moment out of a recording; the file appears only when it is whole.

    Args:
        parts: An open room.
        moment: From `span`.
        file: Where to; its ending says in which format.
        exact: Whether the picture is encoded anew, to begin at the start exactly.

    Raises:
        UsageError: There is no such format, or nothing lies in this span.
        Unsupported: The recording has nothing that the format can hold.
        Unreadable: The recording is damaged there.
        StorageError: The file cannot be written.
    """
    form = format_of(file)
    start, end = moment.t_start or 0.0, moment.t_end or FOREVER

    def write(partial: Path) -> Clip:
        with parts.vault.source(moment.sha256) as source, opened(source) as container:
            done = cut(container, partial, form, start=start, end=end, exact=exact)
        return Clip(
            content=moment.sha256,
            t_start=done.t_start,
            t_end=done.t_end,
            copied=done.copied,
            encoded=done.encoded,
            size=partial.stat().st_size,
        )

    return fetch.whole(write, file)
