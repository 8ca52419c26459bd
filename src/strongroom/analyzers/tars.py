"""Tar archives, read once from front to back in constant memory."""

import tarfile
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, cast

from strongroom.analyzers import names
from strongroom.analyzers.bounds import CHUNK, ODDITIES, Meter
from strongroom.analyzers.streams import Forward
from strongroom.domain.findings import Finding, Member, Problem, Property
from strongroom.errors import AnalysisError, StorageError, Unreadable

_BAD = (tarfile.TarError, *ODDITIES)
_LISTED = 5000
_KINDS = (("isdir", ""), ("issym", "symbolic link"), ("islnk", "hard link"), ("isdev", "device"))


def is_tar(head: bytes) -> bool:
    """Say whether bytes begin a tar archive: a header whose checksum holds."""
    if len(head) < tarfile.BLOCKSIZE or not head[0]:
        return False
    try:
        tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return False
    return True


def read(opened: Forward, meter: Meter) -> Iterator[Finding]:
    """Yield the members of a tar archive, their names, and what was left out.

    Args:
        opened: The archive, uncompressed.
        meter: Counts what it unfolds to.

    Raises:
        Unreadable: It is no tar archive.
        LimitExceeded: A bound is passed.
    """
    listed: list[str] = []
    left_out: Counter[str] = Counter()
    taken = names.Unique()
    walk = _Walk(opened)
    for archive, info in walk:
        meter.member()
        if not info.isfile():
            left_out.update(word for test, word in _KINDS if getattr(info, test)() and word)
            continue
        path = taken.take(names.clean(_name(info.name), len(listed) + 1))
        if len(listed) < _LISTED:
            listed.append(path)
        yield Member(path=path, chunks=meter.chunks(_data(archive, info)))
        meter.check()
    if listed:
        yield names.listing(listed)
    if left_out:
        yield Property(name="left-out", value=", ".join(f"{n} {word}{'s' * (n > 1)}" for word, n in left_out.items()))
    if walk.problem:
        yield Problem(reason=walk.problem)


class _Walk:
    """The entries of a tar archive, up to its end or its first damage."""

    def __init__(self, opened: Forward) -> None:
        self._opened = opened
        self.problem: str | None = None

    def __iter__(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        try:
            archive = tarfile.TarFile(fileobj=cast("BinaryIO", self._opened), errors="surrogateescape")
        except _BAD as error:
            raise _as_analysis(error, "it is not a tar archive, or its beginning is damaged") from error
        while True:
            try:
                info = archive.next()
            except _BAD as error:
                failure = _as_analysis(error, "the archive breaks off or is damaged here; what lies before it was read")
                if not isinstance(failure, Unreadable):
                    raise failure from error
                self.problem = str(failure)
                return
            if info is None:
                self.problem = _unended(archive, self._opened)
                return
            archive.members.clear()  # type: ignore[attr-defined]  # tarfile keeps each entry; a walk need not
            yield archive, info


def _unended(archive: tarfile.TarFile, opened: Forward) -> str | None:
    """Say what is wrong where tarfile stopped, unless it stopped at the end: it takes any damaged header for one."""
    opened.seek(archive.offset)
    block = opened.read(tarfile.BLOCKSIZE)
    return "a header in the archive is damaged; what lies before it was read" if block.strip(b"\0") else None


def _name(name: str) -> str:
    raw = name.encode("utf-8", "surrogateescape")
    return names.decode(raw, "latin-1")


def _data(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    """Give a member's bytes.

    Raises:
        Unreadable: They break off.
    """
    try:
        member = archive.extractfile(info)
        assert member is not None
        while chunk := member.read(CHUNK):
            yield chunk
    except _BAD as error:
        raise _as_analysis(error, "its data breaks off") from error


def _as_analysis(error: BaseException, reason: str) -> Exception:
    """Give what to raise for a reader's error: our own errors and failing storage as they are."""
    if isinstance(error, (AnalysisError, StorageError)):
        return error
    return Unreadable(f"{reason} ({error})")
