"""azure-storage-blob: containers, block blobs, listings, conditions, leases, signatures."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import (
    AccessPolicy,
    BlobBlock,
    BlobClient,
    BlobSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    ContentSettings,
    CorsRule,
    Metrics,
    PublicAccess,
    RetentionPolicy,
    generate_blob_sas,
    generate_container_sas,
)

from clients.place import Place, noise

MIB = 1 << 20
SOON = timedelta(hours=1)


class PythonSdk:
    """The synchronous SDK."""

    def __init__(self, place: Place) -> None:
        self._place = place
        limits = {"max_single_put_size": 4 * MIB, "max_block_size": 2 * MIB, "max_single_get_size": 4 * MIB, "retry_total": 0}
        self._service = BlobServiceClient.from_connection_string(
            place.connection, **limits, max_chunk_get_size=2 * MIB, logging_enable=False
        )
        self._box = self._service.get_container_client(place.name)

    def _close(self) -> None:
        self._service.close()

    def _signed(self, name: str) -> str:
        sas = generate_blob_sas(
            self._place.account,
            self._place.name,
            name,
            account_key=self._place.key,
            permission=BlobSasPermissions(read=True),
            expiry=datetime.now(UTC) + SOON,
        )
        return f"{self._box.url}/{name}?{sas}"

    def make_a_container(self) -> None:
        made = self._box.create_container(metadata={"colour": "red"})
        assert made["etag"]
        with pytest.raises(ResourceExistsError):
            self._box.create_container()
        assert self._box.get_container_properties().metadata == {"colour": "red"}

    def list_containers(self) -> None:
        found = [one.name for one in self._service.list_containers(name_starts_with=self._place.name, include_metadata=True)]
        assert found == [self._place.name]

    def put_and_get(self) -> None:
        for name, size in {"empty": 0, "small": 10, "a b/ü%?#.bin": 70_000}.items():
            self._box.upload_blob(name, noise(size), overwrite=True)
            assert self._box.download_blob(name).readall() == noise(size)

    def put_in_blocks_and_get_in_parallel(self) -> None:
        data = noise(9 * MIB)
        self._box.upload_blob("large", data, max_concurrency=4)
        assert self._box.download_blob("large", max_concurrency=4).readall() == data
        assert self._box.download_blob("large", validate_content=True).readall() == data

    def put_a_stream_of_unknown_length(self) -> None:
        data = noise(5 * MIB)
        self._box.upload_blob("stream", iter([data[:MIB], data[MIB:]]))
        assert self._box.download_blob("stream").readall() == data

    def get_ranges(self) -> None:
        data = noise(9 * MIB)
        for offset, length in ((0, 1), (5, 100), (4 * MIB - 1, 2), (9 * MIB - 3, 3)):
            assert self._box.download_blob("large", offset=offset, length=length).readall() == data[offset : offset + length]
        with pytest.raises(HttpResponseError):
            self._box.download_blob("small", offset=11, length=1)

    def give_headers_and_metadata(self) -> None:
        blob = self._box.get_blob_client("described")
        settings = ContentSettings(content_type="text/plain", content_language="de", cache_control="no-cache")
        blob.upload_blob(b"Hallo", content_settings=settings, metadata={"first": "1"})
        blob.set_blob_metadata({"second": "2"})
        blob.set_http_headers(ContentSettings(content_type="text/html", content_disposition="inline"))
        found = blob.get_blob_properties()
        assert (found.size, found.metadata, found.content_settings.content_type) == (5, {"second": "2"}, "text/html")
        assert (found.content_settings.content_disposition, found.content_settings.cache_control) == ("inline", None)

    def commit_blocks_in_any_order(self) -> None:
        blob = self._box.get_blob_client("blocks")
        for name in ("a", "b", "c"):
            blob.stage_block(name, name.encode() * 1000, validate_content=True)
        assert [one.id for one in blob.get_block_list("uncommitted")[1]] == ["a", "b", "c"]
        blob.commit_block_list([BlobBlock("c"), BlobBlock("a")])
        assert blob.download_blob().readall() == b"c" * 1000 + b"a" * 1000
        assert [one.id for one in blob.get_block_list("all")[0]] == ["c", "a"]

    def list_flat_by_prefix_and_page(self) -> None:
        for number in range(12):
            self._box.upload_blob(f"list/{number % 3}/{number:02d}", b"x")
        pages = list(self._box.list_blobs(name_starts_with="list/", results_per_page=5).by_page())
        names = [[one.name for one in page] for page in pages]
        assert [len(page) for page in names] == [5, 5, 2]
        assert [name for page in names for name in page] == sorted(f"list/{number % 3}/{number:02d}" for number in range(12))

    def list_by_hierarchy(self) -> None:
        assert [one.name for one in self._box.walk_blobs("list/", delimiter="/")] == ["list/0/", "list/1/", "list/2/"]
        assert len(list(self._box.walk_blobs("list/1/", delimiter="/"))) == 4

    def keep_conditions(self) -> None:
        blob = self._box.get_blob_client("conditional")
        etag = blob.upload_blob(b"one")["etag"]
        with pytest.raises(ResourceExistsError):
            blob.upload_blob(b"two")
        blob.upload_blob(b"two", overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
        with pytest.raises(ResourceModifiedError):
            blob.upload_blob(b"three", overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
        with pytest.raises(HttpResponseError):
            blob.download_blob(if_unmodified_since=datetime.now(UTC) - timedelta(days=1))
        assert blob.download_blob().readall() == b"two"

    def lease_a_blob(self) -> None:
        blob = self._box.get_blob_client("leased")
        blob.upload_blob(b"mine")
        lease = blob.acquire_lease(15)
        with pytest.raises(HttpResponseError, match="LeaseIdMissing"):
            blob.upload_blob(b"theirs", overwrite=True)
        blob.upload_blob(b"mine still", overwrite=True, lease=lease)
        lease.renew()
        lease.change("11111111-2222-3333-4444-555555555555")
        with pytest.raises(HttpResponseError):
            blob.delete_blob()
        lease.release()
        blob.acquire_lease(-1).break_lease(0)
        assert blob.get_blob_properties().lease.state == "broken"
        blob.delete_blob()

    def lease_a_container(self) -> None:
        with self._service.get_container_client(f"{self._place.name}-leased") as box:
            box.create_container()
            lease = box.acquire_lease()
            with pytest.raises(HttpResponseError):
                box.delete_container()
            box.set_container_metadata({"a": "b"}, lease=lease)
            box.delete_container(lease=lease)

    def copy_on_the_server(self) -> None:
        copy = self._box.get_blob_client("copy")
        done = copy.start_copy_from_url(self._signed("large"))
        assert done["copy_status"] == "success"
        assert copy.download_blob().readall() == noise(9 * MIB)
        assert copy.get_blob_properties().copy.status == "success"

    def copy_synchronously(self) -> None:
        copy = self._box.get_blob_client("copy-sync")
        copy.start_copy_from_url(self._signed("small"), requires_sync=True)
        assert copy.download_blob().readall() == noise(10)

    def copy_with_conditions(self) -> None:
        copy = self._box.get_blob_client("copy")
        with pytest.raises(ResourceModifiedError):
            copy.start_copy_from_url(self._signed("small"), etag='"0x1"', match_condition=MatchConditions.IfNotModified)

    def snapshot_and_read_it(self) -> None:
        blob = self._box.get_blob_client("snapped")
        blob.upload_blob(b"before")
        snapshot = blob.create_snapshot()["snapshot"]
        blob.upload_blob(b"after", overwrite=True)
        with self._box.get_blob_client("snapped", snapshot=snapshot) as old:
            assert old.download_blob().readall() == b"before"
        assert len(list(self._box.list_blobs("snapped", include=["snapshots"]))) == 2
        with pytest.raises(ResourceExistsError):
            blob.delete_blob()
        blob.delete_blob(delete_snapshots="include")

    def tag_and_find(self) -> None:
        blob = self._box.get_blob_client("tagged")
        blob.upload_blob(b"x", tags={"case": "12", "open": "yes"})
        assert blob.get_blob_tags() == {"case": "12", "open": "yes"}
        blob.set_blob_tags({"case": "13"})
        assert [one.name for one in self._box.find_blobs_by_tags("\"case\"='13'")] == ["tagged"]
        where = f"@container='{self._place.name}' and \"case\">='13'"
        assert [one.name for one in self._service.find_blobs_by_tags(where)] == ["tagged"]
        with pytest.raises(HttpResponseError):
            blob.download_blob(if_tags_match_condition="\"case\"='12'")

    def set_tiers(self) -> None:
        blob = self._box.get_blob_client("small")
        blob.set_standard_blob_tier("Cool")
        assert blob.get_blob_properties().blob_tier == "Cool"

    def delete_and_tier_in_batches(self) -> None:
        for number in range(5):
            self._box.upload_blob(f"batch/{number}", b"x")
        names = [f"batch/{number}" for number in range(5)]
        assert [one.status_code for one in self._box.set_standard_blob_tier_blobs("Cool", *names)] == [200] * 5
        assert [one.status_code for one in self._box.delete_blobs(*names)] == [202] * 5
        assert not list(self._box.list_blobs("batch/"))

    def sign_for_a_blob(self) -> None:
        with BlobClient.from_blob_url(self._signed("small")) as blob:
            assert blob.download_blob().readall() == noise(10)
            with pytest.raises(HttpResponseError):
                blob.upload_blob(b"x", overwrite=True)

    def sign_for_a_container_by_a_stored_policy(self) -> None:
        policy = AccessPolicy(ContainerSasPermissions(read=True, list=True), datetime.now(UTC) + SOON)
        self._box.set_container_access_policy({"readers": policy})
        assert [one.id for one in self._box.get_container_access_policy()["signed_identifiers"]] == ["readers"]
        sas = generate_container_sas(self._place.account, self._place.name, account_key=self._place.key, policy_id="readers")
        with ContainerClient.from_container_url(f"{self._box.url}?{sas}") as box:
            assert any(one.name == "small" for one in box.list_blobs())
            self._box.set_container_access_policy({})
            with pytest.raises(HttpResponseError):
                list(box.list_blobs())

    def sign_for_the_account(self) -> None:
        with BlobServiceClient(self._place.url, credential=self._place.sas("rl")) as service:
            assert service.get_blob_client(self._place.name, "small").download_blob().readall() == noise(10)
            with pytest.raises(HttpResponseError):
                service.get_blob_client(self._place.name, "small").delete_blob()

    def read_without_a_name_where_that_is_allowed(self) -> None:
        with BlobClient.from_blob_url(f"{self._box.url}/small") as blob, pytest.raises(HttpResponseError):
            blob.download_blob()
        self._box.set_container_access_policy({}, public_access=PublicAccess.BLOB)
        with BlobClient.from_blob_url(f"{self._box.url}/small") as blob:
            assert blob.download_blob().readall() == noise(10)
        self._box.set_container_access_policy({})

    def tell_of_the_account(self) -> None:
        assert self._service.get_account_information()["account_kind"] == "StorageV2"

    def set_properties_of_the_service(self) -> None:
        before = self._service.get_service_properties()
        rule = CorsRule(["https://example.org"], ["GET"], max_age_in_seconds=60)
        metrics = Metrics(enabled=True, include_apis=True, retention_policy=RetentionPolicy(enabled=True, days=5))
        self._service.set_service_properties(hour_metrics=metrics, cors=[rule])
        found = self._service.get_service_properties()
        assert [one.allowed_methods for one in found["cors"]] == ["GET"]
        assert found["hour_metrics"].retention_policy.days == 5
        self._service.set_service_properties(hour_metrics=before["hour_metrics"], cors=[])

    def write_to_a_file_like(self) -> None:
        out = io.BytesIO()
        assert self._box.download_blob("large").readinto(out) == 9 * MIB
        assert out.getvalue() == noise(9 * MIB)

    def miss_what_is_not_there(self) -> None:
        with pytest.raises(ResourceNotFoundError, match="BlobNotFound"):
            self._box.download_blob("nowhere")
        with self._service.get_container_client(f"{self._place.name}-nowhere") as box:
            with pytest.raises(ResourceNotFoundError, match="ContainerNotFound"):
                list(box.list_blobs())
            assert not box.exists()

    def delete_the_container(self) -> None:
        self._box.delete_container()
        assert not self._box.exists()
