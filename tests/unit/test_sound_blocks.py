"""The sound of recordings in any format, from any place on, whatever is wrong with them; the pitch tells which second it is."""

import struct

import numpy as np
import pytest

from strongroom.analyzers.media.opening import opened
from strongroom.analyzers.media.sound import Losses, blocks, missing_end, other_tracks, sound_stream
from strongroom.ports import RATE, Sound
from strongroom.testing.hearing import LoudVoices, PitchSpeech, spoken
from strongroom.testing.recordings import audio, chart, noise, ten_streams, truncated, video, wav, zeroed
from strongroom.testing.source import BytesSource

SECONDS = 30
PITCHES = [300 + 20 * second for second in range(SECONDS)]


def read(raw: bytes, start: float = 0.0) -> tuple[list[tuple[float, Sound]], list[str]]:
    losses = Losses()
    with opened(BytesSource(raw)) as container:
        found = list(blocks(container, start, losses))
        end = found[-1][0] + len(found[-1][1]) / RATE if found else start
        missing = missing_end(container, end)
    return found, [one.reason for one in (*losses.problems(), *([missing] if missing else []))]


def pitches(found: list[tuple[float, Sound]]) -> list[tuple[int, int]]:
    """Give the words that are heard, each with the whole second in which it begins."""
    start = found[0][0]
    sound = np.concatenate([block for _, block in found])
    said = PitchSpeech().transcribe(sound, [span for span in LoudVoices().spans(sound) if span[1] - span[0] > 0.4])
    return [(round(start + one.t_start), int(one.text)) for one in said]


@pytest.mark.parametrize(
    ("form", "codec", "rate", "layout"),
    [
        ("wav", "pcm_s16le", 44_100, "stereo"),
        ("wav", "pcm_u8", 11_025, "mono"),
        ("wav", "pcm_f32le", 192_000, "7.1"),
        ("wav", "pcm_mulaw", 8_000, "mono"),
        ("aiff", "pcm_s24be", 48_000, "5.1"),
        ("mp3", "libmp3lame", 44_100, "stereo"),
        ("adts", "aac", 44_100, "stereo"),
        ("mp4", "aac", 48_000, "stereo"),
        ("ogg", "libopus", 48_000, "mono"),
        ("matroska", "libopus", 48_000, "stereo"),
        ("flac", "flac", 96_000, "stereo"),
        ("mpegts", "aac", 44_100, "stereo"),
        ("caf", "alac", 44_100, "stereo"),
    ],
)
def test_every_format_gives_the_same_words_at_the_same_times(form: str, codec: str, rate: int, layout: str) -> None:
    mono = spoken(PITCHES, rate=rate)
    raw = (
        audio(mono, form=form, codec=codec, rate=rate, layout="mono")
        if layout == "mono"
        else many(mono, form, codec, rate, layout)
    )
    found, problems = read(raw)
    assert problems == []
    assert [len(block) for _, block in found[:-1]] == [10 * RATE] * (len(found) - 1)
    assert [at for at, _ in found] == [10.0 * n for n in range(len(found))]
    assert all(block.dtype == np.float32 and np.abs(block).max() <= 1 for _, block in found)
    assert pitches(found) == list(enumerate(PITCHES))
    for start in (3.0, 17.0):
        again, _ = read(raw, start)
        assert again[0][0] == start
        assert pitches(again) == list(enumerate(PITCHES))[int(start) :]


def many(mono: Sound, form: str, codec: str, rate: int, layout: str) -> bytes:
    """Give a recording with the same in each channel."""
    import io
    from fractions import Fraction

    import av

    out = io.BytesIO()
    with av.open(out, "w", form) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = layout
        count = stream.layout.nb_channels
        for start in range(0, len(mono), 4096):
            packed = np.repeat(mono[start : start + 4096, None], count, axis=1).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(packed), "flt", layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("start", [1.5, 12.345, 29.9995])
def test_a_place_gives_the_same_samples_from_wherever_it_is_read(rate: int, start: float) -> None:
    raw = wav(noise(35, rate), rate)
    whole = np.concatenate([block for _, block in read(raw)[0]])
    part = np.concatenate([block for _, block in read(raw, start)[0]])
    np.testing.assert_array_equal(part, whole[round(start * RATE) :])


def test_a_wav_file_with_a_wrong_length_is_read_to_its_end_or_says_what_is_missing() -> None:
    raw = wav(spoken(PITCHES))
    for length in (0, 0xFFFFFFFF):
        found, problems = read(raw[:40] + struct.pack("<I", length) + raw[44:])
        assert pitches(found) == list(enumerate(PITCHES))
        assert problems == []
    found, problems = read(raw[:40] + struct.pack("<I", 10 * 2 * RATE) + raw[44:])
    assert pitches(found) == list(enumerate(PITCHES[:10]))
    assert problems == ["its header says that it ends at 0:00:10; it may go on to 0:00:30"]


def test_a_truncated_file_gives_what_is_left_and_says_where_it_breaks_off() -> None:
    found, problems = read(truncated(audio(spoken(PITCHES, rate=48_000), form="matroska", codec="libopus", rate=48_000)))
    assert pitches(found)[:10] == list(enumerate(PITCHES[:10]))
    assert len(pitches(found)) < 25
    assert problems[-1].endswith("its header says that it goes on to 0:00:30")


def test_damaged_packets_are_silence_and_what_follows_keeps_its_time() -> None:
    raw = zeroed(audio(spoken(PITCHES, rate=48_000), form="mp4", codec="aac", rate=48_000), 0.4, 0.6)
    found, problems = read(raw)
    heard = pitches(found)
    assert heard[:10] == list(enumerate(PITCHES))[:10]
    assert heard[-10:] == list(enumerate(PITCHES))[-10:]
    assert "damaged and missing, between 0:00:1" in problems[0]


def test_a_gap_is_filled_with_silence_and_told() -> None:
    raw = zeroed(audio(spoken(PITCHES, rate=48_000), form="matroska", codec="libopus", rate=48_000), 0.4, 0.6)
    found, problems = read(raw)
    assert pitches(found)[-8:] == list(enumerate(PITCHES))[-8:]
    assert "read as silence" in problems[0]


@pytest.mark.parametrize(("form", "codec"), [("ogg", "libopus"), ("mpegts", "aac")])
def test_a_clock_that_is_set_back_goes_on(form: str, codec: str) -> None:
    once = audio(spoken(PITCHES, rate=48_000), form=form, codec=codec, rate=48_000)
    found, _ = read(once + once)
    assert [pitch for _, pitch in pitches(found)] == PITCHES * 2
    later, _ = read(once + once, 2.0 * SECONDS - 20)
    assert later[0][0] == 2.0 * SECONDS - 20
    assert [pitch for _, pitch in pitches(later)][-19:] == PITCHES[-19:]


def test_beyond_the_end_there_is_nothing() -> None:
    assert read(wav(noise(5)), 9.0)[0] == []
    assert read(wav(noise(0)))[0] == []


def test_values_that_are_no_numbers_are_silence() -> None:
    raw = bytearray(audio(noise(2), form="wav", codec="pcm_f32le"))
    raw[-4000:-2000] = struct.pack("<500f", *[float("nan"), float("inf")] * 250)
    (_, sound), *_ = read(bytes(raw))[0]
    assert np.isfinite(sound).all()


def test_of_ten_streams_the_first_sound_is_read_and_the_others_are_named() -> None:
    with opened(BytesSource(ten_streams())) as container:
        assert sound_stream(container) is not None
        assert other_tracks(container) == ("2 (ger)", "3 (fre)", "4 (spa)", "5 (ita)", "6 (jpn)")
        assert sum(len(block) for _, block in blocks(container)) == pytest.approx(2 * RATE, abs=RATE // 10)


def test_a_film_without_sound_gives_nothing() -> None:
    with opened(BytesSource(video([chart()] * 10))) as container:
        assert sound_stream(container) is None
        assert list(blocks(container)) == []
