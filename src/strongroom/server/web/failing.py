"""What could not be read, gathered by its reason, so that one look shows what one act can mend."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from strongroom.domain.analysis import Failure, State
from strongroom.domain.status import Failures
from strongroom.room import Room

STEP = 1000
MOST_STEPS = 10
"""Ten thousand failures are looked at for one page, never more."""
EXAMPLES = 3


@dataclass(kw_only=True, slots=True)
class Group:
    """Failures that have one reason."""

    reason: str
    """A sentence for people."""
    state: State
    """What it did to them."""
    count: int = 0
    """How many."""
    examples: list[Failure] = field(default_factory=list)
    """The first few."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Groups:
    """Failures by reason, the most frequent first."""

    failed: list[Group]
    """What failed, wholly or in part."""
    skipped: list[Group]
    """What nothing here reads, or a limit left out."""
    is_whole: bool
    """Whether there are no more than were looked at."""


def groups(room: Room) -> Groups:
    """Gather what could not be read by reason."""
    found: dict[tuple[State, str], Group] = {}
    following: str | None = None
    for one in _pages(room, ""):
        following = one.next
        for failure in one.failures:
            key = (failure.state, failure.reason)
            group = found.setdefault(key, Group(reason=failure.reason, state=failure.state))
            group.count += 1
            if len(group.examples) < EXAMPLES:
                group.examples.append(failure)
    ordered = sorted(found.values(), key=lambda group: (-group.count, group.reason))
    return Groups(
        failed=[one for one in ordered if one.state is not State.SKIPPED],
        skipped=[one for one in ordered if one.state is State.SKIPPED],
        is_whole=following is None,
    )


def of_reason(room: Room, reason: str, after: str, limit: int) -> Failures:
    """Give a page of the failures of one reason.

    Args:
        room: As the reader acts in it.
        reason: The sentence.
        after: `Failures.next` of the page before.
        limit: About how many: a page ends where one of the room's does.

    Raises:
        UsageError: ``after`` is none that can be.
    """
    found: list[Failure] = []
    following: str | None = after
    for one in _pages(room, after, limit):
        found += [failure for failure in one.failures if failure.reason == reason]
        following = one.next
        if len(found) >= limit:
            break
    return Failures(failures=tuple(found), next=following)


def names_of(room: Room, reason: str) -> list[str]:
    """Give what failed for a reason, as `Room.retry` takes it."""
    alike = (one for page in _pages(room, "") for one in page.failures if one.reason == reason)
    return list(dict.fromkeys(one.sha256 or one.name for one in alike))


def _pages(room: Room, after: str, limit: int = STEP) -> Iterator[Failures]:
    for _ in range(MOST_STEPS * STEP // limit):
        page = room.failures(after=after, limit=limit)
        yield page
        if page.next is None:
            return
        after = page.next
