"""From an ASGI scope to a request: what its address, query and headers say."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes
from uuid import uuid4

from strongroom.server.azure.call import Address, Body, Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.headers import META

MOST_PARAMETERS = 64
"""Query parameters that one request may have; a SAS and all options of a listing are some 25."""
ROOT = "$root"
"""The container of blobs that are named without one."""

_SECONDARY = "-secondary"
_HOST_STYLE = re.compile(r"([a-z0-9]{3,24}(?:-secondary)?)\.(?:blob\..+|localhost)", re.IGNORECASE)
HOST = re.compile(r"[A-Za-z0-9._~%:\[\]-]*")  # no comma: a request with two hosts could be read in two ways
VERSION = re.compile(r"\d{4}-\d\d-\d\d")


def read_request(scope: Mapping[str, Any], body: Body) -> Request:
    """Read an ASGI scope.

    Args:
        scope: Of type ``http``.
        body: What follows the headers.

    Raises:
        Fault: It names nothing (``InvalidUri``), or a version that is none (``InvalidHeaderValue``).
    """
    headers = headers_of(scope["headers"])
    if not HOST.fullmatch(headers.get("host", "")):
        raise Fault("InvalidHeaderValue", HeaderName="Host", HeaderValue=headers["host"][:64])
    version = headers.get("x-ms-version")
    if version and not VERSION.fullmatch(version):
        raise Fault("InvalidHeaderValue", HeaderName="x-ms-version", HeaderValue=version[:32])
    query = query_of(scope["query_string"])
    client = scope.get("client")
    return Request(
        method=scope["method"],
        scheme=scope["scheme"],
        raw_path=scope["raw_path"],
        raw_query=scope["query_string"],
        address=address_of(headers.get("host", ""), scope["raw_path"], query),
        query=query,
        headers=headers,
        body=body,
        client=client[0] if client else "",
        id=str(uuid4()),
        at=datetime.now(UTC),
    )


def bare_request(scope: Mapping[str, Any], body: Body) -> Request:
    """Give what can be said of a request that names nothing, so that it can be answered."""
    client = scope.get("client")
    return Request(
        method=scope["method"],
        scheme=scope["scheme"],
        raw_path=scope["raw_path"],
        raw_query=b"",
        address=Address(account=""),
        query={},
        headers={name: value for name, value in headers_of(scope["headers"]).items() if name != "x-ms-version"},
        body=body,
        client=client[0] if client else "",
        id=str(uuid4()),
        at=datetime.now(UTC),
    )


def headers_of(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Give headers by lower-case name; a name that comes twice has both values, with a comma between (RFC 9110, 5.3).

    Names of metadata keep their letters as they came after ``x-ms-meta-``.
    """
    found: dict[str, str] = {}
    for raw, value in pairs:
        spelt, text = raw.decode("latin-1"), value.decode("latin-1")
        name = spelt.lower()
        if name.startswith(META):
            name = META + spelt[len(META) :]
        found[name] = f"{found[name]},{text}" if name in found else text
    return found


def query_of(raw: bytes) -> dict[str, str]:
    """Give query parameters, decoded, by lower-case name; values of a name that comes twice are joined by commas.

    Raises:
        Fault: There are too many, or they are no UTF-8 (``InvalidUri``).
    """
    found: dict[str, str] = {}
    if not raw:
        return found
    try:
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise Fault("InvalidUri") from error
    for name, value in pairs:
        key = name.lower()
        found[key] = f"{found[key]},{value}" if key in found else value
    return found


def address_of(host: str, raw_path: bytes, query: Mapping[str, str]) -> Address:
    """Give what a URL names.

    The account stands in the path (``/ACCOUNT/container/blob``) or in the host's name (``ACCOUNT.blob.example.org`` or
    ``ACCOUNT.localhost``). A name alone, without the ``restype`` that containers are asked with, is a blob of ``$root``.

    Raises:
        Fault: There is no account in it, or it is no UTF-8 (``InvalidUri``).
    """
    try:
        path = unquote_to_bytes(raw_path).decode("utf-8").removeprefix("/")
    except UnicodeDecodeError as error:
        raise Fault("InvalidUri") from error
    account = account_in(host)
    is_host_style = account is not None
    if account is None:
        account, _, path = path.partition("/")
    is_secondary = account.endswith(_SECONDARY)
    container, _, blob = path.partition("/")
    if container and not blob and "restype" not in query:
        container, blob = ROOT, container
    if not account:
        raise Fault("InvalidUri")
    return Address(
        account=account.removesuffix(_SECONDARY),
        container=container,
        blob=blob,
        is_secondary=is_secondary,
        is_host_style=is_host_style,
    )


@lru_cache(maxsize=256)
def account_in(host: str) -> str | None:
    """Give the account that a host's name begins with, ``-secondary`` included; None where it names none."""
    found = _HOST_STYLE.fullmatch(host.partition(":")[0])
    return found[1].lower() if found else None
