"""Leases: who alone may write a blob, or delete a container, for a while.

https://learn.microsoft.com/rest/api/storageservices/lease-blob
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from strongroom.errors import ConditionFailed, UsageError

INFINITE = -1
"""The seconds of a lease that lasts until it is released."""
LEAST_SECONDS, MOST_SECONDS = 15, 60
"""Between these, inclusive, is how long a lease lasts that ends by itself."""
MOST_BREAK_SECONDS = 60
"""The longest that breaking a lease may take."""


class LeaseState(StrEnum):
    """Azure's states of a lease: https://learn.microsoft.com/rest/api/storageservices/lease-blob."""

    AVAILABLE = "available"
    LEASED = "leased"
    EXPIRED = "expired"
    BREAKING = "breaking"
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A lease as it stands at one moment."""

    id: str
    """The holder's secret, a UUID as the holder spelt it: compare with `same`."""
    state: LeaseState
    """Where it stands."""
    is_infinite: bool
    """Whether it lasts until it is released."""
    break_seconds: int = 0
    """Seconds until a breaking lease is broken, to the nearest: 0 within the last half second."""

    @property
    def is_active(self) -> bool:
        """Whether only its holder may write."""
        return self.state in (LeaseState.LEASED, LeaseState.BREAKING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A lease as it was agreed; what it is at a moment follows from the clock."""

    id: str
    """The holder's secret."""
    seconds: int
    """How long it lasts; `INFINITE` for until it is released."""
    expires_at: datetime | None = None
    """When it ends by itself (UTC); None for never."""
    breaks_at: datetime | None = None
    """When it is broken (UTC); None where nobody breaks it."""

    def at(self, at: datetime) -> Lease:
        """Give the lease as it stands at a moment."""
        seconds = 0
        if self.breaks_at is not None:
            state = LeaseState.BREAKING if self.breaks_at > at else LeaseState.BROKEN
            seconds = max(0, (self.breaks_at - at + timedelta(seconds=0.5)) // timedelta(seconds=1))
        elif self.expires_at is not None and self.expires_at <= at:
            state = LeaseState.EXPIRED
        else:
            state = LeaseState.LEASED
        return Lease(id=self.id, state=state, is_infinite=self.seconds == INFINITE, break_seconds=seconds)


MOST_CHARACTERS = 64
"""A UUID has 36, or 38 with its braces; only in .NET's format X it has 68."""

_HEX = re.compile(r"\{(?:0x[0-9a-f]{1,8},){3}\{(?:0x[0-9a-f]{1,2},){7}0x[0-9a-f]{1,2}\}\}", re.IGNORECASE)
_HEX_DIGITS = (8, 4, 4, *[2] * 8)


def lease_id(text: str) -> str:
    """Give back a lease id: a UUID, or any other short text, as Azurite takes them and its users have come to write.

    Raises:
        UsageError: It is longer than any UUID is spelt, or has characters that no header may hold.
    """
    is_long = len(text) > MOST_CHARACTERS and _canonical(text) is None
    if is_long or not text.isascii() or not text.isprintable():
        raise UsageError(f"{text!r} is no lease id: give a UUID", code="InvalidHeaderValue")
    return text


def same(one: str, other: str) -> bool:
    """Say whether two lease ids are the same: UUIDs whatever their letter case and hyphens, other texts to the letter."""
    return one == other or _canonical(one) == _canonical(other) is not None


def _canonical(text: str) -> UUID | None:
    if _HEX.fullmatch(text):
        parts = re.findall(r"0x([0-9a-f]+)", text, re.IGNORECASE)
        text = "".join(part.zfill(digits) for part, digits in zip(parts, _HEX_DIGITS, strict=True))
    try:
        return UUID(text.strip("(){}"))
    except ValueError:
        return None


def acquire(term: Term | None, at: datetime, seconds: int, proposed: str | None = None) -> Term:
    """Take a lease; who holds it already takes it anew, for as long as is asked now.

    Raises:
        ConditionFailed: Another holds it (``LeaseAlreadyPresent``), or it is being broken
            (``LeaseIsBreakingAndCannotBeAcquired``).
        UsageError: No lease lasts so long.
    """
    state = _state(term, at)
    mine = term is not None and proposed is not None and same(term.id, proposed)
    if state is LeaseState.BREAKING and mine:
        raise _refused("LeaseIsBreakingAndCannotBeAcquired", "the lease is being broken: wait until it is broken")
    if state is LeaseState.BREAKING or (state is LeaseState.LEASED and not mine):
        raise _refused("LeaseAlreadyPresent", "it is leased already: wait until the lease is released or broken")
    if seconds != INFINITE and not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise UsageError(
            f"a lease lasts {LEAST_SECONDS} to {MOST_SECONDS} seconds, or {INFINITE} for ever", code="InvalidHeaderValue"
        )
    return _started(Term(id=proposed or str(uuid4()), seconds=seconds), at)


def renew(term: Term | None, at: datetime, given: str) -> Term:
    """Let a lease that runs, or ended by itself, begin anew.

    Raises:
        ConditionFailed: It is another's, or gone (``LeaseIdMismatchWithLeaseOperation``), or broken
            (``LeaseIsBrokenAndCannotBeRenewed``).
    """
    held = _held(term, given)
    if _state(held, at) in (LeaseState.BREAKING, LeaseState.BROKEN):
        raise _refused("LeaseIsBrokenAndCannotBeRenewed", "the lease was broken: acquire another")
    return _started(held, at)


def change(term: Term | None, at: datetime, given: str, proposed: str) -> Term:
    """Give a lease another id; doing it twice changes nothing.

    Raises:
        ConditionFailed: There is none that runs (``LeaseNotPresentWithLeaseOperation``), it is another's
            (``LeaseIdMismatchWithLeaseOperation``) or is being broken (``LeaseIsBreakingAndCannotBeChanged``).
    """
    state = _state(term, at)
    if term is None or state in (LeaseState.EXPIRED, LeaseState.BROKEN):
        raise _refused("LeaseNotPresentWithLeaseOperation", "there is no lease that runs: acquire one")
    if state is LeaseState.BREAKING:
        _held(term, given)
        raise _refused("LeaseIsBreakingAndCannotBeChanged", "the lease is being broken: wait, then acquire another")
    if not same(term.id, proposed):
        _held(term, given)
    return replace(term, id=proposed)


def release(term: Term | None, given: str) -> None:
    """Let a lease go, whatever its state.

    Raises:
        ConditionFailed: It is another's, or gone (``LeaseIdMismatchWithLeaseOperation``).
    """
    _held(term, given)


def broken(term: Term | None, at: datetime, seconds: int | None = None) -> Term:
    """Break a lease, whoever holds it: at once, or after some seconds, but never later than it would have ended.

    Args:
        term: The lease.
        at: When.
        seconds: After how long; None for when it ends by itself, and an infinite one at once.

    Raises:
        ConditionFailed: There is none (``LeaseNotPresentWithLeaseOperation``).
        UsageError: Breaking cannot take so long.
    """
    if seconds is not None and not 0 <= seconds <= MOST_BREAK_SECONDS:
        raise UsageError(f"breaking a lease takes 0 to {MOST_BREAK_SECONDS} seconds", code="InvalidHeaderValue")
    if term is None:
        raise _refused("LeaseNotPresentWithLeaseOperation", "there is no lease to break")
    state = _state(term, at)
    if state is LeaseState.BROKEN:
        return term
    if state is LeaseState.EXPIRED:
        return replace(term, expires_at=None, breaks_at=at)
    latest = term.breaks_at or term.expires_at
    wanted = None if seconds is None else at + timedelta(seconds=seconds)
    known = [one for one in (latest, wanted) if one is not None]
    return replace(term, expires_at=None, breaks_at=min(known, default=at))


def _state(term: Term | None, at: datetime) -> LeaseState:
    return LeaseState.AVAILABLE if term is None else term.at(at).state


def _started(term: Term, at: datetime) -> Term:
    ends = None if term.seconds == INFINITE else at + timedelta(seconds=term.seconds)
    return replace(term, expires_at=ends, breaks_at=None)


def _held(term: Term | None, given: str) -> Term:
    if term is None or not same(term.id, given):
        raise _refused("LeaseIdMismatchWithLeaseOperation", "the lease is another's, or gone: acquire one")
    return term


def _refused(code: str, message: str) -> ConditionFailed:
    return ConditionFailed(message, code=code)
