"""What somebody has seen lately: the small pictures of a list of hits, and the list itself, whoever steps from hit to hit.

The same look again and again is one use.
"""

import time
from collections import OrderedDict
from threading import Lock

from strongroom.domain.scope import Scope

SECONDS = 3600.0
"""How long a look is the same one."""
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

    def is_new(self, scope: Scope, what: str) -> bool:
        """Say whether a look is to be recorded, and remember it.

        Args:
            scope: Who looks.
            what: The content whose picture it is, or a query (see `listed`).
        """
        key, now = (scope.actor.name, scope.purpose.name, scope.policy_version, what), time.monotonic()
        with self._lock:
            before = self._seen.get(key)
            if before is not None and now - before < SECONDS:
                return False
            self._seen[key] = now
            self._seen.move_to_end(key)
            if len(self._seen) > MOST:
                self._seen.popitem(last=False)
        return True


def listed(query: str) -> str:
    """Give what a look at the list of a query is remembered by."""
    return f"list {query}"
