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
from strongroom.models.spoken import SLICE, parts, smooth, starts
from strongroom.models.utterances import Heard, Timed, utterances
from strongroom.ports.tools import Sound, Span

BATCH = 8
"""Windows decoded together."""
BEAM = 1
"""Hypotheses followed."""
SHORT = 8.0
"""Seconds below which a window is not cut any more."""
SPARE, A_SECOND = 32, 30
"""Tokens that a window may take, and more a second: no script needs more, and a loop over nothing ends earlier."""
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

    It does what faster-whisper's batched pipeline does, with three differences: the language is heard all along, in the
    encoder's output that the decoder uses next, and windows are cut where it changes; a window is made of stretches of speech,
    so that silence costs nothing; and what the model does not itself believe is dropped.
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
        for batch in self._settled(sound, windows):
            for window, heard in zip(batch.windows, self._decode(batch), strict=True):
                if heard.complete(window.pieces[-1][1]) or window.seconds < SHORT:
                    yield heard
                    continue
                both = halves(sound, window)
                languages = [heard.language] * len(both)
                yield from self._decode(_Batch(windows=both, encoded=self._encode(sound, both), languages=languages))

    def _encode(self, sound: Sound, windows: Sequence[Window]) -> Any:
        sounds = (window.take(sound) for window in windows)
        return self._whisper.encode(np.stack([pad_or_trim(self._whisper.feature_extractor(one)[..., :-1]) for one in sounds]))

    def _settled(self, sound: Sound, windows: Sequence[Window]) -> Iterator[_Batch]:
        """Encode windows and hear their languages; those in which it changes are cut there, and encoded again."""
        encoded = self._encode(sound, windows)
        if self._language:
            yield _Batch(windows=windows, encoded=encoded, languages=[self._language] * len(windows))
            return
        spoken = self._spoken(windows, encoded)
        if all(len(set(languages)) == 1 for languages in spoken):
            yield _Batch(windows=windows, encoded=encoded, languages=[languages[0] for languages in spoken])
            return
        cut = list(parts(sound, windows, spoken))
        for start in range(0, len(cut), self._batch):
            windows = [window for window, _ in cut[start : start + self._batch]]
            languages = [language for _, language in cut[start : start + self._batch]]
            yield _Batch(windows=windows, encoded=self._encode(sound, windows), languages=languages)

    def _spoken(self, windows: Sequence[Window], encoded: Any) -> list[list[str]]:
        """Give the languages of the slices of each window.

        They are heard in slices of the encoder's output: to encode each anew would cost more than all the rest.
        """
        places = [(index, start) for index, window in enumerate(windows) for start in starts(window.seconds)]
        rate = self._whisper.frames_per_second // 2
        length = round(SLICE * rate)
        rows = np.asarray(encoded)
        firsts = [(index, min(round(start * rate), rows.shape[1] - length)) for index, start in places]
        slices = np.stack([rows[index, first : first + length] for index, first in firsts])
        heard = self._whisper.model.detect_language(ctranslate2.StorageView.from_array(slices))
        course = smooth([{token.strip("<|>"): probability for token, probability in one} for one in heard])
        return [
            [language for language, (at, _) in zip(course, places, strict=True) if at == index] for index in range(len(windows))
        ]

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
