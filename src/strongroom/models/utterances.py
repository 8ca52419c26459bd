"""What a speech model heard, made into utterances; what it does not itself believe is left out."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from strongroom.domain.transcript import Utterance, Word

PAUSE = 0.7
"""Seconds of silence that end an utterance."""
ENDS = (".", "?", "!", "…", "。", "？", "！")  # noqa: RUF001 - Chinese and Japanese
TITLES = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "no.", "vs.", "etc.", "e.g.", "i.e.", "nr.", "bzw.", "z.b."})
"""Words with a full stop that end no sentence."""
UNLIKELY = -1.0
"""Mean logarithm of the tokens' probabilities below which a window was not understood (Whisper's own threshold)."""
REPEATED = 2.4
"""How many times smaller a text may become by zlib before it is a repetition (Whisper's own threshold)."""
NO_SPEECH = 0.6
"""Probability that there is no speech at all (Whisper's own threshold)."""
GUESSED = -1.5
"""The same, whether or not somebody speaks; speech in loud noise lies above, noise forced through the model mostly below."""
TAIL = 5.0
"""Seconds at the end of a window in which there must be a word."""
DOUBTED = 0.35
"""Mean probability of the words below which an utterance is left out."""
MURKY, WEAK = -0.8, 0.5
"""The same for a window whose log probability lies below the first: barks and singing do, and wrong words in loud noise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed:
    """One word as the model wrote it, with the blank before it."""

    text: str
    t_start: float
    t_end: float
    probability: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What the model heard in one window."""

    words: tuple[Timed, ...]
    text: str
    language: str
    log_probability: float
    """Mean over the tokens."""
    no_speech: float
    """Probability that nobody speaks."""

    @property
    def repetition(self) -> float:
        """How many times smaller zlib makes the text."""
        data = self.text.encode()
        return len(data) / len(zlib.compress(data)) if data else 0.0

    @property
    def believed(self) -> bool:
        """Whether the window as a whole was understood."""
        silent = self.no_speech > NO_SPEECH and self.log_probability < UNLIKELY
        understood = not silent and self.log_probability > GUESSED
        return bool(self.words) and understood and self.repetition <= REPEATED

    def complete(self, end: float) -> bool:
        """Say whether the window was understood up to its end: without time stamps the model may stop halfway."""
        return self.believed and self.words[-1].t_end > end - TAIL


def utterances(heard: Heard) -> Iterator[Utterance]:
    """Cut what was heard into sentences, at pauses too."""
    if not heard.believed:
        return
    for words in _sentences(heard.words):
        text = "".join(word.text for word in words).strip()
        least = WEAK if heard.log_probability < MURKY else DOUBTED
        if sum(word.probability for word in words) / len(words) >= least and any(c.isalnum() for c in text):
            yield Utterance(
                text=text,
                t_start=words[0].t_start,
                t_end=words[-1].t_end,
                language=heard.language,
                words=tuple(
                    Word(text=word.text.strip(), t_start=word.t_start, t_end=word.t_end, probability=word.probability)
                    for word in words
                ),
            )


def _sentences(words: Sequence[Timed]) -> Iterator[list[Timed]]:
    sentence: list[Timed] = []
    for word in words:
        if sentence and (word.t_start - sentence[-1].t_end >= PAUSE or _ended(sentence[-1].text, word.text)):
            yield sentence
            sentence = []
        sentence.append(word)
    if sentence:
        yield sentence


def _ended(text: str, following: str) -> bool:
    bare = text.strip().rstrip("\"'”)")
    return bare.endswith(ENDS) and bare.lower() not in TITLES and not following.strip()[:1].islower()
