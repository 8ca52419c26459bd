"""A recording is read from its own bytes: nothing that it names is opened, and its size bounds what it costs."""

import socket
import struct
from pathlib import Path

import pytest

from strongroom.analyzers.media.facts import MediaAnalyzer
from strongroom.analyzers.media.opening import FORMATS, opened
from strongroom.analyzers.media.protection import is_encrypted
from strongroom.errors import AnalysisError, Encrypted, Unreadable
from strongroom.testing import BytesSource
from strongroom.testing.recordings import audio, babble, chart, tone, video


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of another owner: whoever followed a path to it could play it."""
    path = tmp_path_factory.mktemp("owner") / "secret.ts"
    path.write_bytes(video((chart((160, 90), n) for n in range(10)), form="mpegts"))
    with opened(BytesSource(path.read_bytes(), "video/mp2t")) as container:
        assert container.streams.video[0].width == 160
    return path


def lists(path: str, port: int) -> dict[str, bytes]:
    """Give every kind of list that FFmpeg would follow, each naming a file and a server."""
    web = f"http://127.0.0.1:{port}/secret.ts"
    return {
        "hls of a file": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{path}\n#EXT-X-ENDLIST\n".encode(),
        "hls of a server": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{web}\n#EXT-X-ENDLIST\n".encode(),
        "hls of a key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{web}"\n#EXTINF:1,\nfile://{path}\n#EXT-X-ENDLIST\n'.encode(),
        "concat of a file": f"ffconcat version 1.0\nfile '{path}'\n".encode(),
        "concat of a server": f"ffconcat version 1.0\nfile '{web}'\n".encode(),
        "dash": (
            f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S">'
            f'<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{web}</BaseURL>'
            f"</Representation></AdaptationSet></Period></MPD>"
        ).encode(),
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n".encode(),
        "imf": f'<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016">{path}'.encode(),
        "redirection of asf": f"[Reference]\r\nRef1={web}\r\n".encode(),
        "realtext": f"<window><a href='{web}'>x</a></window>".encode(),
        "vobsub": f"# VobSub index file, v7\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 000000000\n{path}".encode(),
    }


KINDS = list(lists("/etc/passwd", 9))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["film.mp4", "list.m3u8", "list.ffconcat", "film-%03d.jpg"])
def test_lists_are_not_followed(secret: Path, kind: str, name: str):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        data = lists(str(secret), server.getsockname()[1])[kind]
        with pytest.raises(Unreadable) as caught, opened(BytesSource(data, "video/mp4", name)):
            pass
        with pytest.raises(TimeoutError):
            server.accept()
    assert "secret" not in str(caught.value)


def box(kind: bytes, *contents: bytes) -> bytes:
    body = b"".join(contents)
    return struct.pack(">I", len(body) + 8) + kind + body


def refers(film: bytes, address: bytes) -> bytes:
    """Give a QuickTime film whose data reference names another file (QuickTime File Format, data reference atoms)."""
    own = box(b"url ", b"\0\0\0\x01")
    other = box(b"url ", bytes(4), address)
    made = bytearray(film.replace(own, other))
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = made.rfind(kind) - 4
        made[at : at + 4] = struct.pack(">I", int.from_bytes(made[at : at + 4], "big") + len(other) - len(own))
    return bytes(made)


def test_a_film_that_names_another_file_shows_only_its_own_bytes(secret: Path):
    hostile = refers(video((chart(number=n) for n in range(10)), form="mov"), f"file://{secret}".encode() + b"\0")
    with opened(BytesSource(hostile, "video/quicktime", "film.mov")) as container:
        assert container.streams.video[0].width == 320
        assert len(list(container.demux(container.streams.video[0]))) >= 10


def test_reference_films_are_not_followed(secret: Path):
    address = f"file://{secret}".encode()
    reference = box(b"rdrf", bytes(4), b"url ", struct.pack(">I", len(address)), address)
    data = box(b"ftyp", b"qt  ", bytes(4)) + box(b"moov", box(b"rmra", box(b"rmda", reference)))
    with pytest.raises(Unreadable), opened(BytesSource(data, "video/quicktime", "film.mov")):
        pass


def test_no_format_that_reads_other_files_or_networks_is_allowed():
    outward = {"hls", "dash", "concat", "sdp", "rtsp", "rtp", "sap", "image2", "image2pipe", "imf", "vobsub", "lavfi", "mlv"}
    assert not outward & set(FORMATS)
    assert not any(name.endswith("_pipe") for name in FORMATS)


@pytest.mark.parametrize("tag", [b"encv", b"drmi"])
def test_encrypted_films_are_said_to_be(tag: bytes):
    whole = video((chart(number=n) for n in range(10)), sound=tone(0.4, rate=48_000))
    source = BytesSource(whole.replace(b"avc1\0\0\0\0", tag + b"\0\0\0\0"), "video/mp4", "film.mp4")
    assert is_encrypted(source)
    found = []
    with pytest.raises(Encrypted, match="key"):
        found.extend(MediaAnalyzer().analyze(source, None))  # type: ignore[arg-type]
    assert not is_encrypted(BytesSource(whole, "video/mp4"))


def test_encrypted_windows_media_is_said_to_be():
    sound = audio(babble(0.5, 44_100), form="asf", codec="libmp3lame", rate=44_100)
    key = b"\xfb\xb3\x11\x22\x23\xbd\xd2\x11\xb4\xb7\x00\xa0\xc9\x55\xfc\x6e"
    assert is_encrypted(BytesSource(sound[:200] + key + sound[200:], "audio/x-ms-wma"))
    assert not is_encrypted(BytesSource(sound, "audio/x-ms-wma"))


def test_boxes_within_boxes_without_end_are_left():
    deep = b""
    for _ in range(20_000):
        deep = struct.pack(">I4s", 0, b"moov") + deep
    wide = box(b"ftyp", b"isom") + box(b"moov", b"") * 20_000
    assert not is_encrypted(BytesSource(deep, "video/mp4"))
    assert not is_encrypted(BytesSource(wide, "video/mp4"))


def test_a_frame_of_a_billion_pixels_is_not_decoded():
    whole = video((chart((64, 64), n) for n in range(5)), form="avi", codec="mjpeg", pixels="yuvj420p")
    size = struct.pack(">HH", 64, 64)
    assert size in whole
    source = BytesSource(whole.replace(size, struct.pack(">HH", 65_000, 65_000)), "video/x-msvideo")
    found = list(MediaAnalyzer().analyze(source, None))  # type: ignore[arg-type]
    assert not any(getattr(one, "role", "") == "thumbnail" for one in found)


def test_ffmpeg_writes_nothing_to_the_terminal(capfd: pytest.CaptureFixture[str]):
    whole = video((chart(number=n) for n in range(10)), codec="mpeg4")
    capfd.readouterr()
    for at in range(len(whole) // 3, len(whole), len(whole) // 7):
        try:
            list(MediaAnalyzer().analyze(BytesSource(whole[:at] + b"\xff" * 50 + whole[at + 50 :]), None))  # type: ignore[arg-type]
        except AnalysisError:
            continue
    assert capfd.readouterr() == ("", "")
