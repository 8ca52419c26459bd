"""Metadata, HTTP headers and tier of blobs.

https://learn.microsoft.com/rest/api/storageservices/set-blob-metadata, ``set-blob-properties`` and ``set-blob-tier``.
"""

from base64 import b64decode
from binascii import Error as Base64Error

from strongroom.domain import tier as tiers
from strongroom.domain.pages import PAGE
from strongroom.errors import ConditionFailed
from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.conditions import condition_of, read_condition_of, read_fault
from strongroom.server.azure.wire.headers import KEPT, changed_headers, checked, kept_of, metadata_headers, metadata_of
from strongroom.server.azure.wire.versions import version_headers, version_of
from strongroom.storage.catalog.pages import INCREMENT, MAX, UPDATE
from strongroom.vault import KeptHeaders

TYPE, MD5 = "x-ms-blob-content-type", "x-ms-blob-content-md5"
LENGTH, ACTION, NUMBER = "x-ms-blob-content-length", "x-ms-sequence-number-action", "x-ms-blob-sequence-number"
PRIORITIES = ("standard", "high")
"""How soon an archived blob is wanted: here it is there at once either way."""


def get_blob_metadata(call: Call) -> Reply:
    """Give a blob's metadata."""
    version = version_of(call.request.query)
    container = call.container()
    try:
        look = call.vault.look(container, call.name, version, condition=read_condition_of(call.request.headers))
    except ConditionFailed as error:
        raise read_fault(error) from error
    headers = [*changed_headers(look.blob), *metadata_headers(look.blob.metadata), *version_headers(container, look.blob)]
    return Reply(status=200, headers=headers)


def set_blob_metadata(call: Call) -> Reply:
    """Give a blob other metadata."""
    metadata = metadata_of(call.request.headers)
    container = call.container()
    blob = call.vault.set_metadata(container, call.name, metadata, condition_of(call.request.headers))
    headers = [*changed_headers(blob), ("x-ms-request-server-encrypted", "true"), *version_headers(container, blob)]
    return Reply(status=200, headers=headers)


def set_blob_properties(call: Call) -> Reply:
    """Give a blob other HTTP headers; a page blob also another size or sequence number.

    One header that is given sets all: those that are not given are cleared.
    """
    size = _number(call, LENGTH)
    if size is not None and size % PAGE:
        raise Fault("InvalidOperation", f"{LENGTH} must be aligned to a {PAGE}-byte boundary.")
    counting = _counting(call)
    names = (*KEPT, TYPE, MD5)
    is_about_headers = any(call.header(name) for name in names) or (size is None and counting is None)
    blob = call.vault.set_properties(
        call.container(),
        call.name,
        _headers(call) if is_about_headers else None,
        size=size,
        counting=counting,
        condition=condition_of(call.request.headers),
    )
    number = [(NUMBER, str(blob.sequence_number))] if blob.kind == "page" else []
    return Reply(status=200, headers=[*changed_headers(blob), *number])


def _headers(call: Call) -> KeptHeaders:
    given = call.header(MD5)
    try:
        md5 = None if given is None else b64decode(given, validate=True)  # of any length, as Azurite takes it
    except (Base64Error, ValueError):
        raise Fault("InvalidMd5", HeaderName=MD5, HeaderValue=given or "") from None
    content_type = checked(TYPE, call.header(TYPE) or "")
    return KeptHeaders(content_type=content_type, md5=md5, further=kept_of(call.request.headers))


def _number(call: Call, name: str) -> int | None:
    text = call.header(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19):  # noqa: PLR2004 - digits of 2^63
        raise Fault("InvalidHeaderValue", HeaderName=name, HeaderValue=text)
    return int(text)


def _counting(call: Call) -> tuple[str, int | None] | None:
    action = (call.header(ACTION) or "").lower()
    number = _number(call, NUMBER)
    if not action:
        return None
    wrong = None
    if action not in (MAX, UPDATE, INCREMENT):
        wrong = "Unsupported x-ms-sequence-number-action value."
    elif action == INCREMENT and number is not None:
        wrong = f"{NUMBER} cannot be provided when {ACTION} is set to increment."
    elif action != INCREMENT and number is None:
        wrong = f"{NUMBER} is required when {ACTION} is set to {action}."
    if wrong is not None:
        call.vault.look(call.container(), call.name)  # what is missing is told first
        raise Fault("InvalidOperation", wrong)
    return action, number


def set_blob_tier(call: Call) -> Reply:
    """Put a blob, or one version of it, into another tier."""
    given = call.header("x-ms-access-tier")
    if given is None:
        raise Fault("MissingRequiredHeader", HeaderName="x-ms-access-tier")
    priority = call.header("x-ms-rehydrate-priority")
    if priority is not None and priority.lower() not in PRIORITIES:
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-rehydrate-priority", HeaderValue=priority)
    tier = tiers.spelt(given)
    if tier is None:
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-access-tier", HeaderValue=given)
    _, is_back = call.vault.set_tier(
        call.container(),
        call.name,
        tier,
        version=version_of(call.request.query),
        condition=condition_of(call.request.headers),
    )
    return Reply(status=202 if is_back else 200)
