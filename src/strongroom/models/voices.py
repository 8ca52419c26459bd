"""Where somebody speaks: the voice activity detector Silero, run in blocks of constant memory."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strongroom.models.sounds import gain
from strongroom.models.store import ModelStore
from strongroom.models.zoo import SILERO
from strongroom.ports.tools import RATE, Sound, Span

WINDOW = 512
"""Samples of which the model gives one probability."""
BLOCK = 2048
"""Windows looked at in one call: about a minute."""
SPEECH, SILENCE = 0.3, 0.15
"""Probability at which speech begins, and below which it may end."""
SHORTEST, PAUSE, PADDING = 0.2, 0.4, 0.3
"""Seconds: speech that counts, silence that ends it, and what is added at both ends, where consonants are faint."""
SURE = 0.7
"""Probability that a stretch of speech reaches somewhere; music and noise seldom do."""
NOTHING = 1e-4
"""Amplitude below which a block is silent whatever the model says: three steps of 16 bits."""
_CONTEXT = 64


class SileroVoices:
    """Silero VAD (`strongroom.ports.VoiceDetector`), as faster-whisper carries it: many windows a call, state handed on."""

    def __init__(self, file: Path) -> None:
        """Load the model, some 20 ms.

        Args:
            file: ``silero_vad_v6.onnx``.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self._lock = threading.Lock()

    def spans(self, sound: Sound) -> list[Span]:
        """Give the stretches with speech; see `strongroom.ports.VoiceDetector`."""
        with self._lock:
            probabilities = np.concatenate([np.empty(0, np.float32), *self._probabilities(sound)])
        length = len(sound) / RATE
        return _padded([span for span in _stretches(probabilities) if _is_speech(probabilities, span)], length)

    def _probabilities(self, sound: Sound) -> Iterator[NDArray[np.float32]]:
        state = _fresh()
        context = np.zeros(_CONTEXT, np.float32)
        for start in range(0, len(sound), BLOCK * WINDOW):
            block = np.asarray(sound[start : start + BLOCK * WINDOW], np.float32)
            if max(block.max(), -block.min()) < NOTHING:
                state, context = _fresh(), np.zeros(_CONTEXT, np.float32)
                yield np.zeros(-(-len(block) // WINDOW), np.float32)
                continue
            block = block * np.float32(gain(block))
            rows = np.pad(block, (0, -len(block) % WINDOW)).reshape(-1, WINDOW)
            before = np.vstack([context, rows[:-1, -_CONTEXT:]])
            out, *hidden = self._session.run(None, {"input": np.hstack([before, rows]), **state})
            state = dict(zip(("h", "c"), hidden, strict=True))
            context = rows[-1, -_CONTEXT:]
            yield np.asarray(out, np.float32).reshape(-1)


def _fresh() -> dict[str, Any]:
    return {name: np.zeros((1, 1, 128), np.float32) for name in ("h", "c")}


def _stretches(probabilities: NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    """Give the windows where speech begins and ends, with hysteresis."""
    pause = round(PAUSE * RATE / WINDOW)
    begin = end = -1
    for index in np.flatnonzero(probabilities >= SILENCE):
        if begin >= 0 and index - end >= pause:
            yield begin, end
            begin = -1
        if begin < 0 and probabilities[index] < SPEECH:
            continue
        begin, end = (int(index) if begin < 0 else begin), int(index) + 1
    if begin >= 0:
        yield begin, end


def _is_speech(probabilities: NDArray[np.float32], span: tuple[int, int]) -> bool:
    begin, end = span
    return (end - begin) * WINDOW >= SHORTEST * RATE and float(probabilities[begin:end].max()) >= SURE


def _padded(spans: list[tuple[int, int]], length: float) -> list[Span]:
    """Turn windows into seconds and add the padding; between two stretches they share the pause."""
    seconds = [(begin * WINDOW / RATE, end * WINDOW / RATE) for begin, end in spans]
    found: list[Span] = []
    for index, (begin, end) in enumerate(seconds):
        before = seconds[index - 1][1] if index else -PADDING
        after = seconds[index + 1][0] if index + 1 < len(seconds) else length + PADDING
        start = max(0.0, begin - PADDING, (before + begin) / 2)
        found.append((start, min(length, end + PADDING, (end + after) / 2)))
    return found


def load_voices(store: ModelStore) -> SileroVoices:
    """Load the detector.

    Raises:
        ModelMissing: It is not here.
    """
    return SileroVoices(store.path(SILERO, SILERO.files[0].name))
