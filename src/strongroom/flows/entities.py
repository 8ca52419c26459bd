"""What a room's contents name."""

from collections.abc import Sequence
from functools import partial

from strongroom.domain.entities import KINDS, Entity, folded
from strongroom.domain.scope import Scope
from strongroom.errors import UsageError
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import entities, often

MOST = 1000


def listed(
    parts: Parts, scope: Scope, *, kind: str | None, like: str, content: str | None, after: int, limit: int
) -> Sequence[Entity]:
    """Give what contents name, what most of them do first; what took long is given again for some seconds.

    Args:
        parts: An open room.
        scope: What may be seen.
        kind: Of one kind only.
        like: Words that the name holds, in any case; empty for all.
        content: SHA-256 of the only content to look at.
        after: How many to pass over.
        limit: How many at most.

    Raises:
        UsageError: There is no such kind, or a number is none that can be.
    """
    if kind is not None and kind not in KINDS:
        raise UsageError(f"{kind!r} is no kind of entity: it can be {', '.join(KINDS)}")
    if after < 0 or not 1 <= limit <= MOST:
        raise UsageError(f"after is {after} and limit {limit}: after must be 0 or more, and limit 1 to {MOST:,}")
    with parts.catalog.read() as tx:
        if content is None:
            sight = often.sight(tx, scope)
            question = partial(often.listed, tx, scope, kind=kind, like=folded(like), after=after, limit=limit)
            return question() if sight is None else parts.kept_names.get((sight, kind, like, after, limit), question)
        return entities.found(tx, scope, kind=kind, like=folded(like), among={content}, after=after, limit=limit)
