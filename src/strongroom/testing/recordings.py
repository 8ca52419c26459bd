"""Recordings made by code: sound and pictures in any format that FFmpeg writes, whole or damaged."""

import io
import wave
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from heapq import merge
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.container.core import Chapter

from strongroom.ports import RATE, Pixels, Sound

PHOTOGRAPHS = ("chelsea.png", "rocket.jpg", "coffee.png", "astronaut.png", "motorcycle_left.png", "moon.png")
"""Photographs within scikit-image: a cat, a rocket, a cup of coffee, a woman in a space suit, a motorcycle, the moon."""
_BLOCK = 1024
_TICKS = 90_000

Cue = tuple[float, float, str]
"""Start and end in seconds, and the words."""


def tone(seconds: float, hertz: float = 440.0, rate: int = RATE) -> Sound:
    """Give a pure tone at half of full loudness."""
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def noise(seconds: float, rate: int = RATE, seed: int = 0) -> Sound:
    """Give white noise."""
    return np.random.default_rng(seed).uniform(-0.3, 0.3, round(seconds * rate)).astype(np.float32)


def silence(seconds: float, rate: int = RATE) -> Sound:
    """Give nothing to hear."""
    return np.zeros(round(seconds * rate), np.float32)


def babble(seconds: float, rate: int = RATE, seed: int = 0) -> Sound:
    """Give what has the rhythm and the spectrum of speech, four syllables a second in phrases, but no words."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(seconds * rate)) / rate
    buzz = np.sum([np.sin(2 * np.pi * 120 * k * at + rng.uniform(0, 6)) / k for k in range(1, 30)], axis=0)
    syllables = np.clip(np.sin(2 * np.pi * 4 * at), 0, 1) * (np.sin(2 * np.pi * at / 3.1) > -0.6)  # noqa: PLR2004 - pauses
    return np.asarray(0.1 * (buzz + rng.normal(0, 0.3, at.size)) * syllables, np.float32)


def music(seconds: float, rate: int = RATE) -> Sound:
    """Give chords, two a second."""
    roots = [220 * 2 ** (step / 12) for step in (0, 5, 7, 3, 8, 10)]
    chords = [sum(tone(0.5, roots[n % 6] * part, rate) for part in (1, 1.25, 1.5)) / 3 for n in range(int(seconds * 2) + 1)]
    return np.concatenate(chords)[: round(seconds * rate)].astype(np.float32)


def wav(sound: Sound, rate: int = RATE, channels: int = 1) -> bytes:
    """Give a WAV file of 16 bits."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat((np.clip(sound, -1, 1) * 32767).astype("<i2"), channels).tobytes())
    return out.getvalue()


def photographs(size: tuple[int, int] = (320, 240), number: int = len(PHOTOGRAPHS)) -> list[Pixels]:
    """Give photographs, cropped and scaled to one width and height; needs scikit-image."""
    import skimage.data
    from PIL import Image, ImageOps

    folder = Path(skimage.data.__file__).parent
    pictures = (Image.open(folder / name).convert("RGB") for name in PHOTOGRAPHS[:number])
    return [np.asarray(ImageOps.fit(one, size)) for one in pictures]


def held(pictures: Iterable[Pixels], frames: int = 50) -> Iterator[Pixels]:
    """Give each picture for so many frames, drifting slowly as a hand-held camera does: one shot each."""
    for picture in pictures:
        for number in range(frames):
            yield np.ascontiguousarray(np.roll(picture, number // 5, axis=1))


def chart(size: tuple[int, int] = (320, 240), number: int = 0) -> Pixels:
    """Give a picture of coloured stripes, dark at its top and light at its bottom, that needs no other package."""
    width, height = size
    across = (np.arange(width)[None, :] * 6 // width + number) % 6
    colours = np.array([[255, 64, 64], [64, 255, 64], [64, 64, 255], [255, 255, 64], [255, 64, 255], [64, 255, 255]])
    shade = np.linspace(0.3, 1, height)[:, None, None]
    return np.asarray(colours[np.repeat(across, height, axis=0)] * shade, np.uint8)


def audio(
    sound: Sound,
    *,
    form: str = "mp3",
    codec: str | None = None,
    rate: int = RATE,
    tags: Mapping[str, str] | None = None,
    chapters: Sequence[Cue] = (),
    cover: bytes | None = None,
    layout: str = "mono",
    language: str | None = None,
    options: Mapping[str, str] | None = None,
) -> bytes:
    """Give a sound file.

    Args:
        sound: What is heard.
        form: FFmpeg's name of the container.
        codec: FFmpeg's name of the encoder; None for the usual one of the container.
        rate: Samples a second of ``sound``, and of the file where its codec takes them.
        tags: Of the whole file.
        chapters: With their titles.
        cover: A JPEG that is attached.
        layout: Channels, as FFmpeg names them.
        language: ISO 639-2 code.
        options: Of the container.
    """
    with _file() as path:
        with av.open(str(path), "w", form, options=dict(options or {})) as container:
            container.metadata.update(tags or {})
            stream = _sound_stream(container, codec or container.default_audio_codec, rate, layout, language)
            picture = None if cover is None else _cover_stream(container)
            if chapters:
                container.set_chapters([_chapter(number, *cue) for number, cue in enumerate(chapters)])
            container.start_encoding()
            if picture is not None and cover is not None:
                container.mux(_packet(picture, cover, 0, 1))
            _mux(container, [_sound_packets(stream, sound, rate)])
        return path.read_bytes()


def video(
    frames: Iterable[Pixels],
    *,
    form: str = "mp4",
    codec: str = "libx264",
    fps: float | Fraction = 25,
    pixels: str = "yuv420p",
    keys: int = 50,
    rotation: int = 0,
    times: Iterable[float] | None = None,
    sound: Sound | None = None,
    sound_codec: str | None = None,
    sounds: int = 1,
    rate: int = 48_000,
    languages: Sequence[str] = (),
    subtitles: Mapping[str, Sequence[Cue]] | None = None,
    tags: Mapping[str, str] | None = None,
    chapters: Sequence[Cue] = (),
    options: Mapping[str, str] | None = None,
    encoding: Mapping[str, str] | None = None,
) -> bytes:
    """Give a video file.

    Args:
        frames: All of one size; read one by one.
        form: FFmpeg's name of the container.
        codec: FFmpeg's name of the encoder.
        fps: Frames a second.
        pixels: FFmpeg's name of the pixel format, of which there are odd ones.
        keys: Frames from one keyframe to the next.
        rotation: Degrees clockwise by which a player turns the picture.
        times: Seconds at which each frame is shown, for a variable frame rate.
        sound: What is heard, one channel at ``rate``; None for none.
        sound_codec: FFmpeg's name of the encoder; None for the usual one of the container.
        sounds: Sound tracks, all alike.
        rate: Samples a second of ``sound``.
        languages: ISO 639-2 codes of the sound tracks.
        subtitles: Language to cues, a track each; for the containers ``mp4``, ``mov``, ``matroska`` and ``webm``.
        tags: Of the whole file: ``creation_time``, ``location``, ``title``, and so on.
        chapters: With their titles.
        options: Of the container.
        encoding: Options of the encoder of pictures.
    """
    moving = iter(frames)
    first = next(moving)
    with _file() as path:
        with av.open(str(path), "w", form, options=dict(options or {})) as container:
            container.metadata.update(tags or {})
            picture = _picture_stream(
                container, codec, fps=fps, first=first, pixels=pixels, keys=keys, encoding=dict(encoding or {})
            )
            if rotation:
                picture.set_display_rotation(-rotation)
            kind = sound_codec or container.default_audio_codec
            heard = (
                []
                if sound is None
                else [
                    _sound_stream(container, kind, rate, "mono", languages[n] if n < len(languages) else None)
                    for n in range(sounds)
                ]
            )
            written = [_cue_stream(container, form, language) for language in subtitles or ()]
            if chapters:
                container.set_chapters([_chapter(number, *cue) for number, cue in enumerate(chapters)])
            container.start_encoding()
            _mux(
                container,
                [
                    _picture_packets(picture, _chained(first, moving), fps, times),
                    *(_sound_packets(one, sound, rate) for one in heard if sound is not None),
                    *(_cue_packets(one, form, cues) for one, cues in zip(written, (subtitles or {}).values(), strict=True)),
                ],
            )
        return path.read_bytes()


def ten_streams(seconds: float = 2.0) -> bytes:
    """Give a Matroska file with a picture, six sound tracks and three of subtitles, each in a language."""
    spoken = ("eng", "ger", "fre", "spa", "ita", "jpn")
    cues = {language: [(0.5, 1.5, f"Words in {language}")] for language in ("eng", "ger", "fre")}
    frames = (chart() for _ in range(round(seconds * 25)))
    return video(frames, form="matroska", sound=tone(seconds, rate=48_000), sounds=6, languages=spoken, subtitles=cues)


def truncated(data: bytes, share: float = 0.5) -> bytes:
    """Give the beginning of a file."""
    return data[: int(len(data) * share)]


def changed(data: bytes, number: int = 20, seed: int = 0) -> bytes:
    """Give a file in which so many bits are flipped at random places."""
    rng, made = Random(seed), bytearray(data)  # noqa: S311 - not for secrets
    for _ in range(number):
        made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


def zeroed(data: bytes, start: float, end: float) -> bytes:
    """Give a file that is zeros between two places, told as shares of its length, as after a broken copy."""
    first, last = int(len(data) * start), int(len(data) * end)
    return data[:first] + bytes(last - first) + data[last:]


def broken_times(seconds: float = 6.0, back: float = 1000.0) -> bytes:
    """Give a transport stream whose clock jumps back in its middle, as where two recordings were put end to end."""
    half = round(seconds / 2 * 25)
    first = video((chart(number=n // 25) for n in range(half)), form="mpegts", times=(back + n / 25 for n in range(half)))
    second = video((chart(number=3 + n // 25) for n in range(half)), form="mpegts")
    return first + second


@contextmanager
def _file() -> Iterator[Path]:
    """Give a place for a file: some containers are read again while they are written."""
    with TemporaryDirectory(prefix="strongroom-") as folder:
        yield Path(folder, "recording")


def _picture_stream(
    container: OutputContainer,
    codec: str,
    *,
    fps: float | Fraction,
    first: Pixels,
    pixels: str,
    keys: int,
    encoding: dict[str, str],
) -> VideoStream:
    quick = {"preset": "ultrafast"} if codec in ("libx264", "libx265") else {}
    stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001), options=quick | encoding)
    if not isinstance(stream, VideoStream):
        raise TypeError(f"{codec} does not encode pictures")
    stream.height, stream.width = first.shape[:2]
    stream.pix_fmt = pixels
    stream.gop_size = keys
    stream.thread_count = 1
    return stream


def _sound_stream(container: OutputContainer, codec: str, rate: int, layout: str, language: str | None) -> AudioStream:
    stream = container.add_stream(codec, rate=rate)
    if not isinstance(stream, AudioStream):
        raise TypeError(f"{codec} does not encode sound")
    stream.layout = layout
    if language:
        stream.metadata["language"] = language
    return stream


def _cover_stream(container: OutputContainer) -> Stream:
    stream = container.add_mux_stream("mjpeg", width=300, height=300, pix_fmt="yuvj420p")
    stream.disposition = Disposition.attached_pic
    return stream


def _cue_stream(container: OutputContainer, form: str, language: str) -> Stream:
    codec = {"mp4": "mov_text", "mov": "mov_text", "webm": "webvtt"}.get(form, "subrip")
    stream = container.add_mux_stream(codec)
    stream.metadata["language"] = language
    stream.time_base = Fraction(1, 1000)
    return stream


def _chapter(number: int, start: float, end: float, title: str) -> "Chapter":
    return {
        "id": number,
        "start": round(start * 1000),
        "end": round(end * 1000),
        "time_base": Fraction(1, 1000),
        "metadata": {"title": title},
    }


def _chained(first: Pixels, rest: Iterator[Pixels]) -> Iterator[Pixels]:
    yield first
    yield from rest


def _mux(container: OutputContainer, tracks: "list[Iterator[tuple[float, Packet[Any]]]]") -> None:
    """Write the packets of all tracks in order of time."""
    for _, packet in merge(*tracks, key=lambda one: one[0]):
        container.mux(packet)


def _picture_packets(
    stream: VideoStream, frames: Iterable[Pixels], fps: float | Fraction, times: Iterable[float] | None
) -> "Iterator[tuple[float, Packet[Any]]]":
    shown, base, now = iter(times or (number / float(fps) for number in count())), Fraction(1, _TICKS), 0.0
    if times is not None:
        stream.codec_context.time_base = base
    for pixels in frames:
        frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
        now = next(shown)
        frame.time_base = base if times is not None else 1 / Fraction(fps).limit_denominator(1001)
        frame.pts = round(now / frame.time_base)
        for packet in stream.encode(frame):
            yield now, packet
    for packet in stream.encode(None):
        yield now, packet


def _sound_packets(stream: AudioStream, sound: NDArray[np.float32], rate: int) -> "Iterator[tuple[float, Packet[Any]]]":
    for start in range(0, len(sound), _BLOCK):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[None, start : start + _BLOCK]), "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        for packet in stream.encode(frame):
            yield start / rate, packet
    for packet in stream.encode(None):
        yield len(sound) / rate, packet


def _cue_packets(stream: Stream, form: str, cues: Sequence[Cue]) -> "Iterator[tuple[float, Packet[Any]]]":
    """3GPP timed text tells its length first (ETSI TS 126 245, 5.17)."""
    for start, end, words in cues:
        raw = words.encode()
        data = len(raw).to_bytes(2, "big") + raw if form in ("mp4", "mov") else raw
        yield start, _packet(stream, data, round(start * 1000), round((end - start) * 1000), Fraction(1, 1000))


def _packet(stream: Stream, data: bytes, at: int, lasting: int, base: Fraction = Fraction(1, 1000)) -> "Packet[Any]":
    packet = av.Packet(data)
    packet.stream = stream
    packet.time_base = base
    packet.pts = packet.dts = at
    packet.duration = lasting
    packet.is_keyframe = True
    return packet
