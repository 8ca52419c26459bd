"""Who uses what, for the ledger: an entry before the first byte of a use is shown, and its counts every minute of it.

An act is one actor's use of one container by one kind (read, list, write, delete, manage) while it lasts. So a busy reader
costs one entry a minute, not one a request, and still nothing is shown that the ledger does not know of.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.errors import StrongroomError
from strongroom.ports import Act, Ledger
from strongroom.server.azure.call import Identity, Request
from strongroom.server.azure.faults import Fault

TOLD_EVERY = 60.0
"""Seconds between two entries of one use."""
MOST_REFUSALS = 256
"""Kinds of refusals that are told apart at a time; all beyond them are told as one."""
MOST_NAME = 63
"""Characters of a container's name, and of an account's that nobody has proved, that go into an entry."""
NOBODY = Actor(name="anonymous")
"""Who was refused: nobody knows."""

logger = logging.getLogger("strongroom.server")


@dataclass(kw_only=True, slots=True)
class Use:
    """One use while it lasts, or one kind of refusal."""

    key: tuple[str, ...]
    """What it is of."""
    act: Act
    """What is told of it at its beginning."""
    told_at: float
    """When it was last told (monotonic)."""
    requests: int = 0
    """Requests that have not been told yet."""
    came: int = 0
    """Bytes of them that came."""
    sent: int = 0
    """Bytes that were sent for them."""
    is_told: bool = False
    """Whether its beginning is in the ledger."""
    guard: threading.Lock = field(default_factory=threading.Lock)
    """Held while its beginning is written."""


class Uses:
    """Implements `strongroom.server.azure.desk.Book` on a ledger."""

    def __init__(self, ledger: Ledger, purpose: Purpose, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with none.

        Args:
            ledger: Where to.
            purpose: What everything is done for.
            clock: Seconds.
        """
        self._ledger, self._purpose, self._clock = ledger, purpose, clock
        self._guard = threading.Lock()
        self._uses: dict[tuple[str, ...], Use] = {}
        self._refusals: dict[tuple[str, ...], Use] = {}

    def note(self, request: Request, identity: Identity, scope: Scope, kind: str) -> Use:
        """Note a use of the container that a request names; when this returns its beginning is durable.

        Args:
            request: What is asked.
            identity: Who asks.
            scope: What they may see.
            kind: ``read``, ``list``, ``write``, ``delete`` or ``manage``.

        Raises:
            StorageError: The ledger cannot be written; nothing may be shown then.
        """
        container = request.address.container[:MOST_NAME]
        details = {"container": container, "how": identity.how, "from": request.client}
        act = Act(
            verb=f"blob-{kind}",
            actor=identity.actor,
            purpose=self._purpose,
            policy_version=scope.policy_version,
            details={name: value for name, value in details.items() if value},
        )
        with self._guard:
            use = self._one(self._uses, (identity.actor.name, identity.how, container, kind), act)
        self._tell_beginning(use)
        return use

    @property
    def purpose(self) -> Purpose:
        """What everything is done for."""
        return self._purpose

    def again(self, actor: str, how: str, container: str, kind: str) -> Use | None:
        """Note one more request of a use that lasts, whose beginning is durable; None where there is none (see `note`)."""
        with self._guard:
            use = self._uses.get((actor, how, container[:MOST_NAME], kind))
            if use is None or not use.is_told:
                return None
            use.requests += 1
            return use

    def count(self, use: Use, came: int, sent: int) -> None:
        """Add the bytes of a request that has ended."""
        with self._guard:
            counted = self._uses.setdefault(use.key, use)  # a long download outlives what else was of its kind
            counted.came += came
            counted.sent += sent

    def refuse(self, request: Request, fault: Fault) -> None:
        """Note that somebody was refused; who it was is not known, only whom they named."""
        account, container = request.address.account[:MOST_NAME], request.address.container[:MOST_NAME]
        key = (account, container, fault.code)
        with self._guard:
            if key not in self._refusals and len(self._refusals) >= MOST_REFUSALS:
                key, account, container = ("", "", fault.code), "", ""
            details = {"account": account, "container": container, "code": fault.code, "from": request.client}
            act = Act(
                verb="blob-refused",
                actor=NOBODY,
                purpose=self._purpose,
                policy_version="",
                details={name: value for name, value in details.items() if value},
            )
            use = self._one(self._refusals, key, act)
        try:
            self._tell_beginning(use)
        except StrongroomError as error:
            logger.warning("a refusal could not be recorded: %s", error)

    def tell(self, *, all_of_them: bool = False) -> None:
        """Write the counts of uses that were last told a minute ago, and forget those that have ended.

        Args:
            all_of_them: Whether younger ones are told too.

        Raises:
            StorageError: The ledger cannot be written; the counts that were not told stay.
        """
        now = self._clock()
        for uses in (self._uses, self._refusals):
            with self._guard:
                due = [use for use in uses.values() if all_of_them or now - use.told_at >= TOLD_EVERY]
            for use in due:
                self._tell_counts(uses, use, now)

    def _one(self, uses: dict[tuple[str, ...], Use], key: tuple[str, ...], act: Act) -> Use:
        use = uses.get(key)
        if use is None:
            use = uses[key] = Use(key=key, act=act, told_at=self._clock())
        use.requests += 1
        return use

    def _tell_beginning(self, use: Use) -> None:
        if use.is_told:
            return
        with use.guard:
            if not use.is_told:
                self._ledger.append(use.act)
                use.is_told = True

    def _tell_counts(self, uses: dict[tuple[str, ...], Use], use: Use, now: float) -> None:
        with self._guard:
            requests, came, sent = use.requests, use.came, use.sent
            if not (requests or came or sent):
                uses.pop(use.key, None)
                return
            use.requests = use.came = use.sent = 0
            seconds, use.told_at = round(now - use.told_at, 3), now
        counts = {"requests": requests, "bytes_in": came, "bytes_out": sent, "seconds": seconds}
        act = use.act
        try:
            self._ledger.append(
                Act(
                    verb=act.verb,
                    actor=act.actor,
                    purpose=act.purpose,
                    policy_version=act.policy_version,
                    details={**act.details, **counts},
                )
            )
        except StrongroomError:
            with self._guard:
                use.requests, use.came, use.sent = use.requests + requests, use.came + came, use.sent + sent
            raise
