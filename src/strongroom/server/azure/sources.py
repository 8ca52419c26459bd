"""The source of a copy: a blob of this room, or what another server gives; told apart, looked at, read."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from strongroom.domain.blob import Blob, Look
from strongroom.domain.container import MOUNTED, Container
from strongroom.errors import BlobNotFound, ConditionFailed, ContainerNotFound, NameRefused, StorageError
from strongroom.server.azure.call import Call
from strongroom.server.azure.faults import Fault, source_fault
from strongroom.server.azure.fetching import Fetched, fetch, too_large
from strongroom.server.azure.outside import Target
from strongroom.server.azure.wire.conditions import source_condition_of
from strongroom.server.azure.wire.versions import version_of
from strongroom.storage.names import check_blob_name, check_container_name

HEADER = "x-ms-copy-source"
RANGE = "x-ms-source-range"
TOKEN = "x-ms-copy-source-authorization"  # noqa: S105 - a header's name

CHUNK = 1 << 20
SECONDS = 600.0
"""How long another server may take for what is copied while the client waits."""
CONDITIONS = ("match", "none-match", "modified-since", "unmodified-since")

Span = tuple[int, int | None]
"""First byte, and the one behind the last; None for the end."""

_RANGE = re.compile(r"bytes=(\d{1,19})-(\d{0,19})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """A blob of this room that who asks may read."""

    container: Container
    """Where."""
    name: str
    """Its name."""
    version: str | None
    """The version or snapshot; None for the current one."""
    is_signed: bool
    """Whether the URL has a signature of its own."""

    @property
    def is_stored(self) -> bool:
        """Whether its bytes are in the vault, so that none need be moved."""
        return self.container.kind != MOUNTED

    @property
    def key(self) -> tuple[Container, str, str | None]:
        """What the vault copies by."""
        return self.container, self.name, self.version


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A source whose bytes are about to come."""

    length: int | None
    """Bytes to come; None where that is not known."""
    headers: Mapping[str, str]
    """What another server told of it, by lower-case name; nothing for a blob of this room."""
    blob: Blob | None
    """The blob of this room."""
    chunks: Callable[[int, float], Iterator[bytes]]
    """Gives the bytes, of which there may be so many, within so many seconds; see `Fetched.chunks`."""
    close: Callable[[], None]
    """Lets it go."""
    stop: Callable[[], None] = lambda: None
    """Lets whoever reads in another thread fail soon."""


def source_of(call: Call) -> Inside | Target:
    """Give the source that a request names.

    Raises:
        Fault: It names none (``InvalidHeaderValue``), or one that may not be read (``CannotVerifyCopySource``).
    """
    url = call.header(HEADER) or ""
    try:
        found = call.sources(url)
    except ValueError:
        raise Fault("InvalidHeaderValue", HeaderName=HEADER, HeaderValue=shown(url)) from None
    if found is None:
        return call.outside.target(url)
    read = found.request
    is_signed = bool(read.query.get("sig"))
    try:
        container = call.vault.container(check_container_name(read.address.container), found.scope)
        name = check_blob_name(read.address.blob)
    except (ContainerNotFound, NameRefused) as error:
        missing = "ContainerNotFound" if isinstance(error, ContainerNotFound) else "BlobNotFound"
        raise not_there(missing, is_signed=is_signed) from None
    return Inside(container=container, name=name, version=version_of(read.query), is_signed=is_signed)


def not_there(code: str = "BlobNotFound", *, is_signed: bool) -> Fault:
    """Give the fault of a source that does not exist."""
    if is_signed:
        return source_fault(404, code, "The specified resource does not exist.")
    return Fault(code)


@contextmanager
def found(source: Inside) -> Iterator[None]:
    """Tell of a source that does not exist as the protocol does; nothing else in the block may look for a blob."""
    try:
        yield
    except BlobNotFound as error:
        raise not_there(is_signed=source.is_signed) from error


def shown(url: str) -> str:
    """Give a URL without what signs it."""
    parts = urlsplit(url)
    if not any(name.lower() == "sig" for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        return url
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() in ("snapshot", "versionid")]
    return urlunsplit(parts._replace(query=urlencode(kept, safe=":")))


def source_span(call: Call) -> Span:
    """Give the range of the source that is asked for.

    Raises:
        Fault: It is none (``InvalidHeaderValue``).
    """
    text = call.header(RANGE)
    if text is None:
        return 0, None
    range_ = _RANGE.fullmatch(text.strip())
    if not range_ or (range_[2] and int(range_[2]) < int(range_[1])):
        raise Fault("InvalidHeaderValue", HeaderName=RANGE, HeaderValue=text)
    return int(range_[1]), int(range_[2]) + 1 if range_[2] else None


def within(span: Span, size: int) -> tuple[int, int]:
    """Give first byte and length of what of a range there is.

    Raises:
        Fault: It begins beyond the end (``InvalidRange``).
    """
    start, end = span
    if start >= size and (start or end is not None):
        raise Fault("InvalidRange")
    return start, (size if end is None else min(end, size)) - start


def look(call: Call, source: Inside) -> Blob:
    """Give the blob of this room that is the source, where the conditions for it hold.

    Raises:
        Fault: There is none.
        ConditionFailed: They do not (``SourceConditionNotMet``).
    """
    with found(source), _of_source():
        blob = call.vault.look(*source.key, condition=source_condition_of(call.request.headers)).blob
    _check_readable(blob)
    return blob


def _check_readable(blob: Blob) -> None:
    if blob.tier == "Archive":
        raise Fault("BlobArchived")
    if blob.copy is not None and blob.copy.status == "pending":
        raise Fault("PendingCopyOperation")


@contextmanager
def _of_source() -> Iterator[None]:
    try:
        yield
    except ConditionFailed as error:
        if error.code == "UnsatisfiableCondition" or (error.code or "").startswith("Lease"):
            raise
        raise ConditionFailed(*error.args, code="SourceConditionNotMet") from error


def opened(call: Call, source: Inside | Target, span: Span = (0, None)) -> Opened:
    """Open a source, or a range of it; whoever asks for it closes it.

    Raises:
        Fault: It is not there, may not be read, or does not answer.
        ConditionFailed: A condition does not hold of it (``SourceConditionNotMet``).
    """
    return _inside(call, source, span) if isinstance(source, Inside) else _outside(call, source, span)


def _outside(call: Call, target: Target, span: Span) -> Opened:
    headers = {f"If-{one}": value for one in CONDITIONS if (value := call.header(f"x-ms-source-if-{one}"))}
    if token := call.header(TOKEN):
        headers["Authorization"] = token
        headers["x-ms-version"] = call.request.version
    fetched: Fetched = fetch(target, headers, None if span == (0, None) else span)
    return Opened(
        length=fetched.length, headers=fetched.headers, blob=None, chunks=fetched.chunks, close=fetched.close, stop=fetched.stop
    )


def _inside(call: Call, source: Inside, span: Span) -> Opened:
    cut: list[tuple[int, int]] = []

    def choose(one: Look) -> tuple[int, int]:
        _check_readable(one.blob)
        cut[:] = [within(span, one.blob.size)]
        return cut[0]

    with found(source), _of_source():
        condition = source_condition_of(call.request.headers)
        seen, stream = call.vault.fetch(*source.key, condition=condition, cut=choose)
    length = cut[0][1]

    def chunks(limit: int, seconds: float) -> Iterator[bytes]:
        del seconds
        if length > limit:
            raise too_large(limit)
        left = length
        while left:
            chunk = stream.read(min(CHUNK, left))
            if not chunk:
                raise StorageError("the source of the copy is shorter than it was: look for changes, then repeat")
            left -= len(chunk)
            yield chunk

    return Opened(length=length, headers={}, blob=seen.blob, chunks=chunks, close=stream.close)
