"""`batch`: many searches into one table."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from strongroom.domain.export import CSV, MOST_QUERIES, XLSX, Batched, Line
from strongroom.domain.progress import OnProgress, Progress
from strongroom.domain.scope import Scope
from strongroom.errors import NotFound, UsageError
from strongroom.flows.export import rows
from strongroom.flows.export.asjson import told
from strongroom.flows.export.tables import Sheet, write_csv, write_xlsx
from strongroom.flows.fetch import whole
from strongroom.flows.parts import Parts

COUNTED = 200
"""Contents to which each query is counted."""
FIRST_MOST = 50
"""Hits of a query that are told, at most."""
NOTED = 100
"""Queries that are recorded together."""
HEAD = ("Query", "Hits", "Or more", "No.", "Name", "Place", "Text", "Kind", "SHA-256", "Problem")


def queries_of(text: str, *, exact: bool = False, column: str | None = None) -> list[str]:
    """Give the queries of a list, one a line; empty lines and doubles are left out.

    Args:
        text: The list.
        exact: Whether each is looked for word for word.
        column: The list is CSV with a head: the name of the column that holds the queries.

    Raises:
        UsageError: There is none, there are too many, or there is no such column.
    """
    lines = text.removeprefix("\ufeff").splitlines() if column is None else _column(text, column)
    found = dict.fromkeys(" ".join(line.split()) for line in lines)
    queries = [f'"{one.strip(chr(34))}"' if exact else one for one in found if one]
    if not queries:
        raise UsageError("there is no query in this list: write one a line")
    if len(queries) > MOST_QUERIES:
        raise UsageError(f"{len(queries):,} queries are too many: give at most {MOST_QUERIES:,} at a time")
    return queries


def _column(text: str, column: str) -> Iterator[str]:
    try:
        table = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
        if column not in (table.fieldnames or ()):
            raise UsageError(f"there is no column {column!r}: there are {', '.join(table.fieldnames or ()) or 'none'}")
        yield from (row[column] or "" for row in table)
    except csv.Error as error:
        raise UsageError(f"the list is no CSV that can be read: {error}") from error


def search_all(
    parts: Parts,
    queries: Sequence[str],
    scope: Scope,
    *,
    first: int,
    on_progress: OnProgress,
    record: Callable[[Sequence[Line]], None],
) -> list[Line]:
    """Search for each query.

    Args:
        parts: An open room.
        queries: As `queries_of` gives them.
        scope: What may be seen.
        first: How many hits are told of each, at most `FIRST_MOST`.
        on_progress: Is told of queries done.
        record: Is given what was found, some queries at a time, before anybody sees it.

    Raises:
        UsageError: ``first`` cannot be, or there are too many queries.
        ModelMissing: The text model has not been pulled.
    """
    if not 1 <= first <= FIRST_MOST or len(queries) > MOST_QUERIES:
        raise UsageError(f"give 1 to {FIRST_MOST} hits to be told of each query, and at most {MOST_QUERIES:,} queries")
    lines: list[Line] = []
    for begin in range(0, len(queries), NOTED):
        some = []
        for query in queries[begin : begin + NOTED]:
            some.append(_line(parts, query, scope, first))
            done = begin + len(some)
            on_progress(Progress(step="searching", done=done, total=len(queries), unit="queries"))
        record(some)
        lines += some
    return lines


def _line(parts: Parts, query: str, scope: Scope, first: int) -> Line:
    try:
        found = parts.searcher.search(query, scope, limit=COUNTED)
    except (UsageError, NotFound) as error:
        return Line(query=query, total=0, is_least=False, hits=(), problem=str(error))
    return Line(query=query, total=found.total, is_least=found.more, hits=found.hits[:first])


def write(lines: Sequence[Line], file: Path, form: str) -> Batched:
    """Write a batch to a file, which appears only when it is whole.

    Raises:
        StorageError: It cannot be written.
    """
    hits = Sheet(name="Hits", head=HEAD, rows=_rows(lines))
    if form == XLSX:
        counts = Sheet(name="Queries", head=("Query", "Hits", "Or more", "Problem"), rows=map(_count, lines))
        whole(lambda path: write_xlsx(path, [counts, hits]), file)
    elif form == CSV:
        whole(lambda path: write_csv(path, hits), file)
    else:
        whole(lambda path: _write_json(path, lines), file)
    found, problems = sum(line.total > 0 for line in lines), sum(bool(line.problem) for line in lines)
    return Batched(form=form, queries=len(lines), found=found, problems=problems, size=file.stat().st_size)


def _count(line: Line) -> rows.Row:
    return line.query, line.total, "yes" if line.is_least else "", line.problem


def _rows(lines: Sequence[Line]) -> Iterator[rows.Row]:
    for line in lines:
        counted = (line.query, line.total, "yes" if line.is_least else "")
        if not line.hits:
            yield (*counted, "", "", "", "", "", "", line.problem)
        for number, hit in enumerate(line.hits, 1):
            best = hit.matches[0]
            place = best.locator.label()
            yield (*counted, number, str(hit.names[0]), place, best.snippet, hit.type, hit.content, "")


def _write_json(file: Path, lines: Sequence[Line]) -> None:
    with file.open("w", encoding="utf-8") as out:
        for place, line in enumerate(lines):
            said = {"query": line.query, "total": line.total, "is_least": line.is_least, "problem": line.problem}
            value = said | {"hits": [told(number, hit) for number, hit in enumerate(line.hits, 1)]}
            text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
            out.write(("[\n" if not place else ",\n") + text)
        out.write("\n]\n" if lines else "[]\n")
