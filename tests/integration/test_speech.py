"""The speech model writes down what is said and when, and nothing where nobody speaks."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from strongroom.domain.settings import Settings
from strongroom.errors import ModelCorrupt, ModelMissing, SettingError
from strongroom.flows.models import missing_models
from strongroom.flows.parts import open_parts
from strongroom.models.cards import Installed
from strongroom.models.speech import load_speech
from strongroom.models.store import ModelStore
from strongroom.models.toolbox import Toolbox
from strongroom.models.voices import BLOCK, WINDOW
from strongroom.ports.tools import RATE, Sound, Span

READING = Installed(package="moonshine_voice", path="assets/two_cities.wav")


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    return Toolbox(Settings())


@pytest.fixture(scope="module")
def reading() -> Sound:
    from faster_whisper.audio import decode_audio

    place = READING.locate()
    assert place is not None
    return np.asarray(decode_audio(str(place), sampling_rate=RATE), np.float32)


def noises(seconds: int = 20) -> dict[str, Sound]:
    count = seconds * RATE
    time = np.arange(count) / RATE
    white = np.random.default_rng(1).standard_normal(count)
    spectrum = np.fft.rfft(white) / np.sqrt(np.maximum(np.arange(count // 2 + 1), 1))
    pink = np.fft.irfft(spectrum, count)
    beats = np.exp(-20 * (time % 0.5))
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (261.6, 329.6, 392.0))
    sounds = {
        "silence": np.zeros(count),
        "white noise": white * 0.1,
        "loud white noise": np.clip(white * 0.5, -1, 1),
        "noise clipped to two values": np.sign(white) * 0.9,
        "pink noise": pink / np.abs(pink).max() * 0.5,
        "faint noise": white * 0.0005,
        "hum": 0.3 * sum(np.sin(2 * np.pi * 50 * n * time) / n for n in range(1, 8)),
        "a chord": 0.2 * chord,
        "an organ with drums": 0.15 * chord * (1 + 0.3 * np.sin(2 * np.pi * 5 * time)) + 0.3 * white * beats,
    }
    return {name: sound.astype(np.float32) for name, sound in sounds.items()}


def test_the_words_of_a_reading_are_found_where_they_are_said(tools: Toolbox, reading: Sound):
    assert tools.speech is not None
    found = tools.speech.transcribe(reading, tools.voices.spans(reading))
    assert found[0].text.lower().startswith("it was the best of times")
    assert "superlative degree of comparison" in " ".join(one.text for one in found)
    assert {one.language for one in found} == {"en"}
    words = [word for one in found for word in one.words]
    assert all(a.t_start <= b.t_start for a, b in pairwise(words))
    assert all(0 <= word.t_start <= word.t_end <= len(reading) / RATE for word in words)
    (despair,) = [word for word in words if word.text.lower().startswith("despair")]
    assert 19 < despair.t_start < 20.5


def test_quiet_speech_after_a_long_silence_is_found_in_its_place(tools: Toolbox, reading: Sound):
    quiet = np.concatenate([np.zeros(90 * RATE, np.float32), reading[: 9 * RATE] * np.float32(0.02)])
    spans = tools.voices.spans(quiet)
    assert spans[0][0] > 89
    assert tools.speech is not None
    found = tools.speech.transcribe(quiet, spans)
    assert "age of wisdom" in " ".join(one.text for one in found).lower()
    assert 90 <= found[0].t_start < 92.5


@pytest.mark.parametrize("name", noises(1))
def test_nobody_speaks_in_silence_noise_and_music(tools: Toolbox, name: str):
    assert tools.voices.spans(noises()[name]) == []


@pytest.mark.parametrize("name", ["silence", "pink noise", "hum", "a chord"])
def test_nothing_is_invented_even_where_speech_was_expected(tools: Toolbox, name: str):
    assert tools.speech is not None
    assert tools.speech.transcribe(noises(4)[name], [(0.0, 4.0)]) == []


def test_long_sounds_are_looked_at_in_blocks_without_a_seam(tools: Toolbox, reading: Sound):
    padding = np.zeros(BLOCK * WINDOW - 10 * RATE, np.float32)
    moved = spoken(tools.voices.spans(np.concatenate([padding, reading])), len(padding) / RATE)
    assert np.mean(moved == spoken(tools.voices.spans(reading), 0.0)) > 0.95


def spoken(spans: list[Span], shift: float) -> np.ndarray:
    tenths = np.arange(450) / 10 + shift
    return np.array([any(start <= tenth < end for start, end in spans) for tenth in tenths])


def test_no_sound_gives_nothing(tools: Toolbox):
    assert tools.voices.spans(np.zeros(0, np.float32)) == []
    assert tools.speech is not None
    assert tools.speech.transcribe(np.zeros(0, np.float32), []) == []


def test_a_room_may_want_no_speech_model():
    assert Toolbox(Settings(speech_model="none")).speech is None


def test_a_directory_with_a_model_is_taken(reading: Sound):
    place = ModelStore().directory / "whisper-base-int8"
    model = load_speech(Settings(speech_model=str(place), speech_language="en"), ModelStore(), 1)
    assert model is not None
    assert "best of times" in " ".join(one.text for one in model.transcribe(reading, [(0.5, 4.5)])).lower()


def test_a_directory_without_a_model_is_refused(tmp_path: Path):
    with pytest.raises(ModelCorrupt, match="it lacks model"):
        load_speech(Settings(speech_model=str(tmp_path)), ModelStore(), 1)


def test_a_model_that_was_not_pulled_is_missed_by_name(tmp_path: Path):
    settings = Settings(models_dir=str(tmp_path), speech_model="whisper-small")
    assert "whisper-small" in missing_models(settings)
    assert "whisper-base-int8" not in missing_models(settings)
    assert "whisper-base-int8" in missing_models(Settings(models_dir=str(tmp_path)))
    with pytest.raises(ModelMissing, match="models pull whisper-small"):
        load_speech(settings, ModelStore.of(settings), 1)


def test_a_language_and_a_model_that_are_not_known_are_refused():
    with pytest.raises(SettingError, match="speech_language"):
        load_speech(Settings(speech_language="tlh"), ModelStore(), 1)
    with pytest.raises(SettingError, match="whisper-base-int8"):
        load_speech(Settings(speech_model="minilm-l6-int8"), ModelStore(), 1)


def test_a_room_with_an_unknown_speech_model_is_refused_when_it_opens(tmp_path: Path):
    with pytest.raises(SettingError, match="whisper-base-int8"):
        open_parts(tmp_path, Settings(speech_model="whisper-enormous"))
    assert list(tmp_path.iterdir()) == []
