"""The waveform of a recording, and its levels."""

import io

import numpy as np
import pytest
from PIL import Image

from strongroom.analyzers.media.waveform import COLUMNS, FRAME, HEIGHT, WIDTH, Shape, SoundAnalyzer, draw
from strongroom.domain.findings import Finding, Problem, Property, Rendition
from strongroom.ports import RATE
from strongroom.testing.hearing import Ears
from strongroom.testing.recordings import chart, silence, ten_streams, tone, video, wav
from strongroom.testing.source import BytesSource


def analyzed(raw: bytes) -> list[Finding]:
    return list(SoundAnalyzer().analyze(BytesSource(raw), Ears()))  # type: ignore[arg-type]


def facts(found: list[Finding]) -> dict[str, object]:
    return {one.name: one.value for one in found if isinstance(one, Property)}


def picture(found: list[Finding]) -> Image.Image:
    (rendition,) = (one for one in found if isinstance(one, Rendition))
    assert (rendition.role, rendition.media_type) == ("waveform", "image/png")
    return Image.open(io.BytesIO(rendition.data))


def test_a_recording_has_a_waveform_a_loudness_and_a_share_of_silence() -> None:
    found = analyzed(wav(np.concatenate([tone(6), silence(2)])))
    assert facts(found) == {"loudness": pytest.approx(-9.0, abs=0.1), "silence-share": pytest.approx(0.25, abs=0.01)}
    image = picture(found)
    assert image.size == (WIDTH, HEIGHT)
    alpha = np.asarray(image)[..., 3]
    assert (alpha[:, : WIDTH // 2 : 4] > 0).mean() > 0.95
    assert (alpha[:, WIDTH * 4 // 5 :] > 0).mean() < 0.05


def test_silence_has_no_loudness_and_a_thin_line() -> None:
    found = analyzed(wav(silence(3)))
    assert facts(found) == {"silence-share": 1.0}
    assert (np.asarray(picture(found))[..., 3] > 0).mean() < 0.05


def test_sound_tracks_that_are_not_drawn_are_named() -> None:
    assert facts(analyzed(ten_streams()))["other-sound-tracks"] == ("2 (ger)", "3 (fre)", "4 (spa)", "5 (ita)", "6 (jpn)")


def test_a_film_without_sound_has_none_of_it() -> None:
    assert analyzed(video([chart()] * 10)) == []


def test_an_empty_sound_track_is_told() -> None:
    assert analyzed(wav(silence(0))) == [Problem(reason="its sound track is empty")]


def test_a_long_recording_is_held_in_as_many_columns_as_a_short_one() -> None:
    shape = Shape()
    for block in range(0, 3600, 10):
        shape.take(block, tone(10) * (block >= 1800))
    peaks, means = shape.columns()
    assert COLUMNS // 2 <= len(peaks) == len(means) <= COLUMNS
    half = len(peaks) // 2
    assert peaks[: half - 1].max() == 0
    assert peaks[half + 1 : -1].min() == pytest.approx(0.5, abs=0.01)
    assert means[half + 1 : -1].min() == pytest.approx(0.5 / np.sqrt(2), abs=0.01)
    assert shape.levels().silence == pytest.approx(0.5, abs=0.001)


def test_time_that_is_jumped_over_is_silent() -> None:
    shape = Shape()
    shape.take(0.0, tone(1))
    shape.take(9.0, tone(1))
    assert shape.levels().silence == pytest.approx(0.8, abs=0.01)
    assert len(shape.columns()[0]) == 10 * RATE // FRAME


@pytest.mark.parametrize("columns", [1, 7, 300, 301, 4096])
def test_any_number_of_columns_can_be_drawn(columns: int) -> None:
    level = np.full(columns, 0.5, np.float32)
    image = Image.open(io.BytesIO(draw(level, level / 2)))
    assert (np.asarray(image)[:, ::4, 3] > 0).all()
