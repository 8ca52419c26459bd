"""DuckDB's azure extension: Parquet and CSV written and read in place."""

from pathlib import Path

import duckdb
import duckdb_ext
from azure.storage.blob import ContainerClient

from clients.place import Place

ROWS = 200_000


class DuckDb:
    """The database, with the extension as a wheel brings it."""

    def __init__(self, place: Place) -> None:
        with ContainerClient.from_connection_string(place.connection, place.name) as box:
            box.create_container()
        self._base = f"az://{place.name}"
        self._db = duckdb.connect()
        extension = next(Path(duckdb_ext.__path__[0]).glob(f"extensions/v{duckdb.__version__}/*/azure.duckdb_extension"))
        self._db.execute(f"LOAD '{extension}'")
        self._db.execute(f"CREATE SECRET (TYPE azure, CONNECTION_STRING '{place.connection}')")
        columns = "i AS id, i % 7 AS court, repeat(chr((65 + i % 26)::INTEGER), 20) AS text"
        self._db.execute(f"CREATE TABLE cases AS SELECT {columns} FROM range({ROWS}) t(i)")

    def _close(self) -> None:
        self._db.close()

    def _ask(self, query: str) -> list[tuple[object, ...]]:
        return self._db.execute(query).fetchall()

    def write_parquet(self) -> None:
        self._ask(f"COPY cases TO '{self._base}/cases.parquet' (FORMAT parquet, ROW_GROUP_SIZE 20000)")

    def read_parquet(self) -> None:
        differing = f"(SELECT * FROM cases EXCEPT ALL SELECT * FROM '{self._base}/cases.parquet')"
        assert self._ask(f"SELECT count(*) FROM {differing}") == [(0,)]
        assert self._ask(f"SELECT count(*) FROM '{self._base}/cases.parquet'") == [(ROWS,)]

    def read_some_columns_and_rows(self) -> None:
        found = self._ask(f"SELECT min(id), max(id) FROM '{self._base}/cases.parquet' WHERE id >= 150000 AND court = 3")
        assert found == self._ask("SELECT min(id), max(id) FROM cases WHERE id >= 150000 AND court = 3")

    def overwrite_parquet(self) -> None:
        self._ask(f"COPY (SELECT * FROM cases LIMIT 10) TO '{self._base}/cases.parquet' (FORMAT parquet)")
        assert self._ask(f"SELECT count(*) FROM '{self._base}/cases.parquet'") == [(10,)]

    def write_partitions(self) -> None:
        self._ask(f"COPY cases TO '{self._base}/courts' (FORMAT parquet, PARTITION_BY (court))")
        assert len(self._ask(f"SELECT * FROM glob('{self._base}/courts/*/*.parquet')")) == 7

    def read_partitions(self) -> None:
        found = self._ask(
            f"SELECT count(*) FROM read_parquet('{self._base}/courts/*/*.parquet', hive_partitioning = true) WHERE court = 5"
        )
        assert found == self._ask("SELECT count(*) FROM cases WHERE court = 5")

    def write_and_read_csv(self) -> None:
        self._ask(f"COPY cases TO '{self._base}/cases.csv' (FORMAT csv, HEADER)")
        assert self._ask(f"SELECT count(*), sum(id) FROM '{self._base}/cases.csv'") == self._ask(
            "SELECT count(*), sum(id) FROM cases"
        )

    def read_text(self) -> None:
        assert self._ask(f"SELECT size > 1000000 FROM read_blob('{self._base}/cases.csv')") == [(True,)]
