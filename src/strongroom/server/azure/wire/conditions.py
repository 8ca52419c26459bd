"""Conditional headers, of the request's own blob and of a copy's source.

https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations
"""

from collections.abc import Mapping
from datetime import datetime

from strongroom.domain.condition import Condition, TagTest
from strongroom.domain.tag_query import read_test
from strongroom.errors import ConditionFailed, QueryError
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.headers import read_date


def condition_of(headers: Mapping[str, str]) -> Condition:
    """Give what the request's own headers ask of its blob or container, the lease included.

    Raises:
        Fault: A header cannot be read.
    """
    return _condition(headers, "if-{}", "x-ms-if-tags", headers.get("x-ms-lease-id") or None)


def source_condition_of(headers: Mapping[str, str]) -> Condition:
    """Give what the headers ask of the source of a copy.

    Raises:
        Fault: A header cannot be read.
    """
    return _condition(headers, "x-ms-source-if-{}", "x-ms-source-if-tags", headers.get("x-ms-source-lease-id") or None)


def _condition(headers: Mapping[str, str], form: str, tags: str, lease_id: str | None) -> Condition:
    def date(which: str) -> datetime | None:
        name = form.format(which)
        text = headers.get(name)
        return read_date(text, name) if text else None

    return Condition(
        if_match=_etag(headers.get(form.format("match"))),
        if_none_match=_etag(headers.get(form.format("none-match"))),
        if_modified_since=date("modified-since"),
        if_unmodified_since=date("unmodified-since"),
        if_tags=_tag_test(headers.get(tags)),
        lease_id=lease_id,
    )


def _etag(text: str | None) -> str | None:
    return None if not text else text.strip().removeprefix("W/").strip('"') or None


def _tag_test(text: str | None) -> TagTest | None:
    if not text:
        return None
    try:
        return read_test(text)
    except QueryError as error:
        raise Fault("InvalidHeaderValue", str(error), HeaderName="x-ms-if-tags", HeaderValue=text) from error


def read_fault(error: ConditionFailed) -> Fault:
    """Give the fault of a condition that does not hold for a read: 304 where the reader has it already."""
    if error.code in ("NotModified", "BlobAlreadyExists"):
        return Fault("NotModified")
    return Fault(error.code or "ConditionNotMet")


def write_fault(error: ConditionFailed) -> Fault:
    """Give the fault of a condition that does not hold for a write that would not make the blob."""
    if error.code in ("NotModified", "BlobAlreadyExists"):
        return Fault("ConditionNotMet")
    return Fault(error.code or "ConditionNotMet")
