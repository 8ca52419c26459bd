"""Speech to text with Whisper: windows of speech in batches, the language of each, words with their times."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens, merge_punctuations

from strongroom.domain.transcript import Utterance
from strongroom.errors import ModelCorrupt, SettingError
from strongroom.models.sounds import Window, halves, pack
from strongroom.models.utterances import Heard, Timed, utterances
from strongroom.ports.tools import Sound, Span

BATCH = 8
"""Windows decoded together."""
BEAM = 1
"""Hypotheses followed."""
CLEAR = 0.7
"""Probability from which a window's language counts for itself."""
SHORT, BRIEF = 8.0, 2.0
"""Seconds below which a window is not cut any more, and below which its language is not trusted."""
SPARE, A_SECOND = 32, 30
"""Tokens that a window may take, and more a second: no script needs more, and a loop over nothing ends earlier."""
CUTS = 2
"""How often a window may be cut in two to find where the language changes."""
_NEEDED = ("model.bin", "config.json", "tokenizer.json")
_PUNCTUATION = ("\"'“¿([{-", "\"'.。,，!！?？:：”)]}、")  # noqa: RUF001 - as in faster-whisper: belongs to the next word, to the last
ISO = {"jw": "jv"}
"""Whisper's codes that are not those of ISO 639-1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Batch:
    windows: Sequence[Window]
    encoded: Any
    languages: Sequence[str]


class Whisper:
    """A Whisper model in CTranslate2's form (`strongroom.ports.SpeechModel`).

    It does what faster-whisper's batched pipeline does, with three differences: the language is heard in every window, from the
    encoder's output that the decoder uses next; a window is made of stretches of speech, so that silence costs nothing; and
    what the model does not itself believe is dropped.
    """

    def __init__(self, directory: Path, *, threads: int = 1, language: str = "", beam: int = BEAM, batch: int = BATCH) -> None:
        """Load the model.

        Args:
            directory: Holds ``model.bin``, ``config.json``, ``tokenizer.json`` and a vocabulary.
            threads: Processor threads.
            language: ISO 639-1 code of all recordings; empty hears it.
            beam: Hypotheses followed.
            batch: Windows decoded together.

        Raises:
            ModelCorrupt: The files are no such model.
            SettingError: The model does not know the language.
        """
        missing = [name for name in _NEEDED if not (directory / name).is_file()]
        if missing:
            raise ModelCorrupt(f"{directory} is no CTranslate2 Whisper model: it lacks {', '.join(missing)}")
        try:
            self._whisper = WhisperModel(
                str(directory), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
            )
        except (RuntimeError, ValueError) as error:
            raise ModelCorrupt(f"{directory} cannot be loaded as a CTranslate2 Whisper model: {error}") from error
        codes = {ISO.get(code, code): code for code in self._whisper.supported_languages}
        if language and language not in codes:
            known = ", ".join(sorted(codes))
            raise SettingError(f"speech_language is {language!r}: with this model it can be empty or one of {known}")
        self._language = codes.get(language, "" if self._whisper.model.is_multilingual else "en")
        self._beam, self._batch = beam, batch
        self._lock = threading.Lock()

    def transcribe(self, sound: Sound, spans: Sequence[Span]) -> list[Utterance]:
        """Write down what is said; see `strongroom.ports.SpeechModel`."""
        with self._lock:
            heard = self._hear(sound, list(pack(sound, spans)))
            return [said for one in heard for said in utterances(replace(one, language=ISO.get(one.language, one.language)))]

    def _hear(self, sound: Sound, windows: Sequence[Window]) -> Iterator[Heard]:
        for start in range(0, len(windows), self._batch):
            yield from self._hear_batch(sound, windows[start : start + self._batch])

    def _hear_batch(self, sound: Sound, windows: Sequence[Window]) -> Iterator[Heard]:
        batch = self._settled(sound, windows)
        for window, heard in zip(batch.windows, self._decode(batch), strict=True):
            if heard.complete(window.pieces[-1][1]) or window.seconds < SHORT:
                yield heard
                continue
            parts = halves(sound, window)
            languages = [heard.language] * len(parts)
            yield from self._decode(_Batch(windows=parts, encoded=self._encode(sound, parts), languages=languages))

    def _encode(self, sound: Sound, windows: Sequence[Window]) -> Any:
        sounds = (window.take(sound) for window in windows)
        return self._whisper.encode(np.stack([pad_or_trim(self._whisper.feature_extractor(one)[..., :-1]) for one in sounds]))

    def _settled(self, sound: Sound, windows: Sequence[Window]) -> _Batch:
        """Encode windows and hear their languages; one in which the language may change is cut in two, and those again."""
        for _ in range(CUTS):
            encoded = self._encode(sound, windows)
            if self._language:
                return _Batch(windows=windows, encoded=encoded, languages=[self._language] * len(windows))
            guesses = self._guesses(encoded)
            mixed = _mixed(windows, guesses)
            if not mixed:
                break
            parts = [halves(sound, window) if index in mixed else (window,) for index, window in enumerate(windows)]
            windows = [window for cut in parts for window in cut]
        else:
            encoded = self._encode(sound, windows)
            guesses = self._guesses(encoded)
        return _Batch(windows=windows, encoded=encoded, languages=_smooth(windows, guesses))

    def _guesses(self, encoded: Any) -> list[tuple[str, float]]:
        return [(found[0][0].strip("<|>"), found[0][1]) for found in self._whisper.model.detect_language(encoded)]

    def _decode(self, batch: _Batch) -> list[Heard]:
        found: dict[int, Heard] = {}
        for language in dict.fromkeys(batch.languages):
            chosen = [index for index, one in enumerate(batch.languages) if one == language]
            part = batch.encoded if len(chosen) == len(batch.languages) else _rows(batch.encoded, chosen)
            heard = self._write(part, [batch.windows[index] for index in chosen], language)
            found.update(zip(chosen, heard, strict=True))
        return [found[index] for index in sorted(found)]

    def _write(self, encoded: Any, windows: Sequence[Window], language: str) -> list[Heard]:
        whisper = self._whisper
        tokenizer = Tokenizer(whisper.hf_tokenizer, whisper.model.is_multilingual, task="transcribe", language=language)
        results = whisper.model.generate(
            encoded,
            [whisper.get_prompt(tokenizer, [], without_timestamps=True)] * len(windows),
            beam_size=self._beam,
            max_length=min(whisper.max_length, SPARE + int(A_SECOND * max(window.seconds for window in windows))),
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            return_scores=True,
            return_no_speech_prob=True,
            sampling_temperature=0.0,
        )
        tokens = [[token for token in result.sequences_ids[0] if token < tokenizer.eot] for result in results]
        frames = [int(np.ceil(window.seconds) * whisper.frames_per_second) for window in windows]
        heard = []
        alignments = whisper.find_alignment(tokenizer, tokens, encoded, frames)
        for window, result, alignment, text in zip(windows, results, alignments, tokens, strict=True):
            merge_punctuations(alignment, *_PUNCTUATION)
            length = len(result.sequences_ids[0])
            heard.append(
                Heard(
                    words=tuple(_timed(window, word) for word in alignment if word["word"].strip()),
                    text=tokenizer.decode(text),
                    language=language,
                    log_probability=result.scores[0] * length / (length + 1),
                    no_speech=result.no_speech_prob,
                )
            )
        return heard


def _mixed(windows: Sequence[Window], guesses: Sequence[tuple[str, float]]) -> set[int]:
    """Give the windows in which the language may change: unsure ones, and both sides of a change."""
    unsure = {index for index, (_, probability) in enumerate(guesses) if probability < CLEAR}
    turns = [i for i in range(1, len(guesses)) if guesses[i][0] != guesses[i - 1][0] and not {i, i - 1} & unsure]
    found = unsure | set(turns) | {index - 1 for index in turns}
    return {index for index in found if windows[index].seconds >= SHORT}


def _smooth(windows: Sequence[Window], guesses: Sequence[tuple[str, float]]) -> list[str]:
    """Give each window its language: its own where that is clear, else that of most of the speech around it."""
    votes: dict[str, float] = {}
    for window, (language, probability) in zip(windows, guesses, strict=True):
        votes[language] = votes.get(language, 0.0) + window.seconds * probability
    usual = max(votes, key=lambda language: votes[language])
    return [
        language if probability >= CLEAR and window.seconds >= BRIEF else usual
        for window, (language, probability) in zip(windows, guesses, strict=True)
    ]


def _rows(encoded: Any, chosen: Sequence[int]) -> Any:
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(np.asarray(encoded)[list(chosen)]))


def _timed(window: Window, word: dict[str, Any]) -> Timed:
    start = window.when(float(word["start"]))
    return Timed(
        text=word["word"],
        t_start=start,
        t_end=max(start, window.when(float(word["end"]), end=True)),
        probability=float(word["probability"]),
    )
