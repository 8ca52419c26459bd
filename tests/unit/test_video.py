"""The video analyzer: shots, moments, and what a damaged file still gives."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from strongroom.analyzers.media.frames import Sampler, frame_at, picture_stream
from strongroom.analyzers.media.opening import opened
from strongroom.analyzers.media.shots import CUT, distance, thumb
from strongroom.analyzers.media.video import VideoAnalyzer
from strongroom.analyzers.media.video_ocr import VideoOcrAnalyzer, glance
from strongroom.domain import transcript
from strongroom.domain.findings import SHOT, UTTERANCE, Checkpoint, Finding, Problem, Property, Rendition, Segment
from strongroom.errors import AnalysisError, Unsupported
from strongroom.ports import Line, Look, Pixels
from strongroom.testing import recordings
from strongroom.testing.source import BytesSource


class MeanColour:
    """A picture model that tells the mean colour."""

    dimension = 3
    input_size = 64

    def look(self, pictures: Sequence[Pixels]) -> list[Look]:
        return [self._look(one) for one in pictures]

    def _look(self, picture: Pixels) -> Look:
        mean = picture.reshape(-1, 3).mean(axis=0)
        vector = (mean / max(float(np.linalg.norm(mean)), 1e-6)).astype(np.float32)
        return Look(labels=((f"tone {int(mean.mean()) // 16}", 0.9),), label_vector=vector, image_vector=vector)

    def embed_query(self, text: str) -> None:
        del text


@dataclass
class BrightBand:
    """An OCR model that reads a word where the bottom of a picture is white."""

    calls: int = 0
    seen: list[tuple[int, ...]] = field(default_factory=list)

    def read(self, picture: Pixels) -> list[Line]:
        self.calls += 1
        self.seen.append(picture.shape)
        height, width = picture.shape[:2]
        lines = []
        for top in range(0, height, max(1, height // 8)):
            for left in range(0, width, max(1, width // 2)):
                part = picture[top : top + height // 8, left : left + width // 2]
                if part.size and part.min() > 230:
                    box = (left / width, top / height, (left + width // 2) / width, min(1.0, (top + height // 8) / height))
                    lines.append(Line(text="HARBOUR CLOSED", box=box, confidence=0.9))
        return lines


class FakeTools:
    pictures = MeanColour()

    def __init__(self) -> None:
        self.ocr = BrightBand()


def findings(data: bytes, analyzer: VideoAnalyzer | VideoOcrAnalyzer | None = None) -> list[Finding]:
    return list((analyzer or VideoAnalyzer()).analyze(BytesSource(data, "video/mp4"), FakeTools()))


def shots(found: Sequence[Finding]) -> list[Segment]:
    return [one for one in found if isinstance(one, Segment) and one.kind == SHOT]


def cut_together(number: int = 3, frames: int = 50, **options: object) -> bytes:
    return recordings.video(recordings.held(recordings.photographs(number=number), frames), **options)


def long_takes(scenes: int, frames: int) -> Iterator[Pixels]:
    pictures = recordings.photographs((96, 64), 4)
    for number in range(scenes):
        for _ in range(frames):
            yield pictures[number % 4]


def test_each_shot_is_a_moment_with_its_time():
    found = shots(findings(cut_together()))
    spans = [(one.locator.t_start, one.locator.t_end) for one in found]
    assert spans == [pytest.approx((0, 2)), pytest.approx((2, 4)), pytest.approx((4, 6), abs=0.1)]
    assert all(one.text and one.label_vector is not None and one.image_vector is not None for one in found)


def test_near_identical_frames_collapse_and_the_shots_are_counted():
    found = findings(cut_together(2, 100, keys=10))
    assert len(shots(found)) == 2
    assert Property(name="shots", value=2) in found


def test_the_frame_at_the_start_of_a_moment_is_the_one_that_was_looked_at():
    data = cut_together()
    with opened(BytesSource(data, "video/mp4")) as container:
        stream = picture_stream(container)
        assert stream is not None
        seen = list(Sampler(container, stream, 240).frames())
    for one in seen:
        with opened(BytesSource(data, "video/mp4")) as container:
            assert np.abs(frame_at(container, one.seconds).astype(int) - one.pixels).mean() < 3


def test_the_frame_at_a_time_between_keyframes_is_exact():
    steps = [np.full((64, 96, 3), level, np.uint8) for level in range(20, 220, 4)]
    data = recordings.video(steps, keys=250)
    with opened(BytesSource(data, "video/mp4")) as container:
        levels = [float(frame_at(container, number / 25).mean()) for number in (37, 3, 20, 99)]
    assert levels == pytest.approx([20 + 4 * 37, 20 + 4 * 3, 20 + 4 * 20, 20 + 4 * 49], abs=4)


def test_a_screen_without_keyframes_is_sampled_between_them():
    frames = long_takes(3, 80)
    found = shots(findings(recordings.video(frames, fps=10, keys=1000, encoding={"x264-params": "scenecut=0"})))
    assert len(found) == 3
    assert found[1].locator.t_start == pytest.approx(10, abs=2.1)


def test_a_still_picture_as_a_video_is_one_moment():
    (photograph,) = recordings.photographs(number=1)
    found = shots(findings(recordings.video((photograph for _ in range(400)), keys=25)))
    assert [(one.locator.t_start, one.locator.t_end) for one in found] == [pytest.approx((0, 16))]


def test_a_short_video_of_one_keyframe_is_looked_at_in_eight_places():
    pictures = recordings.photographs((96, 64), 2)
    data = recordings.video((pictures[number >= 60] for number in range(200)), fps=10, keys=250, encoding={"sc_threshold": "0"})
    with opened(BytesSource(data, "video/mp4")) as container:
        stream = picture_stream(container)
        assert stream is not None
        times = [one.seconds for one in Sampler(container, stream, 64, length=20.0).frames()]
    assert times == pytest.approx([number * 2.5 for number in range(8)], abs=0.21)
    assert [one.locator.t_start for one in shots(findings(data))] == [pytest.approx(0), pytest.approx(7.5, abs=0.2)]


def test_a_short_shot_is_told_by_all_its_frames_from_side_to_side():
    (bright,) = recordings.photographs((96, 64), 1)
    dim = (bright * 0.8).astype(np.uint8)
    data = recordings.video((dim if number < 20 else bright for number in range(200)), fps=10, keys=20)
    (told,) = shots(findings(data))
    (short,) = shots(findings(recordings.video([dim] * 5, fps=10)))
    assert told.text != short.text
    assert told.label_vector is not None
    assert np.linalg.norm(told.label_vector) == pytest.approx(1)


def test_both_ends_of_a_wide_frame_are_looked_at_besides_its_middle():
    class Remembering(MeanColour):
        def __init__(self) -> None:
            self.seen: list[float] = []

        def look(self, pictures: Sequence[Pixels]) -> list[Look]:
            self.seen += [float(one[:, : one.shape[0]].mean()) for one in pictures]
            return super().look(pictures)

    frame = np.zeros((64, 192, 3), np.uint8)
    frame[:, 128:] = 200
    tools = FakeTools()
    tools.pictures = Remembering()
    list(VideoAnalyzer().analyze(BytesSource(recordings.video([frame] * 30, fps=10), "video/mp4"), tools))
    assert max(tools.pictures.seen) == pytest.approx(200, abs=10)


def test_moments_know_when_the_video_was_taken():
    data = cut_together(2, tags={"creation_time": "2021-05-01T10:00:00Z"})
    assert [one.taken_at and one.taken_at.year for one in shots(findings(data))] == [2021, 2021]


def test_bare_h264_tells_its_frames_by_their_number():
    data = recordings.video((np.full((64, 96, 3), 20 + n, np.uint8) for n in range(200)), form="h264", keys=50)
    for seconds, level in ((4.0, 120), (1.0, 45), (20.0, 219)):
        with opened(BytesSource(data, "video/h264")) as container:
            assert float(frame_at(container, seconds).mean()) == pytest.approx(level, abs=2)
    for start, times in ((0.0, list(range(8))), (4.0, [4, 5, 6, 7])):
        with opened(BytesSource(data, "video/h264")) as container:
            stream = picture_stream(container)
            assert stream is not None
            seen = list(Sampler(container, stream, 64, start, 8.0).frames())
        assert [one.seconds for one in seen] == pytest.approx(times)
        assert [float(one.pixels.mean()) for one in seen] == pytest.approx([20 + 25 * number for number in times], abs=2)


def test_reading_may_stop_at_any_checkpoint_and_gives_the_same():
    data = recordings.video(long_takes(9, 200), fps=10, keys=50)
    whole = findings(data)
    assert [type(one) for one in whole].count(Checkpoint) >= 2
    source, parts = BytesSource(data, "video/mp4"), list[Finding]()
    while True:
        part, source.reached = list[Finding](), source.reached
        for one in VideoAnalyzer().analyze(source, FakeTools()):
            if isinstance(one, Checkpoint):
                assert one.at > source.reached
                assert one.of == pytest.approx(180)
                source.reached = one.at
                break
            part.append(one)
        else:
            parts += part
            break
        parts += part
    assert [(one.locator.key(), one.text) for one in shots(parts)] == [(one.locator.key(), one.text) for one in shots(whole)]
    assert [one.role for one in parts if isinstance(one, Rendition)] == ["filmstrip"]


def test_a_filmstrip_shows_the_whole_length():
    (strip,) = [one for one in findings(cut_together(4)) if isinstance(one, Rendition)]
    picture = Image.open(io.BytesIO(strip.data))
    assert (strip.role, picture.height, picture.width % 10) == ("filmstrip", 90, 0)
    tiles = np.split(np.asarray(picture), 10, axis=1)
    assert distance(thumb(tiles[0]), thumb(tiles[9])) > CUT


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_rotated_video_is_seen_upright(rotation: int):
    picture = recordings.chart((96, 64))
    turned = np.ascontiguousarray(np.rot90(picture, rotation // 90))
    data = recordings.video([turned] * 10, rotation=rotation)
    with opened(BytesSource(data, "video/mp4")) as container:
        seen = frame_at(container, 0)
    assert seen.shape == picture.shape
    assert np.abs(seen.astype(int) - picture).mean() < 25


@pytest.mark.parametrize(
    ("codec", "pixels", "form"),
    [
        ("libx264", "yuv420p10le", "mp4"),
        ("libx264", "yuv444p", "mp4"),
        ("libx264", "gray", "matroska"),
        ("libx264", "yuvj420p", "mp4"),
        ("ffv1", "yuva420p", "matroska"),
        ("ffv1", "gray16le", "matroska"),
        ("qtrle", "argb", "mov"),
        ("mjpeg", "yuvj422p", "avi"),
        ("libvpx-vp9", "yuv420p", "webm"),
        ("mpeg2video", "yuv420p", "mpegts"),
        ("libx265", "yuv420p", "mp4"),
    ],
)
def test_odd_pixel_formats_and_codecs_are_seen(codec: str, pixels: str, form: str):
    data = recordings.video(recordings.held(recordings.photographs((160, 96), 2), 30), codec=codec, pixels=pixels, form=form)
    assert len(shots(findings(data))) == 2


def test_a_truncated_video_says_where_it_breaks_off():
    data = recordings.truncated(cut_together(6, options={"movflags": "faststart"}), 0.6)
    found = findings(data)
    assert shots(found)
    assert any(isinstance(one, Problem) and "breaks off" in one.reason for one in found)


def test_a_variable_frame_rate_keeps_its_times():
    times = [0.0, 0.04, 0.5, 3.0, 3.04, 9.0]
    pictures = recordings.photographs((96, 64), 3)
    data = recordings.video([pictures[number // 2] for number in range(6)], times=times, form="matroska", keys=1)
    assert [round(one.locator.t_start or 0, 2) for one in shots(findings(data))] == [0, 0.5, 3.04]


def test_a_clock_that_jumps_back_goes_on():
    found = shots(findings(recordings.broken_times()))
    starts = [one.locator.t_start or 0.0 for one in found]
    assert starts == sorted(starts)
    assert starts[-1] >= 3


def test_ten_streams_give_the_picture_and_every_language_of_subtitles():
    found = findings(recordings.ten_streams())
    assert shots(found)
    said = [one for one in found if isinstance(one, Segment) and one.kind == UTTERANCE]
    assert [one.locator.part for one in said] == ["subtitles en 1", "subtitles de 1", "subtitles fr 1"]
    kept = {one.role: transcript.load(one.data) for one in found if isinstance(one, Rendition) and one.role.startswith("sub")}
    assert [one.text for one in kept["subtitles-de"]] == ["Words in ger"]
    assert kept["subtitles-de"][0].t_start == pytest.approx(0.5, abs=0.05)


def test_sound_alone_has_nothing_to_show_and_no_frame():
    data = recordings.audio(recordings.tone(1), form="mp3", cover=_jpeg(np.zeros((8, 8, 3), np.uint8)))
    assert findings(data) == []
    with opened(BytesSource(data, "audio/mpeg")) as container, pytest.raises(Unsupported):
        frame_at(container, 0)


def _jpeg(pixels: Pixels) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "jpeg")
    return out.getvalue()


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_video_ends_with_a_reason(seed: int):
    data = recordings.changed(cut_together(2), 200, seed)
    reasons = list[str]()
    try:
        findings(data)
    except AnalysisError as error:
        reasons.append(str(error))
    assert all(reasons)


def captioned(seconds: tuple[float, float], total: float) -> Iterator[Pixels]:
    picture = recordings.chart((320, 240))
    for number in range(int(total * 10)):
        image = Image.fromarray(picture // 2)
        if seconds[0] <= number / 10 < seconds[1]:
            ImageDraw.Draw(image).rectangle((0, 200, 320, 240), fill="white")
        yield np.asarray(image)


def test_text_that_stays_is_one_passage_with_its_time_span():
    data = recordings.video(captioned((10, 25), 40), fps=10, keys=20)
    found = [one for one in findings(data, VideoOcrAnalyzer()) if isinstance(one, Segment)]
    assert found
    assert {"HARBOUR CLOSED" in one.text for one in found} == {True}
    spans = [(one.locator.t_start, one.locator.t_end) for one in found]
    assert len(set(spans)) == 1
    assert spans[0] == (pytest.approx(10, abs=5.1), pytest.approx(25, abs=5.1))


def test_a_glance_tells_which_of_four_frames_have_text():
    blank = np.zeros((64, 96, 3), np.uint8)
    written = blank.copy()
    written[48:] = 255
    model = BrightBand()
    assert glance([blank, written, blank, blank], model) == [False, True, False, False]
    assert model.calls == 1
    assert glance([blank], model) == [True]


def test_frames_of_every_key_are_thinned():
    data = recordings.video(
        (recordings.chart((96, 64), n // 5) for n in range(300)), codec="mjpeg", pixels="yuvj420p", form="avi"
    )
    with opened(BytesSource(data, "video/x-msvideo")) as container:
        stream = picture_stream(container)
        assert isinstance(stream, av.video.stream.VideoStream)
        assert len(list(Sampler(container, stream, 64).frames())) <= 22
