"""Immutability policies and legal holds of blobs.

https://learn.microsoft.com/rest/api/storageservices/set-blob-immutability-policy, ``delete-blob-immutability-policy``
and ``set-blob-legal-hold``.
"""

from dataclasses import replace
from datetime import datetime

from strongroom.server.azure.call import Call, Reply
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.conditions import condition_of
from strongroom.server.azure.wire.headers import http_date, read_date
from strongroom.server.azure.wire.versions import version_of

UNTIL, MODE, HOLD = "x-ms-immutability-policy-until-date", "x-ms-immutability-policy-mode", "x-ms-legal-hold"
LOCKED, UNLOCKED = "locked", "unlocked"
TRUTHS = {"true": True, "false": False}


def set_immutability_policy(call: Call) -> Reply:
    """Keep a version from being changed or deleted until a date."""
    until, is_locked = _until(call), _is_locked(call)
    blob = call.vault.protect(
        call.container(),
        call.name,
        until,
        is_locked=is_locked,
        version=version_of(call.request.query),
        condition=replace(condition_of(call.request.headers), lease_id=None),
    )
    mode = LOCKED if blob.is_immutability_locked else UNLOCKED
    return Reply(status=200, headers=[(UNTIL, http_date(blob.immutable_until or until)), (MODE, mode)])


def _until(call: Call) -> datetime:
    text = call.header(UNTIL)
    if text is None:
        raise Fault("MissingRequiredHeader", HeaderName=UNTIL)
    until = read_date(text, UNTIL)
    if until <= call.request.at:
        raise Fault("InvalidHeaderValue", HeaderName=UNTIL, HeaderValue=text)
    return until


def _is_locked(call: Call) -> bool:
    mode = (call.header(MODE) or UNLOCKED).lower()
    if mode not in (LOCKED, UNLOCKED):
        raise Fault("InvalidHeaderValue", HeaderName=MODE, HeaderValue=mode)
    return mode == LOCKED


def delete_immutability_policy(call: Call) -> Reply:
    """Take a version's date away, where it is not locked."""
    call.vault.protect(call.container(), call.name, None, version=version_of(call.request.query))
    return Reply(status=200)


def set_legal_hold(call: Call) -> Reply:
    """Put a version under legal hold, or lift that."""
    text = call.header(HOLD)
    if text is None:
        raise Fault("MissingRequiredHeader", HeaderName=HOLD)
    if text.lower() not in TRUTHS:
        raise Fault("InvalidHeaderValue", HeaderName=HOLD, HeaderValue=text)
    blob = call.vault.set_hold(
        call.container(), call.name, is_held=TRUTHS[text.lower()], version=version_of(call.request.query)
    )
    return Reply(status=200, headers=[(HOLD, "true" if blob.has_legal_hold else "false")])
