"""azure-storage-blob.aio: many requests at once."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.storage.blob import BlobBlock
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from clients.place import Place, noise

MIB = 1 << 20


class PythonAio:
    """The asynchronous SDK."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def _close(self) -> None:
        """Nothing is open between steps."""

    def _with(self, act: Callable[[ContainerClient], Awaitable[None]]) -> None:
        async def whole() -> None:
            limits = {"max_single_put_size": MIB, "max_block_size": MIB, "max_single_get_size": MIB, "retry_total": 0}
            async with BlobServiceClient.from_connection_string(self._place.connection, **limits) as service:
                await act(service.get_container_client(self._place.name))

        asyncio.run(whole())

    def make_a_container(self) -> None:
        async def act(box: ContainerClient) -> None:
            await box.create_container()
            with pytest.raises(ResourceExistsError):
                await box.create_container()

        self._with(act)

    def put_and_get_many_at_once(self) -> None:
        async def act(box: ContainerClient) -> None:
            async def both(number: int) -> None:
                data = noise(number * 1000, number)
                await box.upload_blob(f"many/{number:02d}", data)
                assert await (await box.download_blob(f"many/{number:02d}")).readall() == data

            await asyncio.gather(*(both(number) for number in range(40)))

        self._with(act)

    def put_in_blocks_at_once(self) -> None:
        async def act(box: ContainerClient) -> None:
            data = noise(9 * MIB)
            await box.upload_blob("large", data, max_concurrency=8)
            assert await (await box.download_blob("large", max_concurrency=8)).readall() == data
            part = await box.download_blob("large", offset=MIB, length=10)
            assert await part.readall() == data[MIB : MIB + 10]

        self._with(act)

    def stage_blocks_at_once(self) -> None:
        async def act(box: ContainerClient) -> None:
            blob = box.get_blob_client("blocks")
            names = [f"{number:03d}" for number in range(20)]
            await asyncio.gather(*(blob.stage_block(name, name.encode() * 100) for name in names))
            await blob.commit_block_list([BlobBlock(name) for name in names])
            assert await (await blob.download_blob()).readall() == b"".join(name.encode() * 100 for name in names)

        self._with(act)

    def list_and_walk(self) -> None:
        async def act(box: ContainerClient) -> None:
            names = [one.name async for one in box.list_blobs("many/", results_per_page=7)]
            assert names == [f"many/{number:02d}" for number in range(40)]
            assert [one.name async for one in box.walk_blobs()] == ["many/", "blocks", "large"]

        self._with(act)

    def append_one_after_another(self) -> None:
        async def act(box: ContainerClient) -> None:
            blob = box.get_blob_client("log")
            await blob.create_append_blob()
            await asyncio.gather(*(blob.append_block(bytes([65 + number]) * 100) for number in range(10)))
            found = await (await blob.download_blob()).readall()
            assert len(found) == 1000
            assert all(len(set(found[start : start + 100])) == 1 for start in range(0, 1000, 100))

        self._with(act)

    def lease_and_copy(self) -> None:
        async def act(box: ContainerClient) -> None:
            blob = box.get_blob_client("many/01")
            lease = await blob.acquire_lease(15)
            with pytest.raises(HttpResponseError):
                await blob.upload_blob(b"x", overwrite=True)
            copy = box.get_blob_client("copy")
            assert (await copy.start_copy_from_url(blob.url))["copy_status"] == "success"
            await lease.release()

        self._with(act)

    def win_once_of_many(self) -> None:
        async def act(box: ContainerClient) -> None:
            blob = box.get_blob_client("once")
            done = await asyncio.gather(*(blob.upload_blob(b"x" * number) for number in range(1, 9)), return_exceptions=True)
            assert sum(not isinstance(one, ResourceExistsError) for one in done) == 1

        self._with(act)

    def delete_in_a_batch_and_the_container(self) -> None:
        async def act(box: ContainerClient) -> None:
            answers = await box.delete_blobs(*[f"many/{number:02d}" for number in range(40)])
            assert [one.status_code async for one in answers] == [202] * 40
            await box.delete_container()

        self._with(act)
