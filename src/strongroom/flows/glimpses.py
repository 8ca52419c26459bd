"""Which small pictures somebody has seen lately: a list of hits shows dozens at once, again and again: each is one use."""

import time
from collections import OrderedDict
from threading import Lock

from strongroom.domain.scope import Scope

SECONDS = 3600.0
"""How long a look is the same one."""
MOST = 50_000
"""Looks that are remembered; the oldest is forgotten first, and recorded anew if it comes again."""

Seen = tuple[str, str, str, str]
"""Actor, purpose, version of the policy, content."""


class Glimpses:
    """Remembers who saw which content's picture lately; threads may share it."""

    def __init__(self) -> None:
        """Remember none."""
        self._seen: OrderedDict[Seen, float] = OrderedDict()
        self._lock = Lock()

    def is_new(self, scope: Scope, sha256: str) -> bool:
        """Say whether a look is to be recorded, and remember it."""
        key, now = (scope.actor.name, scope.purpose.name, scope.policy_version, sha256), time.monotonic()
        with self._lock:
            before = self._seen.get(key)
            if before is not None and now - before < SECONDS:
                return False
            self._seen[key] = now
            self._seen.move_to_end(key)
            if len(self._seen) > MOST:
                self._seen.popitem(last=False)
        return True
