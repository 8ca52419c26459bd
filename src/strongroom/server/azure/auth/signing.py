"""Signing: URLs that permit somebody else something for a while."""

from datetime import datetime
from urllib.parse import quote

from strongroom.server.azure.auth import texts
from strongroom.server.azure.auth.keyring import sign
from strongroom.server.azure.auth.sas import BLOB, CONTAINER
from strongroom.server.azure.auth.times import time_text
from strongroom.server.azure.call import NEWEST

LETTERS = "racwdxyltfmei"
"""Every permission that a service's signature can have, in the order that Azure wants."""


def sign_service(
    account: str,
    key: bytes,
    container: str,
    blob: str = "",
    *,
    permissions: str = "",
    start: datetime | None = None,
    expiry: datetime | None = None,
    ip: str = "",
    https_only: bool = False,
    policy: str = "",
) -> str:
    """Give the query of a URL that permits something on a container or blob.

    Args:
        account: Who signs.
        key: A key of the account.
        container: The container.
        blob: A blob in it; empty for all of them.
        permissions: Letters; empty where the policy says them.
        start: From when; None for at once.
        expiry: Until when; None where the policy says it.
        ip: An address, or two with a hyphen between.
        https_only: Whether it must be shown over TLS.
        policy: A stored access policy of the container.
    """
    ordered = "".join(letter for letter in LETTERS if letter in permissions)
    given = {
        "sv": NEWEST,
        "st": time_text(start) if start else "",
        "se": time_text(expiry) if expiry else "",
        "sr": BLOB if blob else CONTAINER,
        "sp": ordered,
        "sip": ip,
        "spr": "https" if https_only else "",
        "si": policy,
    }
    given["sig"] = sign(key, texts.service_text(given, texts.resource_of(account, container, blob)).encode())
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items() if value)
