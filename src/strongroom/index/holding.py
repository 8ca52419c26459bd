"""Which of a few contents hold every word of a query: a search lists what holds some, an alert must not."""

from collections.abc import Collection

from strongroom.domain.query import Query
from strongroom.index.tokens import telling
from strongroom.storage.tables import View, predicates

LOOKED_AT = 20_000
"""Segments that are looked at for one word, at most."""


def holding(view: View, query: Query, contents: Collection[str]) -> set[str]:
    """Give the contents that hold each telling word of a query in any inflection, each perhaps in another segment.

    Args:
        view: The version to search.
        query: The query; its phrases are not looked at, since a search gives nothing without them.
        contents: Those to look at, some hundreds at the most.
    """
    held = set(contents)
    for word in telling(query.words):
        if not held:
            break
        where = predicates.of_contents(sorted(held))
        rows = view.words((word,), columns=("content_sha256",), where=where, limit=LOOKED_AT)
        held &= set(rows.column("content_sha256").to_pylist())
    return held
