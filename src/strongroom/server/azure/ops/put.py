"""Put Blob, for block, append and page blobs.

https://learn.microsoft.com/rest/api/storageservices/put-blob
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from strongroom.domain.chunk import Chunk
from strongroom.domain.condition import ANY, Condition
from strongroom.domain.pages import PAGE
from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire import structured
from strongroom.server.azure.wire.checksums import Checksum
from strongroom.server.azure.wire.conditions import condition_of, making
from strongroom.server.azure.wire.headers import md5_of
from strongroom.server.azure.wire.properties import KINDS, md5_headers
from strongroom.server.azure.wire.traits import made_headers, need_stored, page_tier_of, refuse_keys, traits_of
from strongroom.vault import Traits

MOST_BYTES = 5000 << 20
"""Bytes of a block blob that is written whole."""
MOST_PAGED = 8 << 40
"""Bytes of a page blob."""
HIGHEST_NUMBER = (1 << 63) - 1

TYPE = "x-ms-blob-type"
LENGTH = "x-ms-blob-content-length"
NUMBER = "x-ms-blob-sequence-number"


def put_blob(call: Call) -> Reply:
    """Put blob."""
    kind = _kind(call)
    need_length(call)
    refuse_keys(call.request.headers)
    container = call.container()
    need_stored(container)
    traits = traits_of(call.request.headers, kind, is_whole=True)
    condition = new_only(call, condition_of(call.request.headers))
    checksum = Checksum({**call.request.headers, "content-md5": ""})
    if kind == "block":
        traits = stated(call.request.headers, traits)
        source = checksum.through(limited(call, MOST_BYTES))
    else:
        need_empty(call, KINDS[kind])
        traits = _paged(call, traits) if kind == "page" else traits
        source = iter(())
    with making():
        blob = call.vault.put(container, call.name, source, traits=traits, condition=condition, with_md5=kind == "block")
    told = [*made_headers(container, blob), *md5_headers(blob), *checksum.headers(), *structured.told(call.request.headers)]
    return Reply(status=201, headers=told)


def new_only(call: Call, condition: Condition) -> Condition:
    """Let who may only create (``c`` without ``w``) replace nothing, not even what came between the check and the write."""
    letters = call.identity.permissions
    return condition if letters is None or "w" in letters else replace(condition, if_match=None, if_none_match=ANY)


def _kind(call: Call) -> str:
    text = call.header(TYPE)
    if text is None:
        raise Fault("MissingRequiredHeader", HeaderName=TYPE)
    for kind, name in KINDS.items():
        if name.lower() == text.lower():
            return kind
    raise Fault("InvalidHeaderValue", HeaderName=TYPE, HeaderValue=text)


def stated(headers: Mapping[str, str], traits: Traits) -> Traits:
    """Take the MD5 that is stated for the way as that of the blob, where none is: both are of all its bytes.

    Raises:
        Fault: It cannot be read, or a CRC is stated too (``InvalidMd5``, ``BothCrc64AndMd5HeaderPresent``).
    """
    sent = md5_of(headers.get("content-md5"))
    if sent is not None and headers.get("x-ms-content-crc64"):
        raise Fault("BothCrc64AndMd5HeaderPresent")
    return traits if sent is None or traits.md5 is not None else replace(traits, md5=sent)


def _paged(call: Call, traits: Traits) -> Traits:
    if call.header(LENGTH) is None:
        raise Fault("MissingRequiredHeader", HeaderName=LENGTH)
    size = number_of(call, LENGTH, MOST_PAGED) or 0
    if size % PAGE:
        raise Fault("InvalidOperation", f"{LENGTH} must be aligned to a {PAGE}-byte boundary.")
    tier = page_tier_of(call.header("x-ms-access-tier"), size)
    return replace(traits, size=size, sequence_number=number_of(call, NUMBER, HIGHEST_NUMBER) or 0, tier=tier)


def number_of(call: Call, name: str, most: int) -> int | None:
    """Read a header that is a whole number; None where it is not there.

    Raises:
        Fault: It is none, or too high (``InvalidHeaderValue``).
    """
    text = call.header(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > most:
        raise Fault("InvalidHeaderValue", HeaderName=name, HeaderValue=text)
    return int(text)


def need_length(call: Call) -> None:
    """Refuse a write that does not say how long its body is.

    Raises:
        Fault: It does not (``MissingContentLengthHeader``).
    """
    if "content-length" not in call.request.headers and "transfer-encoding" not in call.request.headers:
        raise Fault("MissingContentLengthHeader")


def need_empty(call: Call, what: str) -> None:
    """Refuse a body.

    Raises:
        Fault: There is one (``InvalidOperation``).
    """
    body = call.request.body
    if body.length or (body.length is None and any(body.chunks())):
        raise Fault("InvalidOperation", f"Content-Length must be 0 for Create {what} request.")


def limited(call: Call, most: int) -> Iterator[Chunk]:
    """Give the body, of at most some bytes: refused before any is read where the length is told, and on the way else.

    Raises:
        Fault: It is longer (``RequestBodyTooLarge``), or see `structured.decoded`.
    """
    size = call.request.body.length
    if structured.is_asked(call.request.headers):
        size = number_of(call, structured.LENGTH, HIGHEST_NUMBER)
        if size is None:
            raise Fault("MissingRequiredHeader", HeaderName=structured.LENGTH)
    if (size or 0) > most:
        raise Fault("RequestBodyTooLarge", MaxLimit=str(most))
    if structured.is_asked(call.request.headers):
        return structured.decoded(call.request.body.chunks(), size or 0)
    return _counted(call.request.body.chunks(), most)


def _counted(chunks: Iterable[Chunk], most: int) -> Iterator[Chunk]:
    left = most
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise Fault("RequestBodyTooLarge", MaxLimit=str(most))
        yield chunk
