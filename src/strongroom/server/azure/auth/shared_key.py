"""Shared Key: the whole request, signed with a key of the account.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import parse_qsl

from strongroom.server.azure.auth.keyring import is_signed
from strongroom.server.azure.auth.refusal import refused
from strongroom.server.azure.call import Request
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.wire.headers import read_date

SCHEMES = ("SharedKey", "SharedKeyLite")
SKEW = timedelta(minutes=15)
"""How far the client's clock may be from ours."""

SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
"""The headers whose values are signed, in this order behind the method; with them every ``x-ms-`` header."""
AT_LENGTH, AT_DATE = (SIGNED.index(name) + 1 for name in ("content-length", "date"))

PREFIX = "x-ms-"
_WEIGHTS = str.maketrans({"-": None, "_": "!"})


def check(request: Request, scheme: str, credential: str, keys: tuple[bytes, ...]) -> None:
    """Refuse a request that was not signed with one of the keys, or not just now.

    Args:
        request: What is asked.
        scheme: One of `SCHEMES`.
        credential: What follows it: ``ACCOUNT:SIGNATURE``.
        keys: Of the account that the URL names.

    Raises:
        Fault: ``InvalidAuthenticationInfo`` where it cannot be read, ``AuthenticationFailed`` where it does not hold.
    """
    account, colon, signature = credential.strip().partition(":")
    if not colon or not account or not signature:
        raise Fault("InvalidAuthenticationInfo")
    if account != request.address.account:
        raise refused("The account in the Authorization header is not the one in the URL.")
    texts = _lite_texts(request) if scheme == "SharedKeyLite" else _texts(request)
    if not is_signed(signature, keys, texts):
        raise refused(f"The MAC signature found in the HTTP request is not the same as any computed signature ({scheme}).")
    _check_date(request)


def _check_date(request: Request) -> None:
    text = request.headers.get("x-ms-date") or request.headers.get("date")
    if not text:
        raise refused("The request has neither x-ms-date nor date.")
    at = _instant(text)
    if at is None:
        raise refused(f"The date cannot be read: {text[:64]}")
    if abs(request.at - at) > SKEW:
        raise refused(f"Request date header too old or too far ahead: {text[:64]}")


@lru_cache(maxsize=1024)
def _instant(text: str) -> datetime | None:
    """Read a date; clients that ask often send the same for a second."""
    try:
        return read_date(text, "x-ms-date")
    except Fault:
        return None


def _texts(request: Request) -> Iterator[bytes]:
    """Give what the client may have signed; clients differ in how they order headers and spell what is not ASCII."""
    get = request.headers.get
    length = get("content-length", "")
    values = [request.method, *[get(name, "") for name in SIGNED]]
    values[AT_LENGTH] = "" if length == "0" else length
    resource = _query_lines(request.raw_query)
    for date in _dates(request.headers):
        values[AT_DATE] = date
        yield from _forms("\n".join(values), request, resource)


def _forms(head: str, request: Request, resource: bytes) -> Iterator[bytes]:
    """Give a head with the lines of the headers and the resource behind it, in each form that they can have."""
    given = {name.lower(): value.strip() for name, value in request.headers.items() if name.startswith(PREFIX)}
    names = list(given)
    paths = _paths(request)
    for order in (None, _linguistic):
        names.sort(key=order)
        lines = "".join([f"{name}:{given[name]}\n" for name in names])
        text = f"{head}\n{lines}"
        for encoding in ("ascii",) if text.isascii() else ("utf-8", "latin-1"):
            for path in paths:
                yield text.encode(encoding, "replace") + path + resource


def _lite_texts(request: Request) -> Iterator[bytes]:
    comp = request.query.get("comp")
    resource = b"" if comp is None else f"?comp={comp}".encode()
    get = request.headers.get
    for date in _dates(request.headers):
        head = "\n".join((request.method, get("content-md5", ""), get("content-type", ""), date))
        yield from _forms(head, request, resource)


def _dates(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Give the forms of the signed date: where ``x-ms-date`` counts, what a proxy adds as ``date`` does not matter."""
    date = headers.get("date", "")
    return (date, "") if date and headers.get("x-ms-date") else (date,)


def _paths(request: Request) -> tuple[bytes, ...]:
    """Give the forms of the path: a client of the secondary place may sign either name of the account."""
    account = request.address.account.encode()
    path = request.raw_path or b"/"
    secondary = b"/" + account + b"-secondary"
    if request.address.is_secondary and not request.address.is_host_style and path.startswith(secondary):
        return b"/" + account + b"/" + account + path[len(secondary) :], b"/" + account + path
    return (b"/" + account + path,)


def _query_lines(raw: bytes) -> bytes:
    if not raw:
        return b""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True):
        found.setdefault(name.lower(), []).append(value)
    return "".join(f"\n{name}:{','.join(sorted(found[name]))}" for name in sorted(found)).encode("utf-8", "surrogatepass")


def _linguistic(name: str) -> tuple[str, list[int]]:
    """Give a key by which headers are ordered as Azure's own clients do it: first without the hyphens, then by them.

    An underscore comes before digits. Of two names that are alike without hyphens, the one comes first whose first hyphen
    stands later.
    """
    return name.translate(_WEIGHTS), [-at for at, character in enumerate(name) if character == "-"]
