"""What is signed of a shared access signature, in the layout of each version.

https://learn.microsoft.com/rest/api/storageservices/create-service-sas
https://learn.microsoft.com/rest/api/storageservices/create-account-sas
https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
"""

from collections.abc import Mapping

RESPONSE = {
    "rscc": "cache-control",
    "rscd": "content-disposition",
    "rsce": "content-encoding",
    "rscl": "content-language",
    "rsct": "content-type",
}
"""Which parameter puts its value in the place of which of a blob's headers."""

OLDEST = "2015-02-21"
"""The oldest version whose layout is known; before it the resource was spelt otherwise."""
WITH_IP, WITH_RESOURCE, WITH_SCOPE = "2015-04-05", "2018-11-09", "2020-12-06"
"""Versions from which address and protocol, the kind of resource, and the encryption scope are signed."""
WITH_AGENT, WITH_USER, WITH_REQUEST = "2020-02-10", "2025-07-05", "2026-04-06"
"""Versions from which a delegation also signs agents, the user it is meant for, and parts of the request."""

Given = Mapping[str, str]
"""The parameters of a signature by name, decoded."""


def resource_of(account: str, container: str, blob: str = "") -> str:
    """Spell what a signature is for."""
    return f"/blob/{account}/{container}/{blob}" if blob else f"/blob/{account}/{container}"


def account_text(given: Given, account: str) -> str:
    """Give what is signed of an account's signature."""
    lines = [account, *_of(given, "sp", "ss", "srt", "st", "se", "sip", "spr", "sv")]
    if given["sv"] >= WITH_SCOPE:
        lines += _of(given, "ses")
    return "\n".join([*lines, ""])


def service_text(given: Given, resource: str, stamp: str = "") -> str:
    """Give what is signed of a service's signature.

    Args:
        given: The parameters.
        resource: See `resource_of`.
        stamp: The snapshot or version, where it is for one.
    """
    lines = [*_of(given, "sp", "st", "se"), resource, *_of(given, "si")]
    if given["sv"] >= WITH_IP:
        lines += _of(given, "sip", "spr")
    lines += _of(given, "sv")
    return "\n".join([*lines, *_kind(given, stamp), *_of(given, *RESPONSE)])


def delegation_text(given: Given, resource: str, stamp: str = "", headers: str = "", query: str = "") -> str:
    """Give what is signed of a signature by a key of delegation.

    Args:
        given: The parameters.
        resource: See `resource_of`.
        stamp: The snapshot or version, where it is for one.
        headers: The request's headers that the signature demands; see `lines_of`.
        query: The request's parameters that it demands.
    """
    lines = [*_of(given, "sp", "st", "se"), resource, *_of(given, "skoid", "sktid", "skt", "ske", "sks", "skv")]
    if given["sv"] >= WITH_AGENT:
        lines += _of(given, "saoid", "suoid", "scid")
    if given["sv"] >= WITH_USER:
        lines += _of(given, "skdutid", "sduoid")
    lines += [*_of(given, "sip", "spr", "sv"), *_kind(given, stamp)]
    if given["sv"] >= WITH_REQUEST:
        lines += [headers, query]
    return "\n".join([*lines, *_of(given, *RESPONSE)])


def _kind(given: Given, stamp: str) -> list[str]:
    if given["sv"] < WITH_RESOURCE:
        return []
    lines = [given.get("sr", ""), stamp]
    return lines if given["sv"] < WITH_SCOPE else [*lines, *_of(given, "ses")]


def _of(given: Given, *names: str) -> list[str]:
    return [given.get(name, "") for name in names]
