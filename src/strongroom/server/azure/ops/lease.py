"""Leases of blobs and containers.

https://learn.microsoft.com/rest/api/storageservices/lease-blob
https://learn.microsoft.com/rest/api/storageservices/lease-container
"""

from collections.abc import Callable
from dataclasses import replace

from strongroom.domain.condition import Condition
from strongroom.domain.container import Container
from strongroom.domain.lease import lease_id
from strongroom.errors import ConditionFailed, UsageError
from strongroom.server.azure.call import Call, Headers, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.conditions import condition_of, container_condition_of, write_fault
from strongroom.server.azure.wire.headers import etag_header, http_date
from strongroom.vault.leases import Leased

PROPOSED = "x-ms-proposed-lease-id"


def lease_container(call: Call) -> Reply:
    """Acquire, renew, change, release or break the lease of a container."""
    return _lease(call, "", replace(container_condition_of(call.request.headers), lease_id=None))


def lease_blob(call: Call) -> Reply:
    """Acquire, renew, change, release or break the lease of a blob."""
    return _lease(call, call.name, replace(condition_of(call.request.headers), lease_id=None))


def _lease(call: Call, name: str, condition: Condition) -> Reply:
    action = _needed(call, "x-ms-lease-action").lower()
    act = _ACTIONS.get(action)
    if act is None:
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-lease-action", HeaderValue=action)
    try:
        return act(call, call.container(), name, condition)
    except ConditionFailed as error:
        raise write_fault(error) from error


def _acquire(call: Call, container: Container, name: str, condition: Condition) -> Reply:
    seconds = _number(call, "x-ms-lease-duration")
    if seconds is None:
        raise Fault("MissingRequiredHeader", HeaderName="x-ms-lease-duration")
    proposed = None if call.header(PROPOSED) is None else _proposed(call)
    return _reply(201, call.vault.acquire_lease(container, name, seconds=seconds, proposed=proposed, condition=condition))


def _renew(call: Call, container: Container, name: str, condition: Condition) -> Reply:
    return _reply(200, call.vault.renew_lease(container, name, _needed(call, "x-ms-lease-id"), condition))


def _change(call: Call, container: Container, name: str, condition: Condition) -> Reply:
    given, proposed = _needed(call, "x-ms-lease-id"), _proposed(call)
    return _reply(200, call.vault.change_lease(container, name, given, proposed, condition))


def _release(call: Call, container: Container, name: str, condition: Condition) -> Reply:
    return _reply(200, call.vault.release_lease(container, name, _needed(call, "x-ms-lease-id"), condition))


def _break(call: Call, container: Container, name: str, condition: Condition) -> Reply:
    done = call.vault.break_lease(container, name, _number(call, "x-ms-lease-break-period"), condition)
    seconds = 0 if done.lease is None else done.lease.break_seconds
    return Reply(status=202, headers=[*_stamps(done), ("x-ms-lease-time", str(seconds))])


_ACTIONS: dict[str, Callable[[Call, Container, str, Condition], Reply]] = {
    "acquire": _acquire,
    "renew": _renew,
    "change": _change,
    "release": _release,
    "break": _break,
}


def _reply(status: int, done: Leased) -> Reply:
    held = [] if done.lease is None else [("x-ms-lease-id", done.lease.id)]
    return Reply(status=status, headers=[*_stamps(done), *held])


def _stamps(done: Leased) -> Headers:
    return [("etag", etag_header(done.etag)), ("last-modified", http_date(done.modified_at))]


def _proposed(call: Call) -> str:
    text = _needed(call, PROPOSED)
    try:
        return lease_id(text)
    except UsageError as error:
        raise Fault("InvalidHeaderValue", HeaderName=PROPOSED, HeaderValue=text, Reason=str(error)) from error


def _needed(call: Call, name: str) -> str:
    found = call.header(name)
    if found is None:
        raise Fault("MissingRequiredHeader", HeaderName=name)
    return found


def _number(call: Call, name: str) -> int | None:
    text = call.header(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise Fault("InvalidHeaderValue", HeaderName=name, HeaderValue=text) from None
