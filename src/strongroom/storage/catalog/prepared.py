"""Statements that are compiled once and run by SQLite's own driver: where a write must take microseconds.

SQLAlchemy takes 50 to 800 us to build, look up and run a statement, the driver 3 to 10. Many rows go in one statement,
since the driver lets other threads run, and then waits for them, at each step of one.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import JSON, ClauseElement, Column, Table
from sqlalchemy.dialects import sqlite

from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.schema import EPOCH, MICROSECOND, Instant

DIALECT = sqlite.dialect(paramstyle="qmark")
MOST = 64
"""Rows, or values of a list, in one statement."""
FEW = 16
"""Up to so many rows of a `Bulk` are always one statement; more come in multiples, so that there are few texts."""


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


class Bulk(Prepared):
    """An INSERT of rows that share the values of some columns; all values are as the driver takes them."""

    def __init__(self, statement: ClauseElement, *, shared: Sequence[str], own: Sequence[str]) -> None:
        """Compile it.

        Args:
            statement: The INSERT, without values.
            shared: Columns whose values all rows share.
            own: Those of which each row has its own.
        """
        super().__init__(statement, column_keys=[*shared, *own])
        self._places = [(shared.index(name), -1) if name in shared else (0, own.index(name)) for name in self.names]
        self._shared, self._own = len(shared), len(own)
        self._head, _, rest = self.sql.partition("VALUES (")
        self._tail = rest.partition(")")[2]
        self._texts: dict[int, str] = {}

    def add(
        self, connection: sqlite3.Connection, shared: Sequence[Any], rows: Sequence[Sequence[Any]]
    ) -> sqlite3.Cursor | None:
        """Add rows, in order; gives the cursor of the last ones.

        Args:
            connection: The driver's.
            shared: Values, in the order of their columns as given.
            rows: Those of each row, in theirs.
        """
        at, cursor = 0, None
        while at < len(rows):
            left = len(rows) - at
            size = left if left <= FEW else min(left // FEW * FEW, MOST)
            text = self._texts.get(size)
            if text is None:
                text = self._texts[size] = self._text(size)
            cursor = connection.execute(text, [*shared, *chain.from_iterable(rows[at : at + size])])
            at += size
        return cursor

    def _text(self, size: int) -> str:
        rows = [
            ",".join(f"?{1 + (place if own < 0 else self._shared + row * self._own + own)}" for place, own in self._places)
            for row in range(size)
        ]
        return f"{self._head}VALUES {','.join(f'({row})' for row in rows)}{self._tail}"


def _size(left: int, *, whole: bool) -> int:
    """Give a power of two, so that there are few texts: at most what is left, or where ``whole`` all of it if that fits."""
    size: int = MOST
    while size > left:
        size //= 2
    return min(2 * size, MOST) if whole and size < left else size


def _spelling(column: "Column[Any]") -> Callable[[Any], object] | None:
    if isinstance(column.type, Instant):
        return microseconds
    return document if isinstance(column.type, JSON) else None


def microseconds(value: Any) -> object:
    """Spell an instant, or none, as the column does."""
    return None if value is None else (value - EPOCH) // MICROSECOND


def document(value: Any) -> str:
    """Spell a document as the column does."""
    return "{}" if value == {} else json.dumps(value)
