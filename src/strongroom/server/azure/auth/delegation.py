"""Keys of delegation: whoever signs in with a token may sign for others, for a while.

No key is stored: each follows from the room's secret and from whom it is for, so it can be told again from the signature.
https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import digest

from strongroom.server.azure.auth.refusal import refused
from strongroom.server.azure.auth.times import read_time, time_text
from strongroom.server.azure.call import Identity
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.headers import base64
from strongroom.vault import Vault

SERVICE = "b"
LONGEST = timedelta(days=7)
"""For how long a key may be valid."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delegation:
    """Who delegates, and from when until when."""

    object_id: str
    """The ``oid`` of the token, else its ``sub``."""
    tenant: str
    """The ``tid`` of the token."""
    start_text: str
    """From when, as it is spelt."""
    expiry_text: str
    """Until when, as it is spelt."""
    version: str
    """The API version in which the key was asked for."""
    user_tenant: str = ""
    """The tenant of those who are to use what is signed with it, where the delegator named one."""

    @property
    def start(self) -> datetime:
        """From when."""
        return read_time(self.start_text)

    @property
    def expiry(self) -> datetime:
        """Until when."""
        return read_time(self.expiry_text)

    def key(self, secret: bytes) -> bytes:
        """Derive the key.

        Raises:
            Fault: There is no secret yet.
        """
        if not secret:
            raise refused("This server has given nobody a key of delegation.")
        parts = (self.object_id, self.tenant, self.start_text, self.expiry_text, SERVICE, self.version, self.user_tenant)
        text = "\n".join(f"{len(part)}:{part}" for part in parts)
        return digest(secret, text.encode(), sha256)


@dataclass(frozen=True, kw_only=True, slots=True)
class DelegationKey:
    """What Get User Delegation Key answers; its fields are the elements of the XML."""

    oid: str
    """``SignedOid``."""
    tid: str
    """``SignedTid``."""
    start: str
    """``SignedStart``."""
    expiry: str
    """``SignedExpiry``."""
    service: str
    """``SignedService``."""
    version: str
    """``SignedVersion``."""
    value: str
    """``Value``: the key in Base64."""
    user_tid: str = ""
    """``SignedDelegatedUserTid``; left out where it is empty."""


def delegation_of(given: Mapping[str, str]) -> Delegation:
    """Read who delegated a signature.

    Raises:
        Fault: It does not say so in full (``AuthenticationFailed``).
    """
    names = ("skoid", "sktid", "skt", "ske", "skv")
    if given.get("sks") != SERVICE or not all(given.get(name) for name in names):
        raise refused("A delegated signature has the parameters skoid, sktid, skt, ske, sks (which is b) and skv.")
    return Delegation(
        object_id=given["skoid"],
        tenant=given["sktid"],
        start_text=given["skt"],
        expiry_text=given["ske"],
        version=given["skv"],
        user_tenant=given.get("skdutid", ""),
    )


def user_delegation_key(
    vault: Vault,
    identity: Identity,
    start: datetime | None,
    expiry: datetime,
    *,
    now: datetime,
    version: str,
    user_tenant: str = "",
) -> DelegationKey:
    """Give the key with which somebody who signed in with a token may sign for others.

    Args:
        vault: Has the secret.
        identity: Who asks.
        start: From when; None for now.
        expiry: Until when, at most `LONGEST` from now.
        now: The present.
        version: The API version of the request.
        user_tenant: The tenant of those who are to use what is signed with it (``DelegatedUserTid``).

    Raises:
        Fault: No token was shown (``AuthenticationFailed``), or the times cannot be (``OutOfRangeInput``).
    """
    if identity.how != "bearer" or not identity.object_id:
        raise refused("Only authentication scheme Bearer is supported")
    start = start or now
    if expiry <= start or expiry <= now or expiry > now + LONGEST or start > now + LONGEST:
        raise Fault("OutOfRangeInput", f"A key is valid for at most {LONGEST.days} days from now, and ends after it starts.")
    delegation = Delegation(
        object_id=identity.object_id,
        tenant=identity.tenant or "",
        start_text=time_text(start),
        expiry_text=time_text(expiry),
        version=version,
        user_tenant=user_tenant,
    )
    return DelegationKey(
        oid=delegation.object_id,
        tid=delegation.tenant,
        start=delegation.start_text,
        expiry=delegation.expiry_text,
        service=SERVICE,
        version=version,
        value=base64(delegation.key(vault.delegation_secret())),
        user_tid=user_tenant,
    )
