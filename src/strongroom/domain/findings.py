"""What an analyzer yields: segments, members, properties, renditions, problems and checkpoints."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from strongroom.domain.locator import Locator

Vector: TypeAlias = NDArray[np.float32]

PASSAGE, IMAGE, PROPERTIES, SHOT, UTTERANCE = "passage", "image", "properties", "shot", "utterance"
"""Segment kinds of the built-in analyzers; a plug-in may use others."""
PICTURES = (IMAGE, SHOT)
"""The kinds that are found by what they show; their text is only labels."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Segment:
    """The smallest citable piece: a passage, a page region, an image, a shot, an utterance."""

    kind: str
    """One of the kinds above, or a plug-in's own word."""
    text: str = ""
    """What full-text search reads and what a snippet shows."""
    locator: Locator = field(default_factory=Locator)
    """Where it lies in the content."""
    language: str | None = None
    """ISO 639-1 code; detected afterwards where it is None and there is text."""
    text_vector: Vector | None = None
    """Embedding of the text, shape (text dimension,); made afterwards where it is None, there is text and no label vector."""
    label_vector: Vector | None = None
    """A picture's labels or caption in the text space, shape (text dimension,)."""
    image_vector: Vector | None = None
    """What a picture looks like, shape (picture dimension,)."""
    taken_at: datetime | None = None
    """When the picture was taken or the message sent, if the content says so (UTC, or naive where no zone is known)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Property:
    """A named fact about the whole content, such as ``camera`` or ``author``."""

    name: str
    """Lower-case words with hyphens: ``page-count``, ``message-id``."""
    value: str | int | float | bool | tuple[str, ...]
    """Its value; instants as ISO 8601 text."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Member:
    """A child content: a mail attachment, an archive member, an embedded picture."""

    path: str
    """Its name inside the parent, with ``/`` between folders, as the parent spells it."""
    chunks: Iterable[bytes]
    """Its bytes in order; read once, while the analyzer is suspended at the yield. An `AnalysisError` raised while they are
    read costs this member alone, but for `LimitExceeded`, which ends the whole."""
    media_type: str | None = None
    """What the parent says it is; only a hint."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Rendition:
    """A derived picture or document that can be made again: ``thumbnail``, ``pdf``, ``page-3``."""

    role: str
    """What it is of the content; one rendition a role."""
    media_type: str
    """Media type of the data."""
    data: bytes
    """Its bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A part that could not be read although the rest was; people read the reason in ``status``."""

    reason: str
    """A sentence that says what is missing and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """All up to here has been yielded: reading may stop here, be written down, and go on from here at another time.

    Only for contents that take minutes: a reading that is interrupted then costs what came after the last checkpoint.
    """

    at: float
    """How far it is, in seconds of the recording; becomes `strongroom.ports.Source.reached` when reading goes on."""
    of: float | None = None
    """How far it will be at its end, where that is known."""


Finding: TypeAlias = Segment | Property | Member | Rendition | Problem | Checkpoint
