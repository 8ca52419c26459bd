"""What somebody began to read lately: a player asks for a film in hundreds of parts, and that is one act."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from strongroom.domain.scope import Scope

SECONDS = 60.0
"""How long parts of the same thing are one act."""
MOST = 10_000
"""Acts that are remembered; the oldest is forgotten first, and recorded anew if another part is asked for."""

Key = tuple[str, str, str, str]
"""Actor, purpose, version of the policy, and what is read."""


class Openings:
    """Remembers who began to read what; threads may share it."""

    def __init__(self) -> None:
        """Remember none."""
        self._recorded: OrderedDict[Key, float] = OrderedDict()
        self._lock = Lock()

    def record(self, scope: Scope, what: str, act: Callable[[], None], *, is_part: bool) -> None:
        """Record that something is opened, unless only a part is and the same was recorded within the last minute.

        Args:
            scope: Who opens it.
            what: The content, or the name of what is not known as one yet.
            act: Writes it into the ledger; what it raises leaves nothing remembered.
            is_part: Whether only a part of the bytes is asked for.
        """
        key = (scope.actor.name, scope.purpose.name, scope.policy_version, what)
        with self._lock:  # also while it is written: no part may be given before the act is in the ledger
            now = time.monotonic()
            if is_part and now - self._recorded.get(key, -SECONDS) < SECONDS:
                return
            act()
            self._recorded[key] = now
            self._recorded.move_to_end(key)
            if len(self._recorded) > MOST:
                self._recorded.popitem(last=False)
