"""Get Blob and Get Blob Properties.

https://learn.microsoft.com/rest/api/storageservices/get-blob
"""

from dataclasses import dataclass
from hashlib import md5
from typing import BinaryIO

from strongroom.domain.blob import Look
from strongroom.domain.tier import ARCHIVE
from strongroom.server.azure.call import Call, Reply, Stream
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire import structured
from strongroom.server.azure.wire.checksums import Crc64
from strongroom.server.azure.wire.conditions import read_condition_of
from strongroom.server.azure.wire.headers import base64
from strongroom.server.azure.wire.properties import md5_headers, property_headers
from strongroom.server.azure.wire.ranges import asked, begins_at, wanted
from strongroom.server.azure.wire.traits import refuse_keys
from strongroom.server.azure.wire.versions import version_of

MOST_SUMMED = 4 << 20
"""Bytes of a range whose MD5 or CRC-64 can be asked for."""

WITH_MD5 = "x-ms-range-get-content-md5"
WITH_CRC64 = "x-ms-range-get-content-crc64"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """What is asked of a blob's bytes."""

    text: str | None
    """The range header; None for all of it."""
    sum_: str | None
    """The header that asks for a checksum of the range."""

    def __call__(self, look: Look) -> tuple[int, int]:
        """Give first byte and length."""
        if look.blob.tier == ARCHIVE:
            raise Fault("BlobArchived")
        found = self.part(look)
        start, length = (0, look.blob.size) if found is None else found
        if self.sum_ is not None and found is not None and length > MOST_SUMMED:
            raise Fault("InvalidHeaderValue", HeaderName=self.sum_, HeaderValue="true")
        return start, length

    def part(self, look: Look) -> tuple[int, int] | None:
        """Give the range, None for the whole: a range that is none is as good as absent (RFC 9110, 14.2).

        Of a page blob, nothing is given of a range that begins at the very end, as by Azurite: it may just have shrunk.
        """
        if self.text is None:
            return None
        size = look.blob.size
        if look.blob.kind == "page" and size and begins_at(self.text, size):
            return size, 0
        return wanted(self.text, size)


def get_blob(call: Call) -> Reply:
    """Get blob."""
    refuse_keys(call.request.headers)
    structured.is_asked(call.request.headers)
    container = call.container()
    cut = Cut(text=asked(call.request.headers), sum_=_sum_of(call))
    condition = read_condition_of(call.request.headers)
    look, source = call.vault.fetch(container, call.name, version_of(call.request.query), condition=condition, cut=cut)
    blob, part = look.blob, cut.part(look)
    told = property_headers(
        blob,
        look.lease,
        keeps_versions=container.keeps_versions,
        blocks=look.blocks,
        overrides=call.identity.response_headers,
        is_read=True,
    )
    told += md5_headers(blob, "x-ms-blob-content-md5")
    start, size = part or (0, blob.size)
    if part is not None:
        told.append(("content-range", f"bytes {start}-{start + size - 1}/{blob.size}"))
    else:
        told += md5_headers(blob)
    if cut.sum_ is not None and part is not None:
        data = _all(source, size)
        return Reply(status=206, headers=[*told, ("content-length", str(size)), _sum_header(cut.sum_, data)], body=data)
    return _sent(call, 200 if part is None else 206, told, Stream(source=source, length=size))


def _sent(call: Call, status: int, told: list[tuple[str, str]], body: Stream) -> Reply:
    """Send bytes as they are, or as a structured message where that is asked for."""
    if structured.is_asked(call.request.headers):
        told += [*structured.told(call.request.headers), (structured.LENGTH, str(body.length))]
        body = Stream(source=structured.encoded(body.source, body.length), length=structured.message_length(body.length))
    return Reply(status=status, headers=[*told, ("content-length", str(body.length))], body=body)


def _all(source: BinaryIO, size: int) -> bytes:
    with source:
        return source.read(size)


def _sum_of(call: Call) -> str | None:
    """Give the header that asks for a checksum of a range.

    Raises:
        Fault: There are two, or no range (``InvalidHeaderValue``).
    """
    found = [name for name in (WITH_MD5, WITH_CRC64) if (call.header(name) or "").lower() == "true"]
    if len(found) > 1 or (found and asked(call.request.headers) is None):
        raise Fault("InvalidHeaderValue", HeaderName=found[0], HeaderValue="true")
    return found[0] if found else None


def _sum_header(which: str, data: bytes) -> tuple[str, str]:
    if which == WITH_MD5:
        return "content-md5", base64(md5(data, usedforsecurity=False).digest())
    crc = Crc64()
    crc.update(data)
    return "x-ms-content-crc64", base64(crc.digest())


def get_blob_properties(call: Call) -> Reply:
    """Get blob properties."""
    refuse_keys(call.request.headers)
    container = call.container()
    condition = read_condition_of(call.request.headers)
    look = call.vault.look(container, call.name, version_of(call.request.query), condition=condition)
    told = property_headers(
        look.blob,
        look.lease,
        keeps_versions=container.keeps_versions,
        blocks=look.blocks,
        overrides=call.identity.response_headers,
    )
    return Reply(status=200, headers=[("content-length", str(look.blob.size)), *told, *md5_headers(look.blob)])
