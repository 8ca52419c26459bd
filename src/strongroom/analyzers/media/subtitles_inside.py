"""Subtitles that lie in a recording: every stream of text, in its language."""

from collections.abc import Iterator

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard
from av.subtitles.stream import SubtitleStream

from strongroom.analyzers.media.frames import beginning
from strongroom.analyzers.media.opening import packets
from strongroom.analyzers.subtitles import Cue, gather, plain
from strongroom.domain import transcript
from strongroom.domain.findings import UTTERANCE, Finding, Problem, Rendition
from strongroom.domain.transcript import Utterance

ROLE = "subtitles-"
"""Begins the role of the renditions that hold subtitles, each those of one stream."""
MOST = 200_000
"""Cues of one stream that are read: a film has some 2,000."""
_PICTURES = frozenset({"dvd_subtitle", "dvdsub", "dvb_subtitle", "dvbsub", "hdmv_pgs_subtitle", "pgssub", "xsub"})
_SHOWN = 2.0
"""Seconds for which a cue is shown that does not say for how long."""
_HOUR = 3600.0
_CODES = """
ara=ar bul=bg cat=ca ces=cs cze=cs zho=zh chi=zh hrv=hr dan=da nld=nl dut=nl eng=en est=et fin=fi fra=fr fre=fr deu=de ger=de
ell=el gre=el heb=he hin=hi hun=hu isl=is ice=is ind=id gle=ga ita=it jpn=ja kor=ko lav=lv lit=lt nor=no nob=no fas=fa per=fa
pol=pl por=pt ron=ro rum=ro rus=ru slk=sk slo=sk slv=sl spa=es srp=sr swe=sv tha=th tur=tr ukr=uk vie=vi
"""
_TWO = dict(pair.split("=") for pair in _CODES.split())
"""ISO 639-2 codes, both kinds, and those of ISO 639-1 for the same languages."""


def read_subtitles(container: InputContainer) -> Iterator[Finding]:
    """Yield the subtitles of each stream as segments and as one rendition; those that are pictures are named as a problem.

    Args:
        container: Opened; it is read from its beginning.
    """
    streams = [one for one in container.streams.subtitles if one.codec_context is not None]
    pictures = [one for one in streams if one.codec_context.name in _PICTURES]
    if pictures:
        names = ", ".join(sorted({one.codec_context.name for one in pictures}))
        yield Problem(reason=f"{len(pictures)} of its subtitles are pictures ({names}), which are not read")
    texts = [one for one in streams if one not in pictures]
    if not texts:
        return
    cues, damaged = _read(container, texts)
    taken: set[str] = set()
    for stream in texts:
        if found := sorted(cues[stream.index]):
            name = _name(stream, taken)
            yield from gather(found, UTTERANCE, f"subtitles {name}")
            yield _rendition(found, name, _language(stream))
    if damaged:
        yield Problem(reason=f"{damaged:,} of its subtitles are damaged and were left out")


def _read(container: InputContainer, streams: list[SubtitleStream]) -> tuple[dict[int, list[Cue]], int]:
    """Read all streams at once, and nothing else of the file."""
    cues: dict[int, list[Cue]] = {one.index: [] for one in streams}
    for one in container.streams:
        one.discard = Discard.default if one.index in cues else Discard.all
    damaged = 0
    try:
        container.seek(0, backward=True)
        for packet in packets(container, *streams):
            stream = packet.stream
            if not packet.size or not isinstance(stream, SubtitleStream):
                continue
            try:
                cue = _cue(packet, stream, beginning(container))
            except (av.FFmpegError, ValueError):
                damaged += 1
                continue
            if cue is not None and len(cues[stream.index]) < MOST:
                cues[stream.index].append(cue)
    except av.FFmpegError:
        damaged += 1
    return cues, damaged


def _cue(packet: "Packet[SubtitleStream]", stream: SubtitleStream, zero: float) -> Cue | None:
    shown = stream.codec_context.decode2(packet)
    if shown is None or packet.pts is None:
        return None
    texts = [getattr(one, "dialogue", b"") or getattr(one, "text", b"") for one in shown.rects]
    whole = "\n".join(text.decode("utf-8", "replace") for text in texts).replace("\\N", "\n").replace("\\n", "\n")
    lines = [line for line in (plain(line).replace("\\h", " ") for line in whole.splitlines()) if line]
    if not lines:
        return None
    start = max(0.0, float(packet.pts * packet.time_base) - zero)
    length = float((packet.duration or 0) * packet.time_base) or shown.end_display_time / 1000
    return start, start + (length if 0 < length < _HOUR else _SHOWN), lines


def _language(stream: SubtitleStream) -> str | None:
    """Give the ISO 639-1 code of a stream's language, or what else it says; None where it says nothing."""
    said = (stream.language or stream.metadata.get("language") or "").lower()
    return None if said in ("", "und", "mis", "zxx") else _TWO.get(said[:3], said[:3])


def _name(stream: SubtitleStream, taken: set[str]) -> str:
    first = _language(stream) or str(stream.index)
    name = first if first not in taken else f"{first}.{stream.index}"
    taken.add(name)
    return name


def _rendition(cues: list[Cue], name: str, language: str | None) -> Rendition:
    said = (Utterance(text="\n".join(lines), t_start=start, t_end=end, language=language) for start, end, lines in cues)
    return Rendition(role=ROLE + name, media_type=transcript.MEDIA_TYPE, data=transcript.dump(said))
