"""Archives: their members become child contents, within bounds; names and notes are found as text."""

import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import PurePosixPath
from typing import BinaryIO

from strongroom.analyzers import names, sevenzip, streams, tars, zips
from strongroom.analyzers.bounds import Bounds, Meter
from strongroom.domain.analysis import AnalyzerSpec
from strongroom.domain.findings import Finding, Member, Problem
from strongroom.domain.media import ARCHIVE_TYPES
from strongroom.errors import AnalysisError, Unreadable, Unsupported
from strongroom.ports.source import Source
from strongroom.ports.tools import Tools

ZIP_TYPES = ("application/zip", "application/java-archive", "application/vnd.android.package-archive")
_ALIASES = {"application/x-gzip": "application/gzip", "application/x-zstd": "application/zstd"}
_ENDINGS = {".tgz": ".tar", ".tbz": ".tar", ".tbz2": ".tar", ".txz": ".tar", ".tzst": ".tar", ".svgz": ".svg"}
_STREAM_ENDINGS = frozenset({".gz", ".bz2", ".xz", ".zst", ".z", ".gzip"})
_GZIP_NAME, _GZIP_EXTRA = 8, 4


class ArchiveAnalyzer:
    """Opens zip, tar, 7z and single compressed streams; a bomb is refused with its reason."""

    spec = AnalyzerSpec(
        name="archive", version=1, accepts=tuple(dict.fromkeys((*ARCHIVE_TYPES, *ZIP_TYPES, *streams.MAKERS, *_ALIASES)))
    )

    def __init__(self, bounds: Bounds | None = None) -> None:
        """Take the bounds to keep.

        Args:
            bounds: What one archive may unfold to; the defaults of the settings where None.
        """
        self._bounds = bounds or Bounds()

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:
        """Yield members, their names as text, and a problem for each member that cannot be read.

        Raises:
            Unreadable: It is not an archive, or nothing in it can be read.
            Encrypted: Members need a password; the names were yielded.
            LimitExceeded: It is a bomb, or lies too deep.
        """
        del tools
        meter = Meter(source, self._bounds)
        media_type = _ALIASES.get(source.media_type, source.media_type)
        if media_type in ZIP_TYPES:
            yield from zips.read(source, meter, self._bounds)
        elif media_type == "application/x-7z-compressed":
            yield from sevenzip.read(source, meter)
        elif media_type == "application/x-tar":
            with source.open() as opened:
                yield from tars.read(streams.Forward(streams.blocks(opened)), meter)
        elif media_type in streams.MAKERS:
            with source.open() as opened:
                yield from self._stream(source, opened, media_type, meter)
        else:
            raise Unsupported(f"no reader for archives of type {source.media_type}")

    def _stream(self, source: Source, opened: BinaryIO, media_type: str, meter: Meter) -> Iterator[Finding]:
        """Read one compressed stream: a tar within it at once, so that it is not stored in between."""
        inner = _gzip_name(opened) if media_type == "application/gzip" else None
        opened.seek(0)
        chunks = streams.unfold(opened, streams.MAKERS[media_type])
        head = next(chunks, b"")
        rest = chain([head], chunks)
        if tars.is_tar(head):
            yield from tars.read(streams.Forward(rest), meter)
            return
        path = names.clean(inner or _stem(source.name), 1)
        meter.member()
        cut = _Cut(rest)
        yield names.listing([path])
        yield Member(path=path, chunks=meter.chunks(cut))
        meter.check()
        if cut.problem:
            yield Problem(reason=f"{path} is incomplete: {cut.problem}")


class _Cut:
    """Chunks up to the place where the data breaks off: what came before it is worth keeping."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.problem: AnalysisError | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._chunks
        except (Unreadable, zlib.error) as error:
            self.problem = Unreadable(str(error))


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if suffix in _ENDINGS:
        return path.stem + _ENDINGS[suffix]
    return path.stem if suffix in _STREAM_ENDINGS else "content"


def _gzip_name(opened: BinaryIO) -> str | None:
    """Give the file name in a gzip header (RFC 1952), None where there is none."""
    head = opened.read(1 << 17)
    if len(head) < 10 or not head[3] & _GZIP_NAME:  # noqa: PLR2004
        return None
    at = 10
    if head[3] & _GZIP_EXTRA:
        at += 2 + int.from_bytes(head[10:12], "little")
    end = head.find(b"\0", at, at + 1024)
    return names.decode(head[at:end], "latin-1") if end > at else None
