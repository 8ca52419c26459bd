"""Ears for tests without models: whatever is loud is speech, and its pitch is the word that is said."""

from collections.abc import Mapping, Sequence

import numpy as np

from strongroom.domain.transcript import Utterance, Word
from strongroom.ports import RATE, Sound, Span

_FRAME = RATE // 100
_LOUD = 1e-3
"""Power of what counts as speech."""
_PAUSE = 0.3
_STEP = 10


def spoken(words: Sequence[int], *, seconds: float = 0.7, pause: float = 0.3, rate: int = RATE) -> Sound:
    """Give a recording of words, each a tone of so many hertz.

    Args:
        words: Multiples of ten, from 200 to 3000.
        seconds: Of each word.
        pause: Seconds of silence after each.
        rate: Samples a second.
    """
    at = np.arange(round(seconds * rate)) / rate
    rest = np.zeros(round(pause * rate))
    parts = [part for hertz in words for part in (0.4 * np.sin(2 * np.pi * hertz * at), rest)]
    return np.concatenate([np.empty(0), *parts]).astype(np.float32)


class LoudVoices:
    """A `strongroom.ports.VoiceDetector` that takes whatever is loud for speech."""

    def spans(self, sound: Sound) -> list[Span]:
        """Give the loud stretches."""
        rows = np.pad(sound, (0, -len(sound) % _FRAME)).reshape(-1, _FRAME)
        loud = np.flatnonzero(np.mean(rows**2, axis=1) > _LOUD)
        if not len(loud):
            return []
        breaks = np.flatnonzero(np.diff(loud) * _FRAME / RATE > _PAUSE / 2)
        starts, ends = loud[[0, *(breaks + 1)]], loud[[*breaks, len(loud) - 1]] + 1
        length = len(sound) / RATE
        return [(float(a) * _FRAME / RATE, min(length, float(b) * _FRAME / RATE)) for a, b in zip(starts, ends, strict=True)]


class PitchSpeech:
    """A `strongroom.ports.SpeechModel` that writes down the pitch of each stretch, to ten hertz: ``440``."""

    def __init__(self, languages: Mapping[str, str] | None = None) -> None:
        """Take the languages of some words; all others are English.

        Args:
            languages: Words to ISO 639-1 codes.
        """
        self._languages = languages or {}
        self.heard: list[float] = []
        """Seconds of each sound that it was given."""

    def transcribe(self, sound: Sound, spans: Sequence[Span]) -> list[Utterance]:
        """Give one word a stretch."""
        self.heard.append(len(sound) / RATE)
        return [self._said(sound[round(a * RATE) : round(b * RATE)], a, b) for a, b in spans]

    def _said(self, sound: Sound, start: float, end: float) -> Utterance:
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 16))
        text = str(round(float(np.argmax(spectrum)) * RATE / (1 << 16) / _STEP) * _STEP)
        word = Word(text=text, t_start=start, t_end=end)
        return Utterance(text=text, t_start=start, t_end=end, language=self._languages.get(text, "en"), words=(word,))


class Ears:
    """Tools that only hear; a `strongroom.ports.Tools` as far as recordings need one."""

    def __init__(self, speech: PitchSpeech | None = None, *, transcribes: bool = True) -> None:
        """Take a speech model, or make one.

        Args:
            speech: The model.
            transcribes: False for a room whose settings want none.
        """
        self.voices = LoudVoices()
        """The detector of speech."""
        self.speech = (speech or PitchSpeech()) if transcribes else None
        """The writer of what is said."""
