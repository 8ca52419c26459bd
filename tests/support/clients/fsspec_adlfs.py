"""adlfs: the protocol as an fsspec file system, and Parquet on it."""

import adlfs
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import FSSpecHandler, PyFileSystem

from clients.place import Place, hashes, make_files, noise

MIB = 1 << 20
TREE = {"a.bin": 10, "b/c.bin": 100_000, "b/d/e f.bin": 5 * MIB, "b/empty": 0}


class Adlfs:
    """fsspec's file system."""

    def __init__(self, place: Place) -> None:
        self._place, self._box = place, place.name
        self._files = adlfs.AzureBlobFileSystem(
            connection_string=place.connection, account_name=place.account, skip_instance_cache=True, blocksize=2 * MIB
        )

    def _close(self) -> None:
        """The file system closes itself."""

    def make_a_container(self) -> None:
        self._files.mkdir(self._box)
        assert self._files.exists(self._box)

    def put_and_get(self) -> None:
        for name, size in (("x", 10), ("y/z", 3 * MIB)):
            self._files.pipe_file(f"{self._box}/{name}", noise(size))
            assert self._files.cat_file(f"{self._box}/{name}") == noise(size)
        assert self._files.cat_file(f"{self._box}/y/z", start=MIB, end=MIB + 5) == noise(3 * MIB)[MIB : MIB + 5]

    def put_a_tree_and_get_it_back(self) -> None:
        make_files(self._place.folder / "up", TREE)
        self._files.put(f"{self._place.folder}/up/", f"{self._box}/tree/", recursive=True)
        self._files.get(f"{self._box}/tree/", f"{self._place.folder}/down/", recursive=True)
        assert hashes(self._place.folder / "down") == hashes(self._place.folder / "up")

    def list_find_and_glob(self) -> None:
        self._files.invalidate_cache()
        assert sorted(self._files.ls(f"{self._box}/tree")) == [f"{self._box}/tree/a.bin", f"{self._box}/tree/b"]
        assert len(self._files.find(f"{self._box}/tree")) == len(TREE)
        assert self._files.glob(f"{self._box}/tree/**/*.bin") == [
            f"{self._box}/tree/{name}" for name in sorted(TREE) if "." in name
        ]
        assert self._files.info(f"{self._box}/tree/b/c.bin")["size"] == 100_000
        assert self._files.isdir(f"{self._box}/tree/b")

    def open_and_seek(self) -> None:
        with self._files.open(f"{self._box}/tree/b/d/e f.bin", "rb") as file:
            file.seek(4 * MIB)
            assert file.read(100) == (self._place.folder / "up/b/d/e f.bin").read_bytes()[4 * MIB : 4 * MIB + 100]

    def write_in_blocks(self) -> None:
        with self._files.open(f"{self._box}/written", "wb") as file:
            for number in range(5):
                file.write(noise(MIB, number))
        assert self._files.cat_file(f"{self._box}/written") == b"".join(noise(MIB, number) for number in range(5))

    def append(self) -> None:
        for number in range(3):
            with self._files.open(f"{self._box}/log", "ab") as file:
                file.write(noise(1000, number))
        assert self._files.cat_file(f"{self._box}/log") == b"".join(noise(1000, number) for number in range(3))

    def copy_and_move(self) -> None:
        self._files.cp_file(f"{self._box}/x", f"{self._box}/x2")
        self._files.mv(f"{self._box}/x2", f"{self._box}/x3")
        self._files.invalidate_cache()
        assert self._files.cat_file(f"{self._box}/x3") == noise(10)
        assert not self._files.exists(f"{self._box}/x2")

    def set_metadata(self) -> None:
        self._files.setxattrs(f"{self._box}/x", colour="red")
        assert self._files.info(f"{self._box}/x", refresh=True)["metadata"] == {"colour": "red"}

    def sign(self) -> None:
        from azure.storage.blob import BlobClient

        with BlobClient.from_blob_url(self._files.sign(f"{self._box}/x")) as blob:
            assert blob.download_blob().readall() == noise(10)

    def write_and_read_parquet(self) -> None:
        table = pa.table({"id": range(50_000), "case": [number % 5 for number in range(50_000)]})
        pq.write_table(table, f"{self._box}/one.parquet", filesystem=PyFileSystem(FSSpecHandler(self._files)))
        self._files.invalidate_cache()
        with self._files.open(f"{self._box}/one.parquet", "rb") as file:
            assert pq.read_table(file, columns=["id"])["id"].to_pylist() == list(range(50_000))

    def write_and_read_a_partitioned_dataset(self) -> None:
        table = pa.table({"id": range(1000), "case": [number % 5 for number in range(1000)]})
        where = PyFileSystem(FSSpecHandler(self._files))
        ds.write_dataset(table, f"{self._box}/set", format="parquet", partitioning=["case"], filesystem=where)
        self._files.invalidate_cache()
        found = ds.dataset(f"{self._box}/set", format="parquet", partitioning=["case"], filesystem=where)
        assert found.count_rows(filter=ds.field("case") == 3) == 200

    def remove(self) -> None:
        self._files.rm(f"{self._box}/tree", recursive=True)
        self._files.rm_file(f"{self._box}/x")
        self._files.invalidate_cache()
        assert not self._files.find(f"{self._box}/tree")
        with pytest.raises(FileNotFoundError):
            self._files.cat_file(f"{self._box}/x")

    def remove_the_container(self) -> None:
        self._files.rm(self._box, recursive=True)
        self._files.invalidate_cache()
        assert not self._files.exists(self._box)
