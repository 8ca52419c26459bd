"""Every predicate over the segments table, in the SQL that Lance reads."""

from collections.abc import Iterable
from datetime import datetime

from strongroom.domain.media import AUDIO, VIDEO
from strongroom.domain.query import Bound, Choice, Query
from strongroom.domain.transcript import SUBTITLES


def quoted(value: str) -> str:
    """Give a text literal."""
    return "'" + value.replace("'", "''") + "'"


def one_of(column: str, values: Iterable[str]) -> str:
    """Give the predicate that a text column has one of the values; no values match nothing."""
    listed = ", ".join(quoted(value) for value in values)
    return f"{column} IN ({listed})" if listed else "false"


def any_of(column: str, values: Iterable[str]) -> str:
    """Give the predicate that a list column holds one of the values; no values match nothing."""
    listed = ", ".join(quoted(value) for value in values)
    return f"array_has_any({column}, [{listed}])" if listed else "false"


def both(*predicates: str | None) -> str | None:
    """Give the conjunction of the predicates that are there; None where none is."""
    return " AND ".join(f"({predicate})" for predicate in predicates if predicate) or None


def of_contents(sha256s: Iterable[str], analyzer: str | None = None, version: int | None = None) -> str:
    """Give the predicate of the rows of some contents, of one analyzer and version where they are given."""
    by = quoted(analyzer) if analyzer is not None else None
    rows = both(
        one_of("content_sha256", sha256s), by and f"analyzer = {by}", None if version is None else f"version = {version:d}"
    )
    return rows or "false"


def granted(containers: frozenset[int] | None) -> str | None:
    """Give the predicate of what a scope shows; None where it shows all."""
    return None if containers is None else any_of("containers", (str(number) for number in sorted(containers)))


def filtered(query: Query, *, only: frozenset[int] | None, without: frozenset[int]) -> str | None:
    """Give the predicate of a query's filters.

    Args:
        query: The query.
        only: Ids of the containers that ``container:`` names; None where it names none.
        without: Ids of the containers that ``-container:`` names.

    Returns:
        The predicate, or None where the query filters nothing.
    """
    return both(
        granted(only),
        f"NOT {granted(without)}" if without else None,
        _types(query),
        _text("language", query.languages),
        any_of("extensions", query.extensions.only) if query.extensions.only else None,
        f"NOT coalesce({any_of('extensions', query.extensions.without)}, false)" if query.extensions.without else None,
        f"taken_at < {_instant(query.before)}" if query.before else None,
        f"taken_at >= {_instant(query.after)}" if query.after else None,
        f"size >= {query.size_min:d}" if query.size_min is not None else None,
        f"size <= {query.size_max:d}" if query.size_max is not None else None,
        _length(">", query.duration_min),
        _length("<", query.duration_max),
    )


def _types(query: Query) -> str | None:
    """Give the predicate of types; words beside a recording may find it, so subtitles are let through where it is asked for."""
    chosen = _text("type", query.types)
    if chosen is None or not query.terms or not {AUDIO, VIDEO} & {*query.types.only}:
        return chosen
    return f"({chosen}) OR {any_of('extensions', SUBTITLES)}"


def _length(sign: str, bound: Bound | None) -> str | None:
    """Give the predicate of how long recordings are; what is none has no length, and is let through by no bound."""
    return f"duration {sign}{'=' if bound.inclusive else ''} {bound.seconds:.6f}" if bound is not None else None


def _text(column: str, choice: Choice) -> str | None:
    return both(
        one_of(column, choice.only) if choice.only else None,
        f"coalesce({column}, '') NOT IN ({', '.join(quoted(value) for value in choice.without)})" if choice.without else None,
    )


def _instant(instant: datetime) -> str:
    return f"timestamp '{instant.replace(tzinfo=None).isoformat(sep=' ')}'"
