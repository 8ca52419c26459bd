"""Bearer tokens: JSON Web Tokens of an issuer whose keys are known (RFC 7519, RFC 7517, RFC 6750)."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import jwt

from strongroom.domain.settings import Settings
from strongroom.errors import SettingError
from strongroom.server.azure.auth.keyring import is_loopback
from strongroom.server.azure.auth.refusal import refused

ALGORITHMS = ("RS256", "ES256")
"""What a token may be signed with: only with keys of which the issuer alone has the private half."""
LEEWAY_SECONDS = 60
"""How far the issuer's clock may be from ours."""
FRESH_SECONDS = 3600.0
"""For how long the issuer's keys are used before they are read anew."""
PAUSE_SECONDS = 60.0
"""How long they are not read again where a token names one that is not known; a file is looked at each second."""
MOST_BYTES = 1 << 20
PATIENCE_SECONDS = 10.0
NO_TENANT = "00000000-0000-0000-0000-000000000000"
"""Stands for the tenant where the issuer knows none."""
LOCAL_HOSTS = frozenset({"localhost"})

logger = logging.getLogger("strongroom.server")


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """Of whom a token says that they hold it."""

    object_id: str
    """``oid``, else ``sub``."""
    tenant: str
    """``tid``, else `NO_TENANT`."""


class Issuer:
    """Whose tokens are believed."""

    def __init__(self, *, issuers: tuple[str, ...], audiences: tuple[str, ...], keys: "IssuerKeys") -> None:
        """Take the parts.

        Args:
            issuers: What ``iss`` may be.
            audiences: What ``aud`` may be; ``{account}`` stands for the account that is asked.
            keys: The issuer's public keys.
        """
        self._issuers = issuers
        self._audiences = audiences
        self._keys = keys

    def holder(self, token: str, account: str) -> Holder:
        """Prove a token.

        Raises:
            Fault: It is none, was not signed by the issuer, is for somebody else, or is not valid now.
        """
        try:
            key = self._keys.key(jwt.get_unverified_header(token).get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._wanted(account),
                issuer=self._issuers,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise refused(_reason(error)) from error
        subject = claims.get("oid") or claims.get("sub")
        if not subject or not isinstance(subject, str):
            raise refused("The token says neither oid nor sub.")
        return Holder(object_id=subject, tenant=str(claims.get("tid") or NO_TENANT))

    def _wanted(self, account: str) -> list[str]:
        plain = [one.replace("{account}", account).rstrip("/") for one in self._audiences]
        return [*plain, *(f"{one}/" for one in plain)]


def issuer_of(settings: Settings) -> Issuer | None:
    """Give whose tokens the settings say are believed; None where they name nobody.

    Raises:
        SettingError: The place of the keys cannot be.
    """
    if not settings.bearer_issuer:
        return None
    return Issuer(
        issuers=_split(settings.bearer_issuer),
        audiences=_split(settings.bearer_audience),
        keys=IssuerKeys(settings.bearer_jwks),
    )


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _reason(error: jwt.PyJWTError) -> str:
    if isinstance(error, jwt.ExpiredSignatureError):
        return "Lifetime validation failed. The token is expired."
    if isinstance(error, jwt.ImmatureSignatureError):
        return "Lifetime validation failed."
    if isinstance(error, jwt.InvalidAudienceError):
        return "Invalid token audience."
    if isinstance(error, jwt.InvalidIssuerError):
        return "Invalid token issuer."
    return "Authentication scheme Bearer is not supported."


class IssuerKeys:
    """The public keys of an issuer, from a file or a URL (RFC 7517); read when they are first needed."""

    def __init__(self, place: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Name the place.

        Args:
            place: A path, or an ``https://`` URL; ``http://`` only on this machine.
            clock: Gives seconds that only go forward.

        Raises:
            SettingError: It is a URL of another kind.
        """
        self._is_remote = "://" in place
        self._place = place
        parts = urlsplit(place)
        is_local = parts.scheme == "http" and (parts.hostname in LOCAL_HOSTS or is_loopback(parts.hostname or ""))
        if self._is_remote and parts.scheme != "https" and not is_local:
            raise SettingError(f"bearer_jwks is {place!r}: it can be a path, or an https:// URL")
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._read_at: float | None = None

    def key(self, name: str | None) -> jwt.PyJWK:
        """Give a key by its ``kid``; a token that names none is held against the only one.

        Raises:
            InvalidKeyError: There is no such key.
        """
        with self._lock:
            now = self._clock()
            pause = PAUSE_SECONDS if self._is_remote else 1.0
            age = None if self._read_at is None else now - self._read_at
            if age is None or age > FRESH_SECONDS or (self._find(name) is None and age > pause):
                self._read_at = now
                self._read()
            found = self._find(name)
        if found is None:
            raise jwt.InvalidKeyError("the issuer has no such key")
        return found

    def _find(self, name: str | None) -> jwt.PyJWK | None:
        if name is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(name) if name is not None else None

    def _read(self) -> None:
        """Read the keys; where that fails, those that are known go on to count."""
        try:
            raw = _fetch(self._place) if self._is_remote else Path(self._place).read_bytes()
            self._keys = dict(_keys_of(json.loads(raw)))
        except (OSError, HTTPException, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
            logger.warning("the keys of the issuer of bearer tokens cannot be read from %s: %s", self._place, error)


def _keys_of(document: Mapping[str, Any]) -> list[tuple[str | None, jwt.PyJWK]]:
    """Give the keys that can check what `ALGORITHMS` sign; an issuer may publish others too."""
    found: list[tuple[str | None, jwt.PyJWK]] = []
    for one in document["keys"]:
        if one.get("use", "sig") == "sig" and one.get("kty") in ("RSA", "EC"):
            key = jwt.PyJWK(one, algorithm=one.get("alg") or ("RS256" if one["kty"] == "RSA" else "ES256"))
            if key.algorithm_name in ALGORITHMS:
                found.append((one.get("kid"), key))
    return found


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: the keys come from where the setting says, or not at all."""

    def redirect_request(self, *_: object) -> None:
        """Refuse."""


def _fetch(url: str) -> bytes:
    with build_opener(_Stay).open(url, timeout=PATIENCE_SECONDS) as reply:
        raw: bytes = reply.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise ValueError(f"they have more than {MOST_BYTES:,} bytes")
    return raw
