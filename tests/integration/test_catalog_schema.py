"""schema.py and the migrations say the same, on both databases."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from strongroom.errors import RoomVersionError
from strongroom.storage.catalog import Catalog
from strongroom.storage.catalog.catalog import migrations
from strongroom.storage.catalog.schema import metadata

OURS = {"migrations"}


def columns(table: sa.Table) -> dict[str, tuple[bool, bool]]:
    return {column.name: (bool(column.nullable), bool(column.primary_key)) for column in table.columns}


def keys(table: sa.Table) -> set[tuple[str, str]]:
    return {(key.parent.name, key.target_fullname) for key in table.foreign_keys}


def test_schema_equals_the_migrated_database(catalog: Catalog, catalog_url: str):
    engine = sa.create_engine(catalog_url)
    found = sa.MetaData()
    found.reflect(engine)
    engine.dispose()
    assert set(found.tables) - OURS == set(metadata.tables)
    for name, table in metadata.tables.items():
        theirs = found.tables[name]
        assert list(columns(theirs)) == list(columns(table)), name
        mine = {key: value for key, value in columns(table).items() if not value[1]}
        assert {key: value for key, value in columns(theirs).items() if not value[1]} == mine, name
        assert {column.name for column in theirs.primary_key} == {column.name for column in table.primary_key}, name
        assert keys(theirs) == keys(table), name


def test_column_types_agree_on_postgresql(new_postgres: Callable[[], str]):
    catalog = Catalog(new_postgres())
    catalog.migrate()
    engine = sa.create_engine(catalog._engine.url)
    found = sa.MetaData()
    found.reflect(engine)
    dialect = engine.dialect
    for name, table in metadata.tables.items():
        for column in table.columns:
            theirs = found.tables[name].columns[column.name].type.compile(dialect)
            assert theirs.split(" COLLATE")[0] == column.type.compile(dialect), f"{name}.{column.name}"
    engine.dispose()
    catalog.close()


def test_migrating_again_does_nothing_and_many_may_migrate_at_once(catalog_url: str):
    applied: list[list[int]] = []

    def migrate() -> None:
        catalog = Catalog(catalog_url)
        applied.append(catalog.migrate())
        catalog.close()

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [[], [], [], sorted(migrations())]


def test_a_catalog_from_the_future_is_refused(catalog: Catalog):
    with catalog.write() as tx:
        tx.exec_driver_sql("INSERT INTO migrations VALUES (9999, 0)")
    with pytest.raises(RoomVersionError, match="upgrade Strongroom"):
        catalog.migrate()


def test_increments_by_many_threads_are_not_lost(catalog: Catalog):
    from strongroom.storage.catalog.etags import next_etags

    seen: list[str] = []

    def take() -> None:
        for _ in range(25):
            seen.extend(catalog.change(lambda tx: next_etags(tx, 3)))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen)) == 300
