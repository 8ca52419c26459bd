"""Video and audio: where it stands, the moments that match, and what is said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from strongroom.domain.text import Piece
from strongroom.domain.transcript import Utterance
from strongroom.errors import NotFound, Unsupported
from strongroom.index.snippets import Snippet, marks, snippet
from strongroom.server.web.viewer.inside import LENGTH, may_match
from strongroom.server.web.viewer.wanted import Look

PIECES = 1000
UTTERANCES = 4000
"""Utterances that are shown; of a longer talk the rest is to be downloaded."""
MOMENTS = 60
CLIP = 30.0
"""Seconds that are offered to be cut out."""
SPOKEN = "utterance"


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A stretch of a recording that matches."""

    t_start: float
    """Seconds from its beginning."""
    t_end: float
    """The same, of its end."""
    said: Snippet
    """What is said or shown there."""
    is_opened: bool = False
    """Whether the recording was opened here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moving:
    """One recording."""

    second: float
    """Where it stands."""
    duration: float
    """Seconds; 0 where that is not known."""
    width: int | None
    """Pixels across, of a video."""
    height: int | None
    """The same, down."""
    roles: frozenset[str]
    """The pictures that there are of it: ``waveform``, ``filmstrip``."""
    moments: tuple[Moment, ...]
    """In order of time."""
    utterances: tuple[Utterance, ...]
    """What is said."""
    more: int
    """Utterances that are not shown."""
    until: float
    """Where the stretch ends that is offered to be cut out."""


def moving(look: Look) -> Moving:
    """Open a recording at its second, without playing it."""
    said = _said(look)
    moments = _moments(look, said)
    at = look.at.t_start or 0.0
    second = look.wanted.t if look.wanted.t is not None else at
    duration = look.card.duration or max([one.t_end for one in said] + [one.t_end for one in moments], default=0.0)
    properties = look.card.properties
    width, height = (properties.get(name) for name in ("width", "height"))
    end = look.at.t_end if look.at.t_end is not None and at <= second < look.at.t_end else second + CLIP
    return Moving(
        second=second,
        duration=duration,
        width=width if isinstance(width, int) else None,
        height=height if isinstance(height, int) else None,
        roles=frozenset(one.role for one in look.card.renditions),
        moments=moments,
        utterances=tuple(said[:UTTERANCES]),
        more=max(0, len(said) - UTTERANCES),
        until=min(end, duration) if duration > second else end,
    )


def _said(look: Look) -> Sequence[Utterance]:
    try:
        return look.room.transcript(look.card.sha256).utterances
    except (NotFound, Unsupported):
        return ()


def _moments(look: Look, said: Sequence[Utterance]) -> tuple[Moment, ...]:
    """Give what is said, shown, or was found by its meaning, in order of time."""
    found = [*_spoken(look, said), *_shown(look, is_said=bool(said))]
    opened = look.opened
    if opened and opened.locator.t_start is not None and not any(_holds(opened, one) for one in found):
        found.append(_moment(look, opened, is_opened=True))
    return tuple(sorted(found, key=lambda one: (one.t_start, one.t_end))[:MOMENTS])


def _holds(opened: Piece, one: Moment) -> bool:
    """Say whether a moment lies in what was opened, which then need not be shown beside it."""
    start, end = opened.locator.t_start or 0.0, opened.locator.t_end or 0.0
    return start - 1 <= one.t_start <= end


def _spoken(look: Look, said: Sequence[Utterance]) -> Iterator[Moment]:
    for one in said:
        if may_match(one.text, look.query) and marks(one.text, look.query):
            yield Moment(t_start=one.t_start, t_end=one.t_end, said=snippet(one.text, look.query, LENGTH))


def _shown(look: Look, *, is_said: bool) -> Iterator[Moment]:
    for piece in look.room.text(look.card.sha256, limit=PIECES).pieces:
        is_told = piece.kind == SPOKEN and is_said
        if piece.locator.t_start is not None and not is_told and piece.text and marks(piece.text, look.query):
            yield _moment(look, piece, is_opened=bool(look.opened and piece.segment_id == look.opened.segment_id))


def _moment(look: Look, piece: Piece, *, is_opened: bool) -> Moment:
    start = piece.locator.t_start or 0.0
    end = piece.locator.t_end if piece.locator.t_end is not None else start
    return Moment(t_start=start, t_end=end, said=snippet(piece.text, look.query, LENGTH), is_opened=is_opened)
