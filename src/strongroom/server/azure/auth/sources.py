"""Sources of copies: a URL in a header, as the request that reading it would be."""

from urllib.parse import urlsplit

from strongroom.server.azure.auth import sas
from strongroom.server.azure.body import NoBody
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.request import address_of, query_of

AUTHORIZATION = "x-ms-copy-source-authorization"
"""The header with a token for the source."""


def read_source(url: str, request: Request) -> Request | None:
    """Give the request that reads the source of a copy; None where it is on another server.

    Args:
        url: The value of ``x-ms-copy-source``.
        request: The copy.

    Raises:
        Fault: It names no blob.
    """
    parts = urlsplit(url)
    host = request.headers.get("host", "")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    raw_path, raw_query = parts.path.encode("latin-1", "replace"), parts.query.encode("latin-1", "replace")
    query = query_of(raw_query)
    address = address_of(parts.netloc, raw_path, query)
    if not _is_here(parts.netloc.lower(), host.lower(), is_host_style=address.is_host_style and request.address.is_host_style):
        return None
    if not address.blob:
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-copy-source", HeaderValue=url.partition("?")[0])
    token = request.headers.get(AUTHORIZATION)
    return Request(
        method="GET",
        scheme=request.scheme,
        raw_path=raw_path,
        raw_query=raw_query,
        address=address,
        query=query,
        headers={"host": parts.netloc, **({"authorization": token} if token else {})},
        body=NoBody(),
        client=request.client,
        id=request.id,
        at=request.at,
    )


def _is_here(netloc: str, host: str, *, is_host_style: bool) -> bool:
    """Say whether a host is this server: the name by which the client called it, save for the account in front."""
    return netloc == host or (is_host_style and netloc.partition(".")[2] == host.partition(".")[2])


def covers(identity: Identity, request: Request, source: Request) -> bool:
    """Say whether who makes a copy may read its source without proving it anew.

    A signature that may write but not read may copy within what it was signed for: that shows nobody what they could not
    read before.
    """
    if source.address.account != identity.account or identity.how == "anonymous":
        return False
    is_same_container = source.address.container == request.address.container
    if identity.how == sas.ACCOUNT_SAS:
        reads = "r" in (identity.permissions or "") and "o" in request.query.get("srt", "")
        return reads or is_same_container
    if identity.how in (sas.SERVICE_SAS, sas.DELEGATION_SAS):
        is_whole = request.query.get("sr") == sas.CONTAINER
        return is_same_container and (is_whole or source.address.blob == request.address.blob)
    return True
