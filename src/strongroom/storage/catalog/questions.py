"""Reads of many rows at once, built once: a search asks them of each hundred contents that it ranked.

SQLAlchemy takes 1 to 2 ms to build such a statement anew, spell its long list and hand its rows out. And SQLite's driver lets
other threads run at each row, and then waits for them: with many readers each row costs a turn. So on SQLite the list goes
in, and all rows come out, as one JSON document.
"""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam

from strongroom.storage.catalog import holdings
from strongroom.storage.catalog.catalog import Transaction
from strongroom.storage.catalog.prepared import DIALECT, driver

SOME: BindParameter[Any] = bindparam("some", expanding=True)
"""Stands for the values that are asked about."""
INSIDE: BindParameter[Any] = bindparam("inside", expanding=True)
"""Stands for the containers of a scope."""

_LIST = re.compile(r"\(__\[POSTCOMPILE_\w+\]\)")


class Question:
    """One SELECT about `SOME` values; what it selects is text and whole numbers, and its rows come in no order."""

    def __init__(self, statement: Select[Any]) -> None:
        """Build it.

        Args:
            statement: Each of its columns has a name; lists that it takes are expanding parameters.
        """
        self._statement = statement
        compiled = statement.compile(dialect=DIALECT)
        inner = _LIST.sub("(SELECT value FROM json_each(?))", str(compiled))
        columns = ", ".join(f'"{column.name}"' for column in statement.selected_columns)
        self._text = f"SELECT json_group_array(json_array({columns})) FROM ({inner})"  # noqa: S608 - no input in it
        self._names: Sequence[str] = compiled.positiontup or ()

    def over(self, tx: Transaction, some: Collection[Any], **given: Any) -> Iterator[tuple[Any, ...]]:
        """Ask about values; gives rows.

        Args:
            tx: A transaction.
            some: The values.
            given: What else the statement takes; lists are collections.
        """
        connection = driver(tx)
        if connection is None:
            for part in holdings.chunks(some):
                yield from map(tuple, tx.execute(self._statement, {"some": part, **given}))
        elif some:
            values = {"some": some, **given}
            (rows,) = connection.execute(self._text, [_spelt(values[name]) for name in self._names]).fetchone()
            yield from map(tuple, json.loads(rows))


def _spelt(value: Any) -> Any:
    return value if isinstance(value, (str, int)) else json.dumps(list(value))
