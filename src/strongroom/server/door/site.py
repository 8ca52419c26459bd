"""What is served, to whom, and within which bounds: the one value that every handler finds at the application."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from anyio import CapacityLimiter
from fastapi import Request, Response

from strongroom.domain.scope import Actor
from strongroom.governance.members import VERSION
from strongroom.governance.policy import GENERAL, OWNER
from strongroom.ports import Act
from strongroom.room import Room
from strongroom.server.door.buckets import Buckets
from strongroom.server.door.problem import Problem
from strongroom.server.work import Work

PROOFS = 4
"""Looking one up takes a fraction of a millisecond."""
FAILURES_BY_NAME = {"burst": 10.0, "rate": 1 / 30}
FAILURES_BY_ADDRESS = {"burst": 20.0, "rate": 1 / 5}
"""Wrong proofs that may be tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginForm:
    """What the login page shows."""

    next: str
    """Where it leads: a path of this site."""
    message: str
    """Why it is shown again; empty at first."""
    status: int
    """HTTP status to answer with."""
    has_users: bool
    """Whether anybody can sign in by a password; otherwise a link is needed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pages:
    """How the page shows what the door has to tell people."""

    login: Callable[[Request, LoginForm], Response]
    """The form of signing in."""
    fault: Callable[[Request, Problem], Response]
    """What could not be done."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A room that is served; shared by all requests."""

    room: Room
    """The room, as its owner acts in it."""
    hosts: frozenset[str] | None = None
    """Names in the Host header that are answered, in lower case and without the port; None answers all."""
    is_secure: bool = False
    """Whether people reach it over TLS, so that cookies are sent over TLS only."""
    work: Work
    """Reads what waits."""
    pages: Pages
    """How refusals are shown to people."""
    cookie: str
    """Name of the session's cookie: each room has its own, since a host's cookies are one for all its ports."""
    actors: Buckets
    """Requests of an actor."""
    addresses: Buckets
    """Requests from an address."""
    wrong_names: Buckets = field(default_factory=lambda: Buckets(**FAILURES_BY_NAME))
    """Wrong passwords for a name."""
    wrong_addresses: Buckets = field(default_factory=lambda: Buckets(**FAILURES_BY_ADDRESS))
    """Wrong proofs from an address."""
    uploads: CapacityLimiter
    """Bodies that are written at a time; others wait."""
    proofs: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(PROOFS))
    """Proofs that are looked at at a time, apart from what else is worked on: who asks is known at once, whoever searches."""
    ending: threading.Event = field(default_factory=threading.Event)
    """Set when the server stops: what streams without end ends then."""

    def as_actor(self, actor: Actor) -> Room:
        """Give the room as somebody acts in it."""
        return self.room.acting(actor, self.room.member_policy)

    def note(self, verb: str, actor: Actor = OWNER, **details: object) -> None:
        """Write an act of the door into the ledger."""
        self.room.ledger.append(Act(verb=verb, actor=actor, purpose=GENERAL, policy_version=VERSION, details=details))


def site_of(request: Request) -> Site:
    """Give what is served."""
    return cast("Site", request.app.state.site)


def address_of(request: Request) -> str:
    """Give the address that a request comes from."""
    return request.client.host if request.client else "-"
