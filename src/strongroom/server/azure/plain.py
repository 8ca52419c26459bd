"""Which requests are plain, and whether who signs one may: for the short way of `hot`.

Whatever is not certain here gives way to `auth`, which finds out for itself what is to be said.
"""

import time
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.auth.shared_key import SIGNED, SKEW
from strongroom.server.azure.call import Address
from strongroom.server.azure.faults import Fault
from strongroom.server.azure.request import HOST, VERSION, account_in, address_of
from strongroom.server.azure.wire.headers import read_date
from strongroom.storage.objects import SMALL

READ = frozenset(
    {
        b"host",
        b"x-ms-date",
        b"x-ms-version",
        b"authorization",
        b"user-agent",
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"connection",
        b"x-ms-client-request-id",
        b"x-ms-return-client-request-id",
        b"content-type",
    }
)
"""Headers that a plain read may have."""
WRITE = READ | {
    b"content-length",
    b"content-md5",
    b"x-ms-blob-type",
    b"x-ms-blob-content-type",
    b"x-ms-blob-content-md5",
    b"x-ms-blob-cache-control",
    b"x-ms-tags",
    b"if-match",
    b"if-none-match",
}
"""Headers that a plain write may have, besides those of metadata."""
UNTOLD = (READ - {b"content-type"}) | {b"content-length", b"x-ms-blob-type"}
"""Headers of a plain write that tell nothing of the blob."""
META = b"x-ms-meta-"
PREFIX = b"x-ms-"
SCHEME = b"SharedKey "
BLOCK = 64
"""Bytes of a block of SHA-256."""
BLOCK_BLOB = b"blockblob"

_SIGNED = tuple(name.encode() for name in SIGNED)


def is_plain_write(given: Mapping[bytes, bytes]) -> bool:
    """Say whether the headers are those of a Put Blob of a small block blob, and no others."""
    length = given.get(b"content-length", b"")
    if not length.isdigit() or int(length) > SMALL or given.get(b"x-ms-blob-type", b"").lower() != BLOCK_BLOB:
        return False
    return all(name in WRITE or (name.startswith(META) and name.islower()) for name in given)


def _text(method: bytes, url: bytes, account: bytes, given: Mapping[bytes, bytes]) -> bytes:
    """Give what the client signs in its usual form; see `auth.shared_key`."""
    values = [method, *[given.get(name, b"") for name in _SIGNED]]
    if values[_LENGTH] == b"0":
        values[_LENGTH] = b""
    lines = [name + b":" + given[name].strip() + b"\n" for name in sorted(given) if name.startswith(PREFIX)]
    return b"\n".join(values) + b"\n" + b"".join(lines) + b"/" + account + url


_LENGTH = 1 + SIGNED.index("content-length")


def admitted(gate: Gate, method: bytes, url: bytes, given: Mapping[bytes, bytes], client: str) -> Address | None:
    """Give what a request names, where its signature is right."""
    if b"?" in url or b"#" in url or b"\\" in url or b"%5C" in url or b"%5c" in url:
        return None
    credential, date, host = given.get(b"authorization", b""), given.get(b"x-ms-date"), given.get(b"host", b"")
    if not credential.startswith(SCHEME) or date is None or not _is_near(date) or not _is_host(host):
        return None
    if not _is_version(given.get(b"x-ms-version", b"")):
        return None
    account, _, signature = credential[len(SCHEME) :].partition(b":")
    if not url.startswith(b"/" + account + b"/"):
        return None
    text = _text(method, url, account, given)
    keys = gate.keys(account.decode("latin-1"), client, host.decode("latin-1"))
    if not any(compare_digest(_signature(key, text), signature) for key in keys):
        return None
    address = _address(url)
    return address if address is not None and address.blob and not address.is_secondary else None


@lru_cache(maxsize=64)
def _halves(key: bytes) -> tuple[Any, Any]:
    """Give the two hashes of an HMAC (RFC 2104) after its key, which is at most a block long."""
    block = (sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    return sha256(bytes(one ^ 0x36 for one in block)), sha256(bytes(one ^ 0x5C for one in block))


def _signature(key: bytes, text: bytes) -> bytes:
    """Give what `hmac.digest` gives, in Base64.

    That lets other threads run each time, and then waits for them; hashes of less than 2 KiB do not.
    """
    inner, outer = (one.copy() for one in _halves(key))
    inner.update(text)
    outer.update(inner.digest())
    return b64encode(outer.digest())


@lru_cache(maxsize=256)
def _is_host(host: bytes) -> bool:
    """Say whether a host is one in whose name no account stands."""
    text = host.decode("latin-1")
    return HOST.fullmatch(text) is not None and account_in(text) is None


@lru_cache(maxsize=256)
def _is_version(version: bytes) -> bool:
    return not version or VERSION.fullmatch(version.decode("latin-1")) is not None


@lru_cache(maxsize=1024)
def _instant(date: bytes) -> float | None:
    try:
        return read_date(date.decode("latin-1"), "x-ms-date").timestamp()
    except Fault:
        return None


def _is_near(date: bytes) -> bool:
    at = _instant(date)
    return at is not None and abs(time.time() - at) <= SKEW.total_seconds()


@lru_cache(maxsize=4096)
def _address(path: bytes) -> Address | None:
    try:
        return address_of("", path, {})
    except Fault:
        return None
