"""A recording at a glance: length, streams, size, time, place, tags and one good frame; damage costs only what it hit."""

import contextlib
import io
from collections.abc import Callable

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from strongroom.analyzers.media import lengths
from strongroom.analyzers.media.facts import MediaAnalyzer
from strongroom.analyzers.media.opening import opened, packets
from strongroom.domain.findings import Finding, Problem, Property, Rendition, Segment
from strongroom.errors import AnalysisError, Unreachable, Unreadable, Unsupported
from strongroom.testing import BytesSource
from strongroom.testing.recordings import (
    audio,
    babble,
    broken_times,
    changed,
    chart,
    silence,
    ten_streams,
    tone,
    truncated,
    video,
    wav,
    zeroed,
)

TAGS = {"title": "A day out", "artist": "Ann Other", "comment": "With the dog", "creation_time": "2020-05-06T07:08:09Z"}


def read(data: bytes, media_type: str = "video/mp4") -> list[Finding]:
    return list(MediaAnalyzer().analyze(BytesSource(data, media_type), None))  # type: ignore[arg-type]


def facts(found: list[Finding]) -> dict[str, object]:
    return {one.name: one.value for one in found if isinstance(one, Property)}


def texts(found: list[Finding]) -> list[Segment]:
    return [one for one in found if isinstance(one, Segment)]


def problems(found: list[Finding]) -> list[str]:
    return [one.reason for one in found if isinstance(one, Problem)]


def picture(found: list[Finding]) -> np.ndarray:
    (data,) = [one.data for one in found if isinstance(one, Rendition) and one.role == "thumbnail"]
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"), float)


def frames(number: int = 50, size: tuple[int, int] = (320, 240)):
    return (chart(size, n // 10) for n in range(number))


def test_a_film_tells_its_length_streams_size_time_and_words():
    found = read(video(frames(), sound=tone(2, rate=48_000), tags=TAGS, languages=["ger"], subtitles={"eng": [(0, 1, "Hi")]}))
    told = facts(found)
    assert told["duration"] == pytest.approx(2, abs=0.05)
    assert isinstance(told["duration"], float)
    assert (told["width"], told["height"], told["frame-rate"]) == (320, 240, 25.0)
    assert (told["video-codec"], told["audio-codec"], told["container"]) == ("h264", "aac", "mp4")
    assert (told["sample-rate"], told["channels"], told["streams"]) == (48_000, 1, 3)
    assert (told["has-audio"], told["has-video"]) == (True, True)
    assert (told["audio-languages"], told["subtitle-languages"]) == (("ger",), ("eng",))
    assert told["date"] == "2020-05-06T07:08:09+00:00"
    (words,) = texts(found)
    assert words.kind == "properties"
    assert words.text == "Title: A day out\nArtist: Ann Other\nDescription: With the dog"
    assert words.taken_at is not None
    assert not problems(found)


@pytest.mark.parametrize(
    ("rotation", "shape", "dark"), [(90, (320, 240), "right"), (180, (240, 320), "bottom"), (270, (320, 240), "left")]
)
def test_a_turned_film_is_shown_upright(rotation: int, shape: tuple[int, int], dark: str):
    """The chart is dark at its top; a quarter turn clockwise brings that to the right."""
    found = read(video(frames(), rotation=rotation))
    told = facts(found)
    assert (told["height"], told["width"], told["rotation"]) == (*shape, rotation)
    shown = picture(found)
    assert shown.shape == shape
    sides = {"left": shown[:, :40], "right": shown[:, -40:], "top": shown[:40], "bottom": shown[-40:]}
    assert min(sides, key=lambda side: sides[side].mean()) == dark


@pytest.mark.parametrize("place", ["+48.8577+002.2950/", "+4851.462+00217.700/", "+485127.72+0021742.00+035.0/"])
def test_the_place_is_told_as_of_a_photograph(place: str):
    told = facts(read(video(frames(5), form="mov", tags={"location": place})))
    assert told["latitude"] == pytest.approx(48.8577, abs=1e-4)
    assert told["longitude"] == pytest.approx(2.295, abs=1e-4)


def test_a_telephone_tells_its_local_time_and_its_maker():
    tags = {
        "com.apple.quicktime.creationdate": "2023-01-02T12:00:00+0200",
        "com.apple.quicktime.make": "Apple",
        "com.apple.quicktime.model": "iPhone 12",
        "com.apple.quicktime.location.ISO6709": "+52.5200-013.4050+034.0/",
    }
    told = facts(read(video(frames(5), form="mov", tags=tags, options={"movflags": "use_metadata_tags"})))
    assert told["date"] == "2023-01-02T12:00:00+02:00"
    assert told["camera"] == "Apple iPhone 12"
    assert (told["latitude"], told["longitude"]) == (52.52, -13.405)


@pytest.mark.parametrize("when", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "rubbish", "2020-13-45T00:00:00Z"])
def test_a_clock_that_was_not_set_tells_no_time(when: str):
    assert "date" not in facts(read(video(frames(5), form="matroska", tags={"date_recorded": when})))


@pytest.mark.parametrize("place", ["+00.0000+000.0000/", "+99.0000+000.0000/", "nowhere", "+1+2/", ""])
def test_a_place_that_is_none_is_left_out(place: str):
    assert "latitude" not in facts(read(video(frames(5), form="matroska", tags={"location": place})))


def test_music_shows_its_cover_and_tells_its_words():
    cover = simplejpeg.encode_jpeg(chart((300, 300)), quality=80)
    tags = {"title": "Song", "artist": "Band", "album": "Record", "genre": "Polka", "date": "2004"}
    for form, media_type in (("mp3", "audio/mpeg"), ("flac", "audio/flac")):
        found = read(audio(babble(2), form=form, tags=tags, cover=cover), media_type)
        told = facts(found)
        assert (told["title"], told["album"], told["released"]) == ("Song", "Record", "2004")
        assert (told["has-audio"], told["has-video"]) == (True, False)
        assert picture(found).shape == (300, 300)
        assert "Genre: Polka" in texts(found)[0].text


def test_tags_of_ogg_files_are_read_from_their_streams():
    told = facts(read(audio(babble(1, 48_000), form="ogg", codec="libopus", rate=48_000, tags={"title": "Song"}), "audio/ogg"))
    assert told["title"] == "Song"


def test_a_chapter_is_found_at_its_time():
    chapters = [(0, 0.5, "Chapter 1"), (0.5, 2, "The wedding")]
    for make in (
        lambda: audio(babble(2), form="ipod", chapters=chapters),
        lambda: video(frames(), form="matroska", chapters=chapters),
    ):
        (one,) = texts(read(make()))
        assert (one.text, one.locator.t_start, one.locator.t_end) == ("The wedding", 0.5, 2.0)


def test_tags_in_an_old_encoding_are_read():
    data = audio(babble(1), form="wav", tags={"title": "x" * 8}).replace(b"x" * 8, "Café là!".encode("latin-1"))
    assert facts(read(data, "audio/wav"))["title"] == "Café là!"


@pytest.mark.parametrize(
    "make",
    [
        lambda: audio(babble(3), form="adts", codec="aac"),
        lambda: audio(babble(3), form="mp3", options={"write_xing": "0", "id3v2_version": "0"}),
        lambda: audio(babble(3, 48_000), form="ac3", rate=48_000),
        lambda: video(frames(75), form="h264"),
        lambda: video(frames(75), form="mpeg2video", codec="mpeg2video"),
        lambda: video(frames(75), form="webm", codec="libvpx", options={"live": "1"}),
        lambda: video(frames(75), form="mpegts"),
        lambda: video(frames(75), form="flv", options={"flvflags": "no_duration_filesize"}),
        lambda: video(frames(75), form="avi", codec="mpeg4"),
        lambda: video(frames(75), options={"movflags": "frag_keyframe+empty_moov"}),
    ],
    ids=["aac", "mp3", "ac3", "h264", "mpeg2", "webm of a browser", "ts", "flv", "avi", "fragments"],
)
def test_a_length_that_no_header_tells_is_counted(make: Callable[[], bytes]):
    assert facts(read(make()))["duration"] == pytest.approx(3, abs=0.2)


def test_a_long_recording_of_a_browser_tells_its_length_by_its_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lengths, "TAIL", 40_000)
    monkeypatch.setattr(lengths, "_counted", lambda source: 0.0)
    data = video(frames(500), form="webm", codec="libvpx", options={"live": "1", "cluster_time_limit": "1000"})
    assert len(data) > 40_000
    assert facts(read(data, "video/webm"))["duration"] == pytest.approx(20, abs=2.5)


def test_what_is_counted_stands_for_what_is_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lengths, "PACKETS", 100)
    data = audio(babble(30), form="adts", codec="aac")
    assert facts(read(data, "audio/aac"))["duration"] == pytest.approx(30, rel=0.1)


def test_a_clock_that_jumps_back_does_not_stretch_the_length():
    assert facts(read(broken_times(6), "video/mp2t"))["duration"] == pytest.approx(6, abs=0.2)


def test_a_variable_frame_rate_is_told_by_its_times():
    told = facts(read(video(frames(5), times=[0, 0.1, 0.5, 2, 2.1])))
    assert told["duration"] == pytest.approx(2.1, abs=0.2)


@pytest.mark.parametrize(
    ("codec", "pixels", "form"),
    [
        ("libx264", "yuv444p10le", "mp4"),
        ("ffv1", "gray16le", "matroska"),
        ("ffv1", "bgra", "matroska"),
        ("prores_ks", "yuva444p10le", "mov"),
        ("rawvideo", "rgb565le", "nut"),
        ("png", "rgba", "mov"),
    ],
)
def test_odd_pixel_formats_have_a_thumbnail(codec: str, pixels: str, form: str):
    found = read(video((chart((322, 242), n) for n in range(3)), form=form, codec=codec, pixels=pixels))
    assert picture(found).shape == (242, 322)


def test_a_dark_beginning_is_not_the_thumbnail():
    found = read(video([*[chart() * 0] * 100, *[chart()] * 50], keys=10))
    assert picture(found).std() > 20


def test_a_film_that_is_black_throughout_still_has_a_thumbnail():
    assert picture(read(video([chart() * 0] * 30))).max() < 30


def test_ten_streams_are_told():
    told = facts(read(ten_streams(), "video/x-matroska"))
    assert told["streams"] == 10
    assert told["audio-languages"] == ("eng", "ger", "fre", "spa", "ita", "jpn")
    assert told["subtitle-languages"] == ("eng", "ger", "fre")


def test_a_film_without_sound_and_sound_without_film_say_so():
    assert facts(read(video(frames(5))))["has-audio"] is False
    found = read(wav(silence(1)), "audio/wav")
    assert facts(found)["has-video"] is False
    assert facts(found)["duration"] == 1.0
    assert not [one for one in found if isinstance(one, Rendition)]


def test_a_film_cut_short_gives_what_is_left_and_says_where_it_ends():
    found = read(truncated(video(frames(250), options={"movflags": "faststart"}, keys=25), 0.6))
    assert facts(found)["duration"] == pytest.approx(10, abs=0.1)
    assert picture(found).shape == (240, 320)
    (reason,) = problems(found)
    assert reason.startswith("its end is missing: the file breaks off after 0:00:0")
    assert reason.endswith("of 0:00:10")


@pytest.mark.parametrize("form", ["wav", "mp3", "aiff"])
def test_a_recording_that_tells_of_more_bytes_than_it_has_says_so(form: str):
    whole = audio(tone(5), form=form, tags={"title": "A day out"})
    assert problems(read(whole)) == []
    (reason,) = problems(read(truncated(whole)))
    assert reason.startswith("its end is missing: it has")


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_recorder_that_could_not_tell_the_size_is_believed(size: int):
    data = wav(tone(5))
    assert problems(read(data[:4] + size.to_bytes(4, "little") + data[8:])) == []


def test_a_hole_costs_only_what_it_hit():
    found = read(zeroed(video(frames(100), keys=25, sound=tone(4, rate=48_000)), 0.3, 0.6))
    assert facts(found)["duration"] == pytest.approx(4, abs=0.1)
    assert picture(found).shape == (240, 320)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (lambda: truncated(video(frames(50)), 0.5), "index is missing"),
        (lambda: b"", "damaged, or no recording"),
        (lambda: b"A text that somebody called a film.\n" * 50, "damaged, or no recording"),
        (lambda: bytes(100_000), "no recording"),
        (lambda: simplejpeg.encode_jpeg(chart()), "in no format that is read here"),
    ],
    ids=["without index", "empty", "text", "zeros", "picture"],
)
def test_what_is_no_recording_is_refused_with_a_reason(data: Callable[[], bytes], words: str):
    with pytest.raises(Unreadable, match=words):
        read(data())


def test_notes_are_no_sound():
    with pytest.raises(Unsupported, match="notes"):
        read(b"MThd\0\0\0\x06\0\0\0\1\0\x60", "audio/midi")


def test_damage_anywhere_ends_in_findings_or_a_reason():
    whole = [
        video(frames(30)),
        video(frames(30), form="matroska"),
        audio(babble(1)),
        video(frames(30), form="avi", codec="mpeg4"),
    ]
    read_at_all = 0
    for data in whole:
        for seed in range(15):
            with contextlib.suppress(AnalysisError):
                read_at_all += bool(read(changed(data, 40, seed)))
    assert read_at_all > 30


class Failing(io.BytesIO):
    """A store that stops answering after so many bytes."""

    left = 10_000

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.left -= len(data)
        if self.left < 0:
            raise Unreachable("the store does not answer")
        return data


@pytest.mark.parametrize("left", [20, 3_000, 66_000])
def test_errors_of_the_store_are_not_taken_for_damage(monkeypatch: pytest.MonkeyPatch, left: int):
    data = audio(babble(20), form="wav")
    monkeypatch.setattr(Failing, "left", left)
    monkeypatch.setattr(BytesSource, "open", lambda self: Failing(self.data))
    with pytest.raises(Unreachable):
        read(data)


def test_a_stream_that_comes_up_late_in_a_broadcast_costs_nothing():
    """PyAV raises IndexError behind the last packet then; FFmpeg finds such streams at the beginning and the end by itself."""
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (480, 640, 3), dtype=np.uint8) for _ in range(18)]
    dull = video(noise, form="mpegts", codec="mpeg2video", encoding={"qmin": "2", "qmax": "2"})
    late = video(frames(50, (640, 480)), form="mpegts", codec="mpeg2video", sound=tone(2, rate=48_000), sound_codec="mp2")
    data = dull + late + dull
    with opened(BytesSource(data)) as container:
        assert len(container.streams) == 1
        assert len(list(packets(container, container.streams.video[0]))) == 18 + 50 + 18 + 1
    assert picture(read(data, "video/mp2t")).shape == (384, 512)


def test_decoders_run_in_one_thread():
    with opened(BytesSource(video(frames(5), sound=tone(0.2, rate=48_000)))) as container:
        assert [one.codec_context.thread_count for one in container.streams] == [1, 1]
