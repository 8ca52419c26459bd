"""What a question gives: sentences, each with the segments that support it, beside the coverage that says what was read."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from strongroom.domain.analysis import Coverage
from strongroom.domain.content import Name
from strongroom.domain.locator import Locator

Kind: TypeAlias = Literal["quoted", "written"]
"""Whether an answer is quotations from the sources, or was written by a language model."""
Support: TypeAlias = Literal["quoted", "supported", "unsupported"]
"""``quoted`` stands so in the source; ``supported`` was written, and its citations bear it; ``unsupported`` they do not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """A segment with text that a search ranked, beside all others of the scope whatever content they lie in."""

    segment_id: str
    """The segment's deterministic id."""
    content: str
    """SHA-256 of the content."""
    name: Name
    """Where it is stored, within the scope."""
    media_type: str
    """Media type of the content."""
    kind: str
    """``passage``, ``utterance``, ``properties``, or a plug-in's own word."""
    locator: Locator
    """Where in the content."""
    text: str
    """The whole text of the segment."""
    score: float
    """Fused score; comparable only within one search."""

    def cite(self, quote: str) -> "Citation":
        """Cite it for some of its words."""
        return Citation(
            segment_id=self.segment_id,
            content=self.content,
            name=self.name,
            media_type=self.media_type,
            locator=self.locator,
            quote=quote,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """A segment that a sentence rests on."""

    segment_id: str
    """The segment's deterministic id; `Room.clip` and the viewer take it."""
    content: str
    """SHA-256 of the content that it lies in."""
    name: Name
    """Where that is stored, within the scope."""
    media_type: str
    """Media type of the content."""
    locator: Locator
    """Where in the content."""
    quote: str
    """The words of the source that the sentence rests on, as plain text."""

    @property
    def place(self) -> str:
        """Name and place as people read them: ``letters/1931/april.pdf, page 3``."""
        label = self.locator.label()
        return str(self.name) + (f", {label}" if label else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """One sentence of an answer: plain text, never links, pictures or markup."""

    text: str
    """What it says."""
    citations: tuple[Citation, ...]
    """What it rests on, best first; empty only where it is unsupported."""
    support: Support
    """How far its citations bear it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The answer to one question."""

    question: str
    """As it was asked."""
    asked: str
    """What was looked for: the question made to stand alone, where it followed on others."""
    sentences: tuple[Sentence, ...]
    """In the order to read; empty where nothing was found."""
    kind: Kind
    """Quotations, or written by a model."""
    found: bool
    """Whether anything answers the question; if not, say "nothing found that answers this" and how much was read."""
    coverage: Coverage
    """How much of the scope could be read."""
    model: str
    """The language model that wrote it; empty where it is quotations."""
    nearest: tuple[Citation, ...] = ()
    """What came nearest, where nothing was found: a reader may look, but it is said not to be an answer."""
    dropped: int = 0
    """Sentences that the model wrote and that no source bears."""
    is_cut: bool = False
    """Whether the model broke off: what was told by then stands, but more was to come."""
    took_ms: float = 0.0
    """Milliseconds from question to answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """An earlier question of the same talk, and what was answered."""

    question: str
    """As it was asked."""
    answer: str = ""
    """The sentences that were given, as one text; empty where nothing was found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """The sources were searched; an answer is being made of the best."""

    asked: str
    """What was looked for."""
    sources: tuple[Citation, ...]
    """What the answer is made of, best first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A sentence is ready, and checked."""

    sentence: Sentence
    """The sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """The answer is whole; nothing follows."""

    answer: Answer
    """All of it, the sentences told before included."""


AnswerEvent: TypeAlias = Looked | Told | Answered
"""What happens while a question is answered, in this order: `Looked` once, `Told` for each sentence, `Answered` once."""
