"""obstore: the protocol as Rust's object_store speaks it."""

import asyncio
import urllib.request
from datetime import timedelta

import obstore
import pytest
from azure.storage.blob import ContainerClient
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import AzureStore

from clients.place import Place, noise

MIB = 1 << 20


class Obstore:
    """Rust's client."""

    def __init__(self, place: Place) -> None:
        with ContainerClient.from_connection_string(place.connection, place.name) as box:
            box.create_container()
        options = {"allow_http": True}
        self._store = AzureStore(
            place.name,
            account_name=place.account,
            account_key=place.key,
            endpoint=place.url,
            client_options=options,
            retry_config={"max_retries": 0},
        )

    def _close(self) -> None:
        """Nothing is open."""

    def put_and_get(self) -> None:
        for name, size in (("empty", 0), ("small", 10), ("with space/ü.bin", 100_000)):
            self._store.put(name, noise(size))
            assert bytes(self._store.get(name).bytes()) == noise(size)

    def put_with_attributes(self) -> None:
        given = {"Content-Type": "text/plain", "Cache-Control": "no-cache", "colour": "red"}
        self._store.put("described", b"x", attributes=given, tags={"case": "12"})
        found = self._store.get("described").attributes
        assert {name: found[name] for name in given} == given

    def put_in_parts(self) -> None:
        data = noise(11 * MIB)
        self._store.put("large", data, use_multipart=True, chunk_size=2 * MIB, max_concurrency=4)
        assert bytes(self._store.get("large").bytes()) == data

    def create_only(self) -> None:
        with pytest.raises(AlreadyExistsError):
            self._store.put("small", b"x", mode="create")
        self._store.put("created", b"x", mode="create")

    def update_by_etag(self) -> None:
        etag = self._store.head("created")["e_tag"]
        self._store.put("created", b"y", mode={"e_tag": etag})
        with pytest.raises(PreconditionError):
            self._store.put("created", b"z", mode={"e_tag": etag})

    def get_ranges(self) -> None:
        data = noise(11 * MIB)
        assert bytes(self._store.get_range("large", start=MIB, length=10)) == data[MIB : MIB + 10]
        found = self._store.get_ranges("large", starts=[0, 5 * MIB, 11 * MIB - 1], lengths=[1, 100, 1])
        assert [bytes(one) for one in found] == [data[:1], data[5 * MIB : 5 * MIB + 100], data[-1:]]

    def get_if_changed(self) -> None:
        etag = self._store.head("small")["e_tag"]
        with pytest.raises(Exception, match=r"not modified|NotModified"):
            self._store.get("small", options={"if_none_match": etag})
        assert bytes(self._store.get("small", options={"if_match": etag}).bytes()) == noise(10)

    def stream(self) -> None:
        assert b"".join(bytes(chunk) for chunk in self._store.get("large").stream(min_chunk_size=MIB)) == noise(11 * MIB)

    def list_in_order_and_from_an_offset(self) -> None:
        for number in range(25):
            self._store.put(f"list/{number:02d}", b"x")
        names = [one["path"] for page in self._store.list("list", chunk_size=10) for one in page]
        assert names == [f"list/{number:02d}" for number in range(25)]
        rest = [one["path"] for page in self._store.list("list", offset="list/20") for one in page]
        assert rest == [f"list/{number:02d}" for number in range(21, 25)]

    def list_by_delimiter(self) -> None:
        found = self._store.list_with_delimiter()
        assert list(found["common_prefixes"]) == ["list", "with space"]
        assert "large" in [one["path"] for one in found["objects"]]

    def copy_and_rename(self) -> None:
        self._store.copy("large", "copy")
        with pytest.raises(AlreadyExistsError):
            self._store.copy("small", "copy", overwrite=False)
        self._store.rename("copy", "renamed")
        assert bytes(self._store.get("renamed").bytes()) == noise(11 * MIB)
        with pytest.raises(FileNotFoundError):
            self._store.head("copy")

    def sign(self) -> None:
        url = obstore.sign(self._store, "GET", "small", timedelta(minutes=5))
        with urllib.request.urlopen(url, timeout=60) as answer:
            assert answer.read() == noise(10)

    def work_asynchronously(self) -> None:
        async def whole() -> None:
            await asyncio.gather(*(self._store.put_async(f"async/{number}", noise(1000, number)) for number in range(20)))
            found = await asyncio.gather(*(self._store.get_async(f"async/{number}") for number in range(20)))
            assert [bytes(await one.bytes_async()) for one in found] == [noise(1000, number) for number in range(20)]

        asyncio.run(whole())

    def delete_many(self) -> None:
        self._store.delete([f"list/{number:02d}" for number in range(25)])
        assert not [one for page in self._store.list("list") for one in page]
