"""Keys of accounts, kept at hand."""

import re
import time
from base64 import b64decode
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest, digest
from ipaddress import ip_address

from strongroom.server.azure.wire.headers import base64
from strongroom.vault import Vault
from strongroom.vault.accounts import DEVELOPMENT

SECONDS = 1.0
"""For how long keys are used before they are read anew: so long may a key still sign after it was rotated."""

LOCAL_NAMES = frozenset({"localhost", "host.docker.internal"})
_PORT = re.compile(r":\d*$")

DEVELOPMENT_KEY = b64decode("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==")
"""The key of the account `DEVELOPMENT`, the same in every emulator and in Azure's documentation: it proves nothing."""


class Keyring:
    """The keys of all accounts, at most `SECONDS` old."""

    def __init__(self, vault: Vault, *, development: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the parts.

        Args:
            vault: Where the accounts are.
            development: Whether the well-known account may sign in, from this machine only.
            clock: Gives seconds that only go forward.
        """
        self._vault = vault
        self._development = development
        self._clock = clock
        self._until = 0.0
        self._keys: dict[str, tuple[bytes, ...]] = {}
        self._delegation = b""

    def keys(self, account: str, client: str) -> tuple[bytes, ...]:
        """Give the keys of an account; none where there is no such account for this client."""
        if account == DEVELOPMENT:
            return (DEVELOPMENT_KEY,) if self._development and is_loopback(client) else ()
        now = self._clock()
        if now >= self._until:
            found = self._vault.accounts()
            self._keys = {one.name: tuple(key.secret for key in one.keys) for one in found.values()}
            self._until = now + SECONDS
        return self._keys.get(account, ())

    def delegation_secret(self) -> bytes:
        """Give the secret from which keys of delegation derive; it never changes."""
        self._delegation = self._delegation or self._vault.delegation_secret()
        return self._delegation

    def forget(self) -> None:
        """Read the keys anew when they are next asked for."""
        self._until = 0.0


@lru_cache(maxsize=1024)
def is_loopback(client: str) -> bool:
    """Say whether a client is on this machine; an address that cannot be read is not."""
    try:
        address = ip_address(client)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


@lru_cache(maxsize=256)
def is_local_name(host: str) -> bool:
    """Say whether a ``Host`` is a name that this machine alone answers to; browsers never leave it out.

    A page from elsewhere can let its own name lead to this machine (DNS rebinding), and sign with the key that all know.
    """
    name = _PORT.sub("", host).strip("[]").lower()
    return not name or name in LOCAL_NAMES or name.endswith(".localhost") or is_loopback(name)


def sign(key: bytes, text: bytes) -> str:
    """Give the signature of a text: its HMAC-SHA256, in Base64."""
    return base64(digest(key, text, sha256))


def is_signed(signature: str, keys: Iterable[bytes], texts: Iterable[bytes]) -> bool:
    """Say whether any of the keys gives a signature for any of the texts; takes as long for a near miss as for a far one."""
    given = signature.encode("utf-8", "replace")
    known = tuple(keys)
    return any(compare_digest(given, sign(key, text).encode()) for text in texts for key in known)
