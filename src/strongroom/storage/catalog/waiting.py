"""What is yet to be read: which files, and by which analyzers."""

from collections.abc import Sequence

import sqlalchemy as sa

from strongroom.domain.analysis import AnalyzerSpec
from strongroom.domain.content import Name
from strongroom.domain.scope import Scope
from strongroom.domain.status import Waiting
from strongroom.storage.catalog import analyses, blobs, contents
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.names import first_names
from strongroom.storage.catalog.schema import containers, versions


def unread(tx: Transaction, scope: Scope, after: int, limit: int) -> list[tuple[int, Waiting]]:
    """Give keys of live versions whose bytes are not looked at yet, in order, each with what is told of it."""
    keys = blobs.unread(tx, scope.containers, after=after, limit=limit)
    columns = (versions.c.id, versions.c.name, containers.c.name.label("container"))
    statement = sa.select(*columns).join_from(versions, containers, containers.c.id == versions.c.container_id)
    return [
        (row.id, Waiting(sha256="", name=str(Name(container=row.container, blob=row.name)), type=None, analyzers=()))
        for row in tx.execute(statement.where(versions.c.id.in_(keys)).order_by(versions.c.id))
    ]


def pending(tx: Transaction, specs: Sequence[AnalyzerSpec], scope: Scope, after: str, limit: int) -> list[Waiting]:
    """Give contents that some analyzer has yet to read, in order of SHA-256.

    Args:
        tx: A transaction.
        specs: The analyzers.
        scope: What may be seen.
        after: SHA-256 of the last content known; empty for none.
        limit: How many at most.
    """
    page = analyses.pending(tx, specs, containers=scope.containers, after=after, limit=limit)
    known, due, names = contents.contents(tx, page), analyses.due(tx, page, specs), first_names(tx, page, scope)
    return [
        Waiting(
            sha256=sha256,
            name=names.get(sha256, ""),
            type=known[sha256].type,
            analyzers=tuple(spec.name for spec in sorted(due[sha256], key=lambda spec: spec.cost))
            if known[sha256].media_type is not None
            else (),
        )
        for sha256 in page
    ]
