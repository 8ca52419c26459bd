"""What is said in a recording: utterances with their words, and the form in which they are kept."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

MEDIA_TYPE = "application/json"
"""Of a kept piece of a transcript."""
ROLE = "transcript-"
"""Begins the role of the renditions that hold a transcript, each that of one stretch; their order is that of time."""


SUBTITLES = ("srt", "vtt")
"""Endings of files with subtitles."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """One spoken word."""

    text: str
    """As written, with its punctuation, without blanks around it."""
    t_start: float
    """Seconds from the beginning of the recording."""
    t_end: float
    """The same, of its end."""
    probability: float = 1.0
    """0 to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Utterance:
    """What was said without a pause, mostly one sentence."""

    text: str
    """As written."""
    t_start: float
    """Seconds from the beginning of the recording."""
    t_end: float
    """The same, of its end."""
    language: str | None
    """ISO 639-1 code."""
    words: tuple[Word, ...] = ()
    """Its words in order; empty where only the whole is timed, as in subtitles."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Transcript:
    """What is said in one recording, as far as it is known."""

    content: str
    """SHA-256 of the recording."""
    source: str
    """Who says so: ``speech`` (written down from the sound), ``subtitles`` (in the file), ``beside`` (in a file beside it)."""
    title: str
    """Which subtitles; empty for speech."""
    utterances: tuple[Utterance, ...]
    """In order of time; never empty."""
    reached: float | None = None
    """Seconds up to which the sound has been written down; None where that is all of it."""
    duration: float | None = None
    """Seconds of the recording, where that is known."""


def role(t_start: float) -> str:
    """Give the role of the rendition that holds the stretch that begins at so many seconds."""
    return f"{ROLE}{round(t_start * 1000):012d}"


def dump(utterances: Iterable[Utterance]) -> bytes:
    """Write utterances as JSON: ``{"utterances": [{text, t_start, t_end, language, words}]}``.

    Each of ``words`` is ``[text, t_start, t_end, probability]``.
    """
    rows = [
        {
            "text": one.text,
            "t_start": round(one.t_start, 3),
            "t_end": round(one.t_end, 3),
            "language": one.language,
            "words": [
                [word.text, round(word.t_start, 3), round(word.t_end, 3), round(word.probability, 3)] for word in one.words
            ],
        }
        for one in utterances
    ]
    return json.dumps({"utterances": rows}, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def load(data: bytes) -> tuple[Utterance, ...]:
    """Read what `dump` wrote."""
    return tuple(
        Utterance(
            text=row["text"],
            t_start=row["t_start"],
            t_end=row["t_end"],
            language=row["language"],
            words=tuple(Word(text=w[0], t_start=w[1], t_end=w[2], probability=w[3]) for w in row["words"]),
        )
        for row in json.loads(data)["utterances"]
    )
