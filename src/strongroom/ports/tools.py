"""The models that an analyzer may use, each loaded once a worker, when first asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from strongroom.domain.entities import Named
from strongroom.domain.findings import Vector
from strongroom.domain.locator import Box
from strongroom.domain.transcript import Utterance

Pixels = NDArray[np.uint8]
"""An RGB picture, shape (height, width, 3)."""


class TextEmbedder(Protocol):
    """Text to vectors of unit length."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str], *, query: bool = False) -> Vector:
        """Embed texts.

        Args:
            texts: Any number; longer ones are cut at the model's limit.
            query: Whether they are questions rather than passages.

        Returns:
            float32, shape (len(texts), dimension), unit length.
        """


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Look:
    """What a picture model says of one picture."""

    labels: tuple[tuple[str, float], ...]
    """Names and probabilities, best first; empty where the model gives none."""
    label_vector: Vector | None
    """The labels in the text space, unit length; None for a model of the CLIP family."""
    image_vector: Vector
    """What it looks like, unit length."""


class PictureModel(Protocol):
    """Pictures to labels and vectors."""

    @property
    def dimension(self) -> int:
        """Length of an image vector."""

    @property
    def input_size(self) -> int:
        """Pixels of the shorter side below which decoding finer than this gains nothing."""

    def look(self, pictures: Sequence[Pixels]) -> list[Look]:
        """Look at pictures, one `Look` each, in order."""

    def embed_query(self, text: str) -> Vector | None:
        """Put words into the image space; None where the model has no text tower."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of text read in a picture."""

    text: str
    """As read."""
    box: Box
    """Where, as fractions of the picture."""
    confidence: float
    """0 to 1."""


class OcrModel(Protocol):
    """Pictures to lines of text."""

    def read(self, picture: Pixels) -> list[Line]:
        """Read the text in a picture, lines in reading order."""


Sound = NDArray[np.float32]
"""One channel of sound, shape (samples,), from -1 to 1, `RATE` samples a second."""
RATE = 16_000
"""Samples a second that the models of sound take."""
Span = tuple[float, float]
"""Start and end in seconds from the beginning of a sound."""


class VoiceDetector(Protocol):
    """Sound to the stretches in which somebody speaks. It does not tell who."""

    def spans(self, sound: Sound) -> list[Span]:
        """Give the stretches with speech, in order, without overlap; none in silence, noise and music."""


class SpeechModel(Protocol):
    """Speech to text."""

    def transcribe(self, sound: Sound, spans: Sequence[Span]) -> list[Utterance]:
        """Write down what is said.

        Args:
            sound: Any length; minutes at a time are quickest.
            spans: Where somebody speaks, as a `VoiceDetector` gives them; the rest is not listened to.

        Returns:
            In order of time; nothing for a stretch in which the model makes out no words.
        """


class LanguageDetector(Protocol):
    """Text to its language."""

    def detect(self, text: str) -> str | None:
        """Give an ISO 639-1 code; None where the text is too short or unsure."""


class EntityModel(Protocol):
    """Texts to the people, organisations and places that they name."""

    def find(self, texts: Sequence[str]) -> list[list[Named]]:
        """Give what each text names, in order, as the text has it."""


class TermModel(Protocol):
    """A question and texts to how much of the question each takes up."""

    def taken_up(self, question: str, texts: Sequence[str]) -> Vector:
        """Give one number a text: 0 nothing, about 1 all of it."""


class Tools(Protocol):
    """All models of the room; each property loads its model when first read.

    Raises:
        ModelMissing: From any property whose model has not been pulled.
    """

    @property
    def text(self) -> TextEmbedder:
        """The text embedder."""

    @property
    def pictures(self) -> PictureModel:
        """The picture model."""

    @property
    def ocr(self) -> OcrModel:
        """The reader of text in pictures."""

    @property
    def voices(self) -> VoiceDetector:
        """The detector of speech."""

    @property
    def speech(self) -> SpeechModel | None:
        """The writer of what is said; None where the room's settings want none."""

    @property
    def languages(self) -> LanguageDetector:
        """The language detector."""

    @property
    def office(self) -> str:
        """Which office reader the room wants: ``auto``, ``libreoffice`` or ``builtin``."""
