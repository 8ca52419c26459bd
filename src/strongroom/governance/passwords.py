"""Passwords: kept as Argon2id hashes (RFC 9106), and compared a few at a time, since each takes memory."""

import threading
from functools import cache
from typing import TYPE_CHECKING

from strongroom.errors import UsageError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST, MOST = 10, 1000
"""Characters."""
AT_ONCE = 2
"""Hashes that are made at a time; each takes 64 MiB."""

_turn = threading.BoundedSemaphore(AT_ONCE)


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=3, memory_cost=64 << 10, parallelism=1)


def hashed(password: str) -> str:
    """Give what is kept of a password, in Argon2's own notation.

    Raises:
        UsageError: It is too short or too long.
    """
    if not LEAST <= len(password) <= MOST:
        raise UsageError(f"a password has {LEAST} to {MOST:,} characters: choose a sentence that only you would think of")
    with _turn:
        return _hasher().hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Say whether a password is the one that was kept; where none was, that takes as long to say."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > MOST:
        return False
    with _turn:
        try:
            return _hasher().verify(kept or _nobodys(), password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody has this password")
