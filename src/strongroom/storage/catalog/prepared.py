"""Statements that are compiled once and run by SQLite's own driver: where a write must take microseconds.

SQLAlchemy takes 50 to 800 us to build, look up and run a statement, the driver 3 to 10. Many rows go in one statement,
since the driver lets other threads run, and then waits for them, at each step of one.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import JSON, ClauseElement, Column, Table
from sqlalchemy.dialects import sqlite

from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import EPOCH, MICROSECOND, Instant

DIALECT = sqlite.dialect(paramstyle="qmark")
MOST = 64
"""Rows, or values of a list, in one statement."""


def driver(tx: Transaction) -> sqlite3.Connection | None:
    """Give the driver's own connection of a transaction; None where the catalog is not on SQLite."""
    return cast("sqlite3.Connection", tx.connection.driver_connection) if tx.dialect.name == "sqlite" else None


class Prepared:
    """One statement; all its values are parameters."""

    def __init__(self, statement: ClauseElement, **options: Any) -> None:
        """Compile it.

        Args:
            statement: In SQLAlchemy's terms.
            options: For its compiler.
        """
        compiled = statement.compile(dialect=DIALECT, **options)
        self.sql = str(compiled)
        """Its text; parameters are question marks."""
        self.names: Sequence[str] = compiled.positiontup or ()  # type: ignore[attr-defined]
        """Its parameters, in order."""

    def run(self, connection: sqlite3.Connection, *values: object) -> sqlite3.Cursor:
        """Run it, with a value a parameter, as the driver takes them."""
        return connection.execute(self.sql, values)


class Listed(Prepared):
    """A statement whose last parameter stands alone between brackets, and takes a list of values."""

    def over(self, connection: sqlite3.Connection, values: Collection[Any], *first: object) -> Iterator[Any]:
        """Run it over values, some at a time; gives all rows."""
        rest = list(values)
        while rest:
            size = _size(len(rest), whole=True)
            some, rest = rest[:size], rest[size:]
            some += some[-1:] * (size - len(some))
            yield from connection.execute(self._text(size), (*first, *some))

    def _text(self, size: int) -> str:
        head, _, tail = self.sql.rpartition("(?)")
        return f"{head}({','.join('?' * size)}){tail}"


class Insertion(Prepared):
    """An INSERT whose rows are given by column, in Python's types."""

    def __init__(self, statement: ClauseElement, table: Table, *left_out: str) -> None:
        """Compile it.

        Args:
            statement: The INSERT, without values.
            table: Into which.
            left_out: Columns that take what the database gives them.
        """
        super().__init__(statement, column_keys=[column.name for column in table.c if column.name not in left_out])
        self._values = itemgetter(*self.names)
        spelt = [(place, _spelling(table.c[name])) for place, name in enumerate(self.names)]
        self._spelt = [(place, spell) for place, spell in spelt if spell is not None]
        self._head, _, rest = self.sql.partition("VALUES (")
        self._row, _, self._tail = rest.partition(")")

    def add(self, connection: sqlite3.Connection, rows: Collection[Mapping[str, Any]]) -> sqlite3.Cursor | None:
        """Add rows, in order; gives the cursor of the last ones."""
        values: list[Any] = []
        for row in rows:
            one = list(self._values(row))
            for place, spell in self._spelt:
                one[place] = spell(one[place])
            values += one
        at, left, width, cursor = 0, len(rows), len(self.names), None
        while left:
            size = _size(left, whole=False)
            cursor = connection.execute(self._text(size), values[at * width : (at + size) * width])
            at, left = at + size, left - size
        return cursor

    def _text(self, size: int) -> str:
        return f"{self._head}VALUES {','.join([f'({self._row})'] * size)}{self._tail}"


def _size(left: int, *, whole: bool) -> int:
    """Give a power of two, so that there are few texts: at most what is left, or where ``whole`` all of it if that fits."""
    size: int = MOST
    while size > left:
        size //= 2
    return min(2 * size, MOST) if whole and size < left else size


def _spelling(column: "Column[Any]") -> Callable[[Any], object] | None:
    if isinstance(column.type, Instant):
        return _microseconds
    return _document if isinstance(column.type, JSON) else None


def _microseconds(value: Any) -> object:
    return None if value is None else (value - EPOCH) // MICROSECOND


def _document(value: Any) -> str:
    return "{}" if value == {} else json.dumps(value)
