"""What somebody has seen lately: the same look again and again is one use, and one act of the ledger.

A list of hits shows dozens of small pictures, whoever steps from hit to hit asks for the list anew, and a player asks for a
film in hundreds of parts.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from strongroom.domain.scope import Scope

SECONDS = 3600.0
"""How long a look at a picture or a list is the same one."""
READING = 60.0
"""How long parts of the same bytes are one act."""
MOST = 50_000
"""Looks that are remembered; the oldest is forgotten first, and recorded anew if it comes again."""

Seen = tuple[str, str, str, str]
"""Actor, purpose, version of the policy, and what was seen."""


class Glimpses:
    """Remembers who saw what lately; threads may share it."""

    def __init__(self) -> None:
        """Remember none."""
        self._seen: OrderedDict[Seen, float] = OrderedDict()
        self._lock = Lock()

    def record(
        self, scope: Scope, what: str, act: Callable[[], None], *, within: float = SECONDS, always: bool = False
    ) -> None:
        """Record a look, unless the same was recorded lately; nothing may be shown before this returns.

        Two threads that begin at once may both record theirs: better twice than that one shows what is not recorded yet.

        Args:
            scope: Who looks.
            what: See `pictured`, `listed` and `opened`.
            act: Writes it into the ledger; what it raises leaves nothing remembered.
            within: For how many seconds it is the same look.
            always: Whether it is recorded whatever came before.
        """
        key = (scope.actor.name, scope.purpose.name, scope.policy_version, what)
        with self._lock:
            before = self._seen.get(key)
        if not always and before is not None and time.monotonic() - before < within:
            return
        act()
        with self._lock:
            self._seen[key] = time.monotonic()
            self._seen.move_to_end(key)
            if len(self._seen) > MOST:
                self._seen.popitem(last=False)


def pictured(sha256: str) -> str:
    """Give what a look at the small picture of a content is remembered by."""
    return f"picture {sha256}"


def listed(query: str) -> str:
    """Give what a look at the list of a query is remembered by."""
    return f"list {query}"


def opened(name: str) -> str:
    """Give what reading the bytes of a content, or of a blob that is not known as one yet, is remembered by."""
    return f"open {name}"
