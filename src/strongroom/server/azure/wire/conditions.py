"""Conditional headers, of the request's own blob and of a copy's source.

https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from strongroom.domain.condition import ALWAYS, Condition, TagTest
from strongroom.domain.tag_query import read_test
from strongroom.errors import ConditionFailed, QueryError
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.headers import read_date

CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")
OWN = frozenset((*CONDITIONS, "x-ms-if-tags", "x-ms-lease-id"))
"""All headers that ask something of the request's own blob."""
PAIRS = ({"if-match", "if-unmodified-since"}, {"if-none-match", "if-modified-since"})
"""Conditions that may stand together in a write."""


def condition_of(headers: Mapping[str, str]) -> Condition:
    """Give what the headers of a write ask of its blob or container, the lease included.

    Of a pair that may stand together only the etag counts.

    Raises:
        Fault: A header cannot be read, or they cannot stand together (``MultipleConditionHeadersNotSupported``).
    """
    found = read_condition_of(headers)
    given = {one for one in CONDITIONS if headers.get(one)}
    several = "," in (found.if_match or "") or "," in (found.if_none_match or "")
    if several or (len(given) > 1 and given not in PAIRS):
        raise Fault("MultipleConditionHeadersNotSupported")
    if found.if_match is not None:
        return replace(found, if_unmodified_since=None)
    return replace(found, if_modified_since=None) if found.if_none_match is not None else found


def read_condition_of(headers: Mapping[str, str]) -> Condition:
    """Give what the headers of a read ask of its blob, the lease included: all may stand together.

    Raises:
        Fault: A header cannot be read.
    """
    if headers.keys().isdisjoint(OWN):
        return ALWAYS
    return _condition(headers, "if-{}", "x-ms-if-tags", headers.get("x-ms-lease-id") or None)


def about_tags(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Give the headers of a request about a blob's tags, whose conditions on the blob are spelt ``x-ms-blob-if-match``."""
    spelt = {one: headers[f"x-ms-blob-{one}"] for one in CONDITIONS if f"x-ms-blob-{one}" in headers}
    return {**headers, **spelt} if spelt else headers


def container_condition_of(headers: Mapping[str, str]) -> Condition:
    """Give what the headers ask of a container: times and its lease; etags count for nothing.

    Raises:
        Fault: A header cannot be read.
    """
    found = read_condition_of(headers)
    since, until = found.if_modified_since, found.if_unmodified_since
    return Condition(if_modified_since=since, if_unmodified_since=until, lease_id=found.lease_id)


@contextmanager
def making() -> Iterator[None]:
    """Tell a condition that does not hold for a write that makes a blob: 412, and 409 for one that should not exist."""
    try:
        yield
    except ConditionFailed as error:
        if error.code == "NotModified":
            raise Fault("ConditionNotMet") from error
        raise


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
    return ",".join(one.strip().removeprefix("W/").strip('"') for one in (text or "").split(",")).strip(",") or None


def _tag_test(text: str | None) -> TagTest | None:
    if not text:
        return None
    try:
        return read_test(text)
    except QueryError as error:
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-if-tags", HeaderValue=text, Reason=str(error)) from error


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
