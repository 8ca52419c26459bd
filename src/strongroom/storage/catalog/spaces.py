"""Which text model wrote the vectors of the room's index: vectors of two models have nothing to do with each other."""

from sqlalchemy import select

from strongroom.storage.catalog.catalog import Transaction, dialect_insert
from strongroom.storage.catalog.schema import room

_NAME = "text_model"


def text_model(tx: Transaction) -> str | None:
    """Give the model's name; None where nothing was written, or by an earlier Strongroom only."""
    found: str | None = tx.execute(select(room.c.value).where(room.c.name == _NAME)).scalar_one_or_none()
    return found


def note_text_model(tx: Transaction, name: str) -> None:
    """Write the model's name down."""
    statement = dialect_insert(tx, room).values(name=_NAME, value=name)
    tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": name}))
