"""Shared access signatures: a URL that carries what it permits, signed with a key of the account or of a delegation."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address

from strongroom.domain.container import AccessPolicy
from strongroom.domain.scope import Actor
from strongroom.server.azure.auth import texts
from strongroom.server.azure.auth.delegation import Delegation, delegation_of
from strongroom.server.azure.auth.keyring import is_signed
from strongroom.server.azure.auth.refusal import refused
from strongroom.server.azure.auth.times import check_times, read_time
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.faults import Fault

CONTAINER, BLOB, SNAPSHOT, VERSION = "c", "b", "bs", "bv"
KINDS = frozenset({CONTAINER, BLOB, SNAPSHOT, VERSION})
"""What a service's signature may be for; directories are of hierarchical namespaces only."""

ACCOUNT_SAS, SERVICE_SAS, DELEGATION_SAS = "account-sas", "service-sas", "delegation-sas"
_VERSION = re.compile(r"20\d\d-\d\d-\d\d")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What a signature permits, once it is proved."""

    how: str
    """`ACCOUNT_SAS`, `SERVICE_SAS` or `DELEGATION_SAS`."""
    permissions: str
    """Letters."""
    start: datetime | None
    """From when (UTC)."""
    expiry: datetime
    """Until when (UTC)."""
    delegation: Delegation | None = None
    """Who delegated it."""


def is_given(request: Request) -> bool:
    """Say whether a request shows a shared access signature."""
    return "sig" in request.query


def is_for_account(given: Mapping[str, str]) -> bool:
    """Say whether a signature is an account's, not a service's."""
    return "ss" in given or "srt" in given


def check_form(given: Mapping[str, str]) -> None:
    """Refuse a signature that lacks what each has, or is of a kind or version that is not known.

    Raises:
        Fault: ``AuthenticationFailed``.
    """
    if not _VERSION.fullmatch(given.get("sv", "")) or given["sv"] < texts.OLDEST:
        raise refused("sv is missing, or older than the oldest version that is known.")
    if not given.get("sig"):
        raise refused("The signature is empty.")
    if is_for_account(given):
        if not all(given.get(name) for name in ("ss", "srt", "sp", "se")):
            raise refused("An account's signature has the parameters ss, srt, sp and se.")
    elif given.get("sr") not in KINDS:
        raise refused("sr is missing, or is neither c, b, bs nor bv.")
    elif given["sr"] in (SNAPSHOT, VERSION) and given["sv"] < texts.WITH_RESOURCE:
        raise refused(f"Snapshots and versions are signed from {texts.WITH_RESOURCE} on.")


def grant_by_account(request: Request, keys: Iterable[bytes]) -> Grant:
    """Prove an account's signature.

    Raises:
        Fault: It was not signed with one of the keys.
    """
    given = request.query
    _prove(request, keys, [texts.account_text(given, request.address.account)])
    start = read_time(given["st"]) if given.get("st") else None
    return Grant(how=ACCOUNT_SAS, permissions=given["sp"], start=start, expiry=read_time(given["se"]))


def grant_by_service(request: Request, keys: Iterable[bytes], names: Iterable[str], policies: Iterable[AccessPolicy]) -> Grant:
    """Prove a service's signature, and fill in what a stored access policy says.

    Args:
        request: What is asked.
        keys: Of the account.
        names: How the blob that is asked for may be spelt in what was signed.
        policies: Of the container.

    Raises:
        Fault: It was not signed with one of the keys, or names a policy that there is not, or lacks an end.
    """
    given = request.query
    _prove(request, keys, [texts.service_text(given, one, _stamp(request)) for one in _resources(request, names)])
    policy = _policy(given.get("si"), policies)
    starts = [read_time(given["st"])] if given.get("st") else []
    ends = [read_time(given["se"])] if given.get("se") else []
    permissions = given.get("sp", "")
    if policy is not None:
        starts += [policy.start] if policy.start else []
        ends += [policy.expiry] if policy.expiry else []
        both = "".join(letter for letter in permissions if letter in policy.permission)
        permissions = both if permissions and policy.permission else permissions or policy.permission
    if not ends:
        raise refused("Neither the signature nor a stored access policy says when it ends.")
    return Grant(how=SERVICE_SAS, permissions=permissions, start=max(starts, default=None), expiry=min(ends))


def grant_by_delegation(request: Request, secret: bytes, names: Iterable[str]) -> Grant:
    """Prove a signature by a key of delegation, which follows from the room's secret.

    Raises:
        Fault: It was not signed with the key of who it says, or that is not valid now, or it asks for what there is not.
    """
    given = request.query
    if given.get("si") or not all(given.get(name) for name in ("sp", "se")):
        raise refused("A delegated signature has the parameters sp and se, and no stored access policy.")
    if given.get("suoid"):
        raise refused("suoid asks for access control lists, which only hierarchical namespaces have.")
    delegation = delegation_of(given)
    lines = _demanded(given, "srh", request.headers, "{}:{}\n"), _demanded(given, "srq", request.query, "\n{}:{}")
    signed = [texts.delegation_text(given, one, _stamp(request), *lines) for one in _resources(request, names)]
    _prove(request, [delegation.key(secret)], signed)
    check_times(delegation.start, delegation.expiry, request.at)
    start = read_time(given["st"]) if given.get("st") else None
    expiry = read_time(given["se"])
    return Grant(how=DELEGATION_SAS, permissions=given["sp"], start=start, expiry=expiry, delegation=delegation)


def check_place(request: Request, grant: Grant) -> None:
    """Refuse what is shown too early or too late, from another address, or over another protocol than was signed.

    Raises:
        Fault: ``AuthenticationFailed``, ``AuthorizationSourceIPMismatch`` or ``AuthorizationProtocolMismatch``.
    """
    given = request.query
    check_times(grant.start, grant.expiry, request.at)
    if given.get("sip") and not _is_within(request.client, given["sip"]):
        raise Fault("AuthorizationSourceIPMismatch", SourceIP=request.client)
    protocol = given.get("spr", "").lower()
    if protocol and "," not in protocol and protocol != request.scheme:
        raise Fault("AuthorizationProtocolMismatch")


def identity_of(request: Request, grant: Grant) -> Identity:
    """Give who asks with a signature.

    Raises:
        Fault: It would put control characters in a header (``InvalidQueryParameterValue``).
    """
    account, delegation = request.address.account, grant.delegation
    identity = Identity(
        actor=Actor(name=account if delegation is None else delegation.object_id),
        how=grant.how,
        account=account,
        permissions=grant.permissions,
        response_headers={} if grant.how == ACCOUNT_SAS else response_headers(request.query),
    )
    return identity if delegation is None else replace(identity, object_id=delegation.object_id, tenant=delegation.tenant)


def response_headers(given: Mapping[str, str]) -> dict[str, str]:
    """Give the headers that a signature puts in the place of a blob's own.

    Raises:
        Fault: One has control characters, which could split a response (``InvalidQueryParameterValue``).
    """
    found = {header: given[name] for name, header in texts.RESPONSE.items() if given.get(name)}
    for name, header in texts.RESPONSE.items():
        if header in found and _CONTROL.search(found[header]):
            raise Fault("InvalidQueryParameterValue", QueryParameterName=name, QueryParameterValue="")
    return found


def _prove(request: Request, keys: Iterable[bytes], signed: Iterable[str]) -> None:
    signature = request.query["sig"].replace(" ", "+")  # a plus sign that was not percent-encoded
    if not is_signed(signature, keys, [text.encode("utf-8", "replace") for text in signed]):
        raise refused("Signature did not match.")


def _resources(request: Request, names: Iterable[str]) -> list[str]:
    address = request.address
    if request.query["sr"] == CONTAINER:
        return [texts.resource_of(address.account, address.container)]
    return [texts.resource_of(address.account, address.container, name) for name in names]


def _stamp(request: Request) -> str:
    """Give the snapshot or version that was signed; a client that signs a version may name it as a snapshot, too."""
    kind = request.query["sr"]
    snapshot = request.query.get("snapshot", "")
    if kind == VERSION:
        return request.query.get("versionid") or snapshot
    return snapshot if kind == SNAPSHOT else ""


def _policy(name: str | None, policies: Iterable[AccessPolicy]) -> AccessPolicy | None:
    if not name:
        return None
    found = next((one for one in policies if one.id == name), None)
    if found is None:
        raise refused("The stored access policy that the signature names does not exist.")
    return found


def _demanded(given: Mapping[str, str], parameter: str, have: Mapping[str, str], form: str) -> str:
    """Give the lines of those parts of the request that a signature demands; what is not there makes it fail."""
    names = [name.strip() for name in given.get(parameter, "").split(",") if name.strip()]
    return "".join(form.format(name, have.get(name.lower(), "")) for name in names)


def _is_within(client: str, span: str) -> bool:
    first, _, last = span.partition("-")
    try:
        address, low, high = (ip_address(one.strip()) for one in (client, first, last or first))
    except ValueError:
        return False
    at, low, high = (getattr(one, "ipv4_mapped", None) or one for one in (address, low, high))
    return at.version == low.version == high.version and int(low) <= int(at) <= int(high)
