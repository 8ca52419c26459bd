"""Sound and video are told by their bytes, whatever their name, and sound is told from video in one container."""

import io
from collections.abc import Callable

import pytest

from strongroom.domain.media import OCTETS, type_of
from strongroom.models.filetypes import FileTypes
from strongroom.testing.recordings import audio, babble, chart, truncated, video, wav

TYPES = FileTypes()
SOUND = {rate: babble(0.5, rate) for rate in (8_000, 16_000, 48_000)}


def identify(data: bytes, name: str = "notes.txt") -> str:
    return TYPES.identify(data[:16_384], len(data), name, io.BytesIO(data))


@pytest.fixture(autouse=True)
def no_magika(monkeypatch: pytest.MonkeyPatch):
    def refuse(self: FileTypes, stream: object) -> str:
        raise AssertionError("Magika was asked about an ordinary recording")

    monkeypatch.setattr(FileTypes, "_ask_magika", refuse)


def heard(form: str, codec: str | None = None, rate: int = 48_000, **options: str) -> Callable[[], bytes]:
    return lambda: audio(SOUND[rate], form=form, codec=codec, rate=rate, options=options)


def seen(form: str, codec: str = "libx264", size: tuple[int, int] = (176, 144), **options: str) -> Callable[[], bytes]:
    return lambda: video((chart(size, n) for n in range(10)), form=form, codec=codec, options=options)


SOUNDS = {
    "mp3": (heard("mp3"), "audio/mpeg"),
    "mp3 without tag": (heard("mp3", id3v2_version="0", write_xing="0"), "audio/mpeg"),
    "mp3 of 8 kHz": (heard("mp3", rate=8_000, id3v2_version="0", write_xing="0"), "audio/mpeg"),
    "mp2": (heard("mp2"), "audio/mpeg"),
    "wav": (heard("wav"), "audio/wav"),
    "wav of more than 4 GB": (heard("wav", rf64="always"), "audio/wav"),
    "w64": (heard("w64"), "audio/x-w64"),
    "flac": (heard("flac"), "audio/flac"),
    "opus": (heard("ogg", "libopus"), "audio/ogg"),
    "flac in ogg": (heard("ogg", "flac"), "audio/ogg"),
    "m4a": (heard("ipod"), "audio/mp4"),
    "mp4 of sound alone": (heard("mp4"), "audio/mp4"),
    "mov of sound alone": (heard("mov"), "audio/quicktime"),
    "3gp of sound alone": (heard("3gp", "aac"), "audio/3gpp"),
    "aac": (heard("adts", "aac"), "audio/aac"),
    "aac in loas": (heard("latm", "aac"), "audio/aac"),
    "ac3": (heard("ac3"), "audio/ac3"),
    "eac3": (heard("eac3"), "audio/ac3"),
    "amr": (heard("amr", "libopencore_amrnb", 8_000), "audio/amr"),
    "aiff": (heard("aiff"), "audio/aiff"),
    "caf": (heard("caf"), "audio/x-caf"),
    "au": (heard("au"), "audio/basic"),
    "voc": (heard("voc"), "audio/x-voc"),
    "sox": (heard("sox"), "audio/x-sox"),
    "matroska of sound alone": (heard("matroska", "flac"), "audio/x-matroska"),
    "webm of sound alone": (heard("webm", "libopus"), "audio/webm"),
    "wma": (lambda: audio(babble(0.5, 44_100), form="asf", codec="libmp3lame", rate=44_100), "audio/x-ms-wma"),
    "real audio": (heard("rm", "ac3"), "audio/vnd.rn-realaudio"),
    "wavpack": (heard("wv"), "audio/x-wavpack"),
    "tta": (heard("tta"), "audio/x-tta"),
}
VIDEOS = {
    "mp4": (seen("mp4"), "video/mp4"),
    "fragmented mp4": (seen("mp4", movflags="frag_keyframe+empty_moov"), "video/mp4"),
    "mov": (seen("mov"), "video/quicktime"),
    "3gp": (seen("3gp", "h263"), "video/3gpp"),
    "3g2": (seen("3g2", "mpeg4"), "video/3gpp2"),
    "matroska": (seen("matroska"), "video/x-matroska"),
    "webm": (seen("webm", "libvpx"), "video/webm"),
    "vp8 in ogg": (seen("ogg", "libvpx"), "video/ogg"),
    "avi": (seen("avi", "mpeg4"), "video/x-msvideo"),
    "asf": (seen("asf", "wmv2"), "video/x-ms-asf"),
    "flv": (seen("flv", "flv"), "video/x-flv"),
    "transport stream": (seen("mpegts"), "video/mp2t"),
    "transport stream of cameras": (seen("mpegts", mpegts_m2ts_mode="1"), "video/mp2t"),
    "program stream": (seen("mpeg", "mpeg1video"), "video/mpeg"),
    "mpeg without container": (seen("mpeg2video", "mpeg2video"), "video/mpeg"),
    "mxf": (seen("mxf", "mpeg2video"), "video/mxf"),
    "gxf": (seen("gxf", "mpeg2video", (720, 576)), "video/x-gxf"),
    "real video": (seen("rm", "rv10"), "video/vnd.rn-realvideo"),
    "wtv": (seen("wtv", "mpeg2video"), "video/x-wtv"),
    "nut": (seen("nut", "mpeg4"), "video/x-nut"),
    "ivf": (seen("ivf", "libvpx"), "video/x-ivf"),
    "y4m": (seen("yuv4mpegpipe", "rawvideo"), "video/x-yuv4mpeg"),
    "h264 without container": (seen("h264"), "video/h264"),
    "mpeg-4 without container": (seen("m4v", "mpeg4"), "video/mp4v-es"),
}


@pytest.mark.parametrize(("make", "media_type"), SOUNDS.values(), ids=SOUNDS)
def test_sound_is_told(make: Callable[[], bytes], media_type: str):
    found = identify(make())
    assert found == media_type
    assert type_of(found) == "audio"


@pytest.mark.parametrize(("make", "media_type"), VIDEOS.values(), ids=VIDEOS)
def test_video_is_told(make: Callable[[], bytes], media_type: str):
    found = identify(make())
    assert found == media_type
    assert type_of(found) == "video"


def test_sound_behind_a_tag_with_a_large_picture_is_told():
    tag = b"ID3\x04\0\0" + bytes([0, 2, 0, 0]) + bytes(2 << 14)
    assert identify(tag + heard("flac")()) == "audio/flac"
    assert identify(tag + heard("adts", "aac")()) == "audio/aac"
    assert identify(tag + bytes(100)) == "audio/mpeg"


def test_video_whose_index_comes_last_or_is_lost_is_video():
    whole = seen("mp4")()
    assert identify(whole) == identify(truncated(whole)) == "video/mp4"


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"MAC addresses of the printers\n", "text/plain"),
        (b"MP+ and TTA1 are formats of sound\n", "text/plain"),
        (b"TTA1 is one of them\n", "text/plain"),
        (b"VGood morning\n" * 40, "text/plain"),
        ("\N{ZERO WIDTH NO-BREAK SPACE}Hello".encode("utf-16-le"), "text/plain"),
        (b"RIFF is a format\n", "text/plain"),
        (b"#EXTM3U\nhttp://127.0.0.1/a.ts\n", "text/plain"),
        (b"A text that somebody called a film.\n", "text/plain"),
    ],
)
def test_texts_that_begin_alike_stay_texts(data: bytes, media_type: str):
    assert identify(data, "film.mp4") == media_type


def test_truncated_heads_never_raise(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(FileTypes, "_ask_magika", lambda self, stream: OCTETS)
    for make, _ in (*SOUNDS.values(), VIDEOS["matroska"], VIDEOS["mp4"], VIDEOS["h264 without container"]):
        data = make()
        for length in range(1, 64):
            assert "/" in identify(data[:length])


def test_wav_made_by_python_is_told():
    assert identify(wav(SOUND[16_000])) == "audio/wav"
