"""Pieces of recordings: each is opened and decoded as a player would."""

import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from strongroom.analyzers.media.opening import opened
from strongroom.errors import StrongroomError, Unreadable, Unsupported, UsageError
from strongroom.flows.cutting import cut, format_of
from strongroom.flows.cutting.cut import Cut
from strongroom.testing import recordings
from strongroom.testing.recordings import audio, chart, tone, video, wav
from strongroom.testing.source import BytesSource

SECONDS = 10
FPS = 25
RATE = 48_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """What a player gets out of a file."""

    form: str
    codecs: dict[str, str]
    picture: list[float]
    first: "np.ndarray | None"
    rotation: int
    sound: np.ndarray
    sound_start: float | None
    damaged: int


def play(data: bytes | Path) -> Played:
    source = io.BytesIO(data) if isinstance(data, bytes) else str(data)
    shown, first, rotation, heard, start, damaged = [], None, 0, [], None, 0
    with av.open(source) as file:
        codecs = {one.type: one.codec_context.name for one in file.streams}
        for packet in file.demux():
            try:
                frames = packet.decode()
            except av.FFmpegError:
                damaged += 1
                continue
            for frame in frames:
                at = float(frame.pts * packet.stream.time_base)
                if packet.stream.type == "video":
                    first = frame.to_ndarray(format="rgb24") if first is None else first
                    rotation = frame.rotation
                    shown.append(at)
                else:
                    start = at if start is None else start
                    planes = frame.to_ndarray()
                    heard.append((planes / 32768 if planes.dtype == np.int16 else planes)[0])
        form = file.format.name
    sound = np.concatenate(heard) if heard else np.zeros(0)
    return Played(
        form=form, codecs=codecs, picture=shown, first=first, rotation=rotation, sound=sound, sound_start=start, damaged=damaged
    )


def piece(data: bytes, file: Path, start: float, end: float, *, exact: bool = False) -> tuple[Cut, Played]:
    with av.open(io.BytesIO(data)) as container:
        done = cut(container, file, format_of(file), start=start, end=end, exact=exact)
    return done, play(file)


def numbered(fps: int = FPS, seconds: int = SECONDS) -> list[np.ndarray]:
    """Give frames of which each second has a brightness of its own."""
    return [np.full((96, 128, 3), 20 * (number // fps), np.uint8) for number in range(fps * seconds)]


def second_of(picture: "np.ndarray | None") -> int:
    assert picture is not None
    return round(float(picture.mean()) / 20)


def film(form: str = "mp4", **options: object) -> bytes:
    chosen: dict[str, object] = {"keys": 2 * FPS, "sound": tone(SECONDS, rate=RATE)} | options
    return video(numbered(), form=form, fps=FPS, **chosen)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("form", "codec", "sound_codec", "ending"),
    [
        ("mp4", "libx264", "aac", "mp4"),
        ("mp4", "libx264", "aac", "mkv"),
        ("mp4", "libx264", "aac", "mov"),
        ("mp4", "libx264", "aac", "ts"),
        ("mp4", "libx265", "aac", "mp4"),
        ("mov", "libx264", "aac", "mp4"),
        ("mov", "mpeg4", "pcm_s16le", "mov"),
        ("matroska", "libx264", "aac", "mp4"),
        ("matroska", "libx264", "libopus", "mkv"),
        ("webm", "libvpx-vp9", "libopus", "webm"),
        ("mpegts", "libx264", "aac", "mp4"),
        ("avi", "mpeg4", "libmp3lame", "mkv"),
        ("flv", "libx264", "aac", "mp4"),
    ],
)
def test_a_piece_is_copied_from_the_keyframe_before_its_start(
    form: str, codec: str, sound_codec: str, ending: str, tmp_path: Path
):
    done, played = piece(film(form, codec=codec, sound_codec=sound_codec), tmp_path / f"piece.{ending}", 5.0, 8.0)
    assert (done.copied, done.encoded) == (("picture", "sound"), ())
    assert done.t_start == pytest.approx(5.0 if codec == "mpeg4" and form == "mov" else 4.0, abs=0.1)
    assert done.t_end == pytest.approx(8.0, abs=0.3)
    assert second_of(played.first) == round(done.t_start)
    assert played.picture[0] == pytest.approx(0, abs=0.1)
    assert len(played.picture) == pytest.approx(FPS * (8 - done.t_start), abs=6)
    assert played.sound.size / RATE == pytest.approx(8 - done.t_start, abs=0.2)
    assert np.abs(played.sound).max() > 0.2
    assert played.damaged == 0


def test_a_piece_that_begins_on_a_keyframe_begins_there(tmp_path: Path):
    done, played = piece(film(), tmp_path / "piece.mp4", 6.0, 7.0)
    assert done.t_start == pytest.approx(6.0, abs=0.01)
    assert second_of(played.first) == 6


def test_what_lies_before_the_start_of_a_piece_is_not_hidden_in_it(tmp_path: Path):
    data = film(keys=FPS * SECONDS)
    done, played = piece(data, tmp_path / "piece.mp4", 9.0, 10.0)
    assert done.t_start == 0
    assert second_of(played.first) == 0
    exact, shown = piece(data, tmp_path / "exact.mp4", 9.0, 10.0, exact=True)
    assert exact.t_start == pytest.approx(9.0, abs=0.001)
    assert len(shown.picture) == FPS
    assert (tmp_path / "exact.mp4").stat().st_size < (tmp_path / "piece.mp4").stat().st_size


def test_an_exact_piece_begins_with_the_frame_that_is_shown_at_its_start(tmp_path: Path):
    done, played = piece(film(), tmp_path / "piece.mp4", 5.02, 8.0, exact=True)
    assert (done.copied, done.encoded) == (("sound",), ("picture",))
    assert (second_of(played.first), played.picture[0]) == (5, 0)
    assert len(played.picture) == FPS * 3


def test_what_the_format_cannot_hold_is_encoded_anew_and_the_rest_copied(tmp_path: Path):
    data = film("matroska", sound_codec="pcm_s16le")
    done, played = piece(data, tmp_path / "piece.mp4", 4.0, 6.0)
    assert (done.copied, done.encoded) == (("picture",), ("sound",))
    assert played.codecs == {"video": "h264", "audio": "aac"}
    assert played.sound.size / RATE == pytest.approx(2, abs=0.1)


def test_a_picture_is_encoded_for_webm(tmp_path: Path):
    done, played = piece(film(), tmp_path / "piece.webm", 5.0, 6.0)
    assert done.encoded == ("picture", "sound")
    assert second_of(played.first) == 5
    assert played.codecs == {"video": "vp9", "audio": "opus"} or played.codecs["video"] == "libvpx-vp9"


@pytest.mark.parametrize("ending", ["m4a", "mka", "mp3", "wav", "flac", "ogg", "oga", "opus", "aac"])
def test_the_sound_of_a_video_is_taken_alone(ending: str, tmp_path: Path):
    done, played = piece(film(), tmp_path / f"piece.{ending}", 5.0, 8.0)
    assert (*done.copied, *done.encoded) == ("sound",)
    assert set(played.codecs) == {"audio"}
    assert done.t_start == pytest.approx(5.0, abs=0.03)
    assert played.sound.size / RATE == pytest.approx(3.0, abs=0.1)
    assert pitch(played.sound, RATE) == pytest.approx(440, rel=0.01)


def pitch(sound: np.ndarray, rate: int) -> float:
    middle = sound[rate // 2 : rate // 2 + rate]
    return float(np.abs(np.fft.rfft(middle)).argmax() * rate / middle.size)


@pytest.mark.parametrize(
    ("form", "codec"),
    [("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("ogg", "libopus"), ("ipod", "aac"), ("ipod", "alac"), ("matroska", "ac3")],
)
def test_sound_is_copied_exact_to_a_packet(form: str, codec: str, tmp_path: Path):
    """The recording is a tone that rises each second, so that a piece tells where it was cut."""
    rising = np.concatenate([tone(1, 400 + 100 * number, RATE) for number in range(SECONDS)])
    data = audio(rising, form=form, codec=codec, rate=RATE)
    ending = {"ipod": "m4a", "matroska": "mka"}.get(form, form)
    done, played = piece(data, tmp_path / f"piece.{ending}", 6.0, 9.0)
    assert done.copied == ("sound",)
    assert 0 <= 6.0 - done.t_start < 0.15
    assert played.sound.size / RATE == pytest.approx(3.0, abs=0.25)
    assert pitch(played.sound, RATE) in (pytest.approx(1000, rel=0.01), pytest.approx(1100, rel=0.01))


def test_flac_is_encoded_anew_without_loss_so_that_it_does_not_claim_the_length_of_the_whole(tmp_path: Path):
    sound = recordings.noise(SECONDS, RATE)
    done, played = piece(audio(sound, form="flac", rate=RATE), tmp_path / "piece.flac", 2.0, 3.0)
    assert done.encoded == ("sound",)
    assert played.sound.size == RATE
    assert np.abs(played.sound - sound[2 * RATE : 3 * RATE]).max() < 1 / 16_000
    with av.open(str(tmp_path / "piece.flac")) as file:
        assert file.duration == av.time_base


def test_sound_without_a_picture_goes_into_a_video_format(tmp_path: Path):
    done, played = piece(wav(tone(SECONDS)), tmp_path / "piece.mp4", 2.0, 4.0)
    assert done.encoded == ("sound",)
    assert played.codecs == {"audio": "aac"}


def test_every_sound_track_comes_along(tmp_path: Path):
    done, _ = piece(recordings.ten_streams(), tmp_path / "piece.mkv", 0.5, 1.5)
    with av.open(str(tmp_path / "piece.mkv")) as file:
        assert len(file.streams.audio) == 6
    assert done.copied == ("picture", "sound")


@pytest.mark.parametrize("exact", [False, True])
def test_a_turned_picture_stays_upright(*, exact: bool, tmp_path: Path):
    data = film(rotation=90)
    _, played = piece(data, tmp_path / "piece.mp4", 4.0, 6.0, exact=exact)
    assert played.rotation == play(data).rotation != 0


def test_odd_sizes_and_pixel_formats_are_encoded(tmp_path: Path):
    data = video([chart((321, 239), number // 10) for number in range(50)], codec="libx264", pixels="yuv444p", form="mp4")
    _, played = piece(data, tmp_path / "piece.mp4", 0.5, 1.5, exact=True)
    assert played.first is not None
    assert played.first.shape == (240, 322, 3)


def test_a_variable_frame_rate_keeps_its_times(tmp_path: Path):
    times = [number / 25 if number < 50 else 2 + (number - 50) / 5 for number in range(75)]
    data = video([chart(number=number) for number in range(75)], times=times, keys=25)
    done, played = piece(data, tmp_path / "piece.mp4", 2.0, 6.0)
    steps = np.diff(played.picture[:10])
    assert done.t_start == pytest.approx(2.0, abs=0.05)
    assert steps == pytest.approx([0.2] * 9, abs=0.02)


def test_a_recording_whose_clock_does_not_begin_at_zero_is_told_from_its_beginning(tmp_path: Path):
    frames = numbered()
    data = video(frames, form="mpegts", times=(100 + number / FPS for number in range(len(frames))), keys=FPS)
    done, played = piece(data, tmp_path / "piece.mp4", 5.0, 7.0)
    assert done.t_start == pytest.approx(5.0, abs=0.05)
    assert second_of(played.first) == 5
    assert played.picture[0] == pytest.approx(0, abs=0.05)


def test_an_mp4_has_its_index_before_its_data(tmp_path: Path):
    piece(film(), tmp_path / "piece.mp4", 1, 2)
    data = (tmp_path / "piece.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("form", ["mp4", "matroska", "mpegts", "avi"])
def test_of_a_truncated_recording_what_is_left_is_cut(form: str, tmp_path: Path):
    options = {"movflags": "faststart"} if form == "mp4" else {}
    whole = film(form, codec="mpeg4", sound_codec="libmp3lame", options=options)
    done, played = piece(recordings.truncated(whole, 0.7), tmp_path / "piece.mkv", 2.2, SECONDS)
    assert done.t_start == pytest.approx(2.0, abs=0.1)
    assert 4 < done.t_end < SECONDS
    assert len(played.picture) > 2 * FPS


def test_damage_costs_only_what_is_damaged(tmp_path: Path):
    whole = film("mpegts")
    done, played = piece(recordings.zeroed(whole, 0.5, 0.55), tmp_path / "piece.mkv", 2.2, 9.0)
    assert done.t_start == pytest.approx(2.0, abs=0.1)
    assert len(played.picture) > 4 * FPS


def test_a_clock_that_jumps_back_gives_a_file_that_plays(tmp_path: Path):
    try:
        _, played = piece(recordings.broken_times(), tmp_path / "piece.mp4", 0.0, 3.0)
    except (Unreadable, UsageError) as error:
        assert str(error)  # noqa: PT017 - either is right
    else:
        assert played.picture == sorted(played.picture)


def test_a_span_after_the_end_holds_nothing(tmp_path: Path):
    with pytest.raises(UsageError, match="nothing lies between"):
        piece(wav(tone(2)), tmp_path / "piece.wav", 50, 60)


def test_a_silent_film_has_no_sound_to_take(tmp_path: Path):
    with pytest.raises(Unsupported, match="no sound"):
        piece(film(sound=None), tmp_path / "piece.mp3", 1, 2)


def test_the_ending_of_the_name_says_the_format(tmp_path: Path):
    with pytest.raises(UsageError, match=r"\.mp4, \.m4v"):
        format_of(tmp_path / "piece.docx")


def test_frames_a_second_are_kept(tmp_path: Path):
    piece(film(), tmp_path / "piece.mp4", 4, 6)
    with av.open(str(tmp_path / "piece.mp4")) as file:
        assert file.streams.video[0].average_rate == pytest.approx(Fraction(FPS), abs=0.5)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("form", ["mp4", "matroska", "mpegts", "avi"])
def test_a_damaged_recording_gives_a_file_that_opens_or_a_reason(form: str, *, exact: bool, tmp_path: Path):
    whole = film(form, codec="mpeg4", sound_codec="libmp3lame", options={"movflags": "faststart"} if form == "mp4" else {})
    for seed in range(4):
        broken = (
            recordings.changed(whole, 10 * (seed + 1), seed),
            recordings.truncated(whole, 0.2 * (seed + 1)),
            recordings.zeroed(whole, 0.2 * seed, 0.2 * seed + 0.1),
        )
        for number, data in enumerate(broken):
            target = tmp_path / f"{seed}-{number}.mkv"
            try:
                with opened(BytesSource(data)) as container:
                    cut(container, target, format_of(target), start=1.5, end=4.0, exact=exact)
            except StrongroomError as error:
                assert str(error)  # noqa: PT017 - either is right
            else:
                assert play(target).form == "matroska,webm"
