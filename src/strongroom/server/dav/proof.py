"""Who asks: Basic authentication, as file managers know it, with a user's password or an API key in its place."""

import binascii
import hmac
import secrets
import threading
import time
from base64 import b64decode
from collections import OrderedDict

from fastapi import Request

from strongroom.domain.scope import Actor
from strongroom.governance.members import KEY_PREFIX
from strongroom.server.door.refusal import Unproven
from strongroom.server.door.site import Site, address_of

REMEMBERED_SECONDS, MOST_REMEMBERED = 60.0, 1000
ASK = 'Basic realm="Strongroom", charset="UTF-8"'


class Passwords:
    """Passwords that were right a moment ago: a file manager sends one with each of hundreds of requests.

    A comparison with what is kept takes a tenth of a second, on purpose. A password that was changed opens for at most
    `REMEMBERED_SECONDS` more; a user who was removed may do nothing at once, whatever they bring.
    """

    def __init__(self) -> None:
        """Begin with none; what is remembered is no password, but a keyed hash of one."""
        self._key, self._guard = secrets.token_bytes(32), threading.Lock()
        self._right: OrderedDict[bytes, float] = OrderedDict()

    def actor(self, site: Site, name: str, password: str) -> Actor | None:
        """Give whom a password lets in."""
        mark = hmac.digest(self._key, f"{name}\0{password}".encode("utf-8", "replace"), "sha256")
        with self._guard:
            if self._right.get(mark, 0.0) > time.monotonic():
                return Actor(name=name)
        actor = site.room.members.actor_of_password(name, password)
        if actor is not None:
            with self._guard:
                self._right[mark] = time.monotonic() + REMEMBERED_SECONDS
                if len(self._right) > MOST_REMEMBERED:
                    self._right.popitem(last=False)
        return actor


def prove(site: Site, passwords: Passwords, request: Request) -> Actor:
    """Find out who asks.

    Raises:
        Unproven: No proof, or none that is right.
        TooMany: Too many were wrong.
    """
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    name, secret = _basic(given.strip()) if scheme.lower() == "basic" else ("", given.strip())
    if not secret:
        raise _unproven("sign in with your name and password, or with an API key in the place of the password")
    address = address_of(request)
    site.wrong_addresses.need(address)
    if secret.startswith(KEY_PREFIX):
        actor = site.room.members.actor_of_key(secret)
    else:
        site.wrong_names.need(name)
        actor = passwords.actor(site, name, secret)
    if actor is None:
        site.wrong_addresses.spend(address)
        site.wrong_names.spend(name)
        site.note("refuse", Actor(name="-"), address=address, name=name, why="dav")
        raise _unproven("this name and password, or key, do not open the room")
    return actor


def _basic(given: str) -> tuple[str, str]:
    try:
        name, _, password = b64decode(given, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name[:64], password[:1000]


def _unproven(detail: str) -> Unproven:
    error = Unproven(detail)
    error.headers["www-authenticate"] = ASK
    return error
