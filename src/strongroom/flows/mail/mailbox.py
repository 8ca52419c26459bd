"""A mailbox as the list of its messages, by conversation."""

from strongroom.domain.mail import Mailbox
from strongroom.domain.media import MBOX
from strongroom.domain.scope import Scope
from strongroom.errors import Unsupported
from strongroom.flows import card, fetch
from strongroom.flows.mail.thread import threads
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import analyses, names


def read(parts: Parts, sha256: str, scope: Scope, *, after: int, limit: int) -> Mailbox:
    """Give a part of a mailbox.

    Args:
        parts: An open room.
        sha256: The content.
        scope: What may be seen.
        after: Messages to pass over.
        limit: How many at most.

    Raises:
        Unsupported: It is no mailbox.
        UsageError: A number is none that can be.
    """
    with parts.catalog.read() as tx:
        media_type = fetch.content(tx, sha256).media_type
    if media_type != MBOX:
        raise Unsupported(f"the content {sha256} is no mailbox: it is {media_type}")
    inside = card.inside(parts, sha256, after=after, limit=limit)
    order = list(dict.fromkeys(one.sha256 for one in inside.members))
    with parts.catalog.read() as tx:
        named = names.names(tx, order, scope, limit=1)
        said = analyses.properties(tx, order)
    kept = {sha: said.get(sha, {}) for sha in order if sha in named}
    talks = threads(kept, {sha: named[sha][0] for sha in kept})
    return Mailbox(conversations=talks, total=inside.total, after=after, count=len(inside.members))
