"""azcopy: transfers both ways and from service to service, with a signature."""

import os
import subprocess
from pathlib import Path

from azure.storage.blob import BlobServiceClient

from clients.place import Place, hashes, make_files, noise

MIB = 1 << 20
TREE = {"a.bin": 10, "b/c.bin": 100_000, "b/d/large.bin": 9 * MIB, "empty": 0, "f/g/h.txt": 3000}


def find_azcopy() -> Path:
    """Give the program that `make azcopy` installs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "strongroom"
    found = sorted((cache / "azcopy").glob("node_modules/@azure-tools/azcopy-linux/dist/bin/azcopy_linux_*64"))
    return found[0] if found else cache / "azcopy"


class AzCopy:
    """The command line program."""

    def __init__(self, place: Place) -> None:
        self._place, self._program = place, find_azcopy()
        self._up, self._down = place.folder / "up", place.folder / "down"
        self._service = BlobServiceClient.from_connection_string(place.connection, retry_total=0)
        for name in (place.name, f"{place.name}-second"):
            self._service.create_container(name)  # `azcopy make` refuses a URL whose host is a number

    def _close(self) -> None:
        self._service.close()

    def _url(self, path: str = "", *, second: bool = False) -> str:
        name = self._place.name + ("-second" if second else "")
        return f"{self._place.url}/{name}{path}?{self._place.sas()}"

    def _run(self, *arguments: str | Path) -> str:
        plans = self._place.folder / "azcopy"
        places = {"AZCOPY_LOG_LOCATION": str(plans), "AZCOPY_JOB_PLAN_LOCATION": str(plans), "AZCOPY_CONCURRENCY_VALUE": "8"}
        done = subprocess.run(
            [self._program, *arguments, "--skip-version-check"],
            env={**os.environ, **places, "AZCOPY_DISABLE_SYSLOG": "true", "HOME": str(self._place.folder)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:]
        return done.stdout

    def _names(self, *, second: bool = False) -> set[str]:
        with self._service.get_container_client(self._place.name + ("-second" if second else "")) as box:
            return {one.name for one in box.list_blobs()}

    def copy_a_tree_up(self) -> None:
        make_files(self._up, TREE)
        options = ["--recursive", "--from-to=LocalBlob", "--put-md5", "--block-size-mb=2"]
        self._run("copy", f"{self._up}/*", self._url(), *options)
        assert self._names() == set(TREE)

    def list_it(self) -> None:
        listed = self._run("list", self._url(), "--location=Blob", "--machine-readable")
        assert all(f"{name}; Content Length: {size}" in listed for name, size in TREE.items())

    def copy_a_tree_down(self) -> None:
        options = ["--recursive", "--from-to=BlobLocal", "--check-md5=FailIfDifferent"]
        self._run("copy", self._url("/*"), self._down, *options)
        assert hashes(self._down) == hashes(self._up)

    def sync_up(self) -> None:
        (self._up / "a.bin").write_bytes(noise(20))
        (self._up / "empty").unlink()
        make_files(self._up, {"new/one.bin": 5 * MIB})
        options = ["--from-to=LocalBlob", "--delete-destination=true", "--compare-hash=MD5", "--put-md5"]
        self._run("sync", self._up, self._url(), *options)
        assert self._names() == set(hashes(self._up))
        with self._service.get_blob_client(self._place.name, "a.bin") as blob:
            assert blob.download_blob().readall() == noise(20)

    def sync_down(self) -> None:
        self._run("sync", self._url(), self._down, "--from-to=BlobLocal", "--delete-destination=true")
        assert hashes(self._down) == hashes(self._up)

    def copy_from_service_to_service(self) -> None:
        self._run("copy", self._url(), self._url(second=True), "--recursive", "--from-to=BlobBlob", "--as-subdir=false")
        folder = self._place.folder / "second"
        self._run("copy", self._url("/*", second=True), folder, "--recursive", "--from-to=BlobLocal")
        assert hashes(folder) == hashes(self._up)

    def sync_from_service_to_service(self) -> None:
        with self._service.get_blob_client(self._place.name, "late.bin") as blob:
            blob.upload_blob(noise(3 * MIB))
        with self._service.get_blob_client(self._place.name, "a.bin") as blob:
            blob.delete_blob()
        self._run("sync", self._url(), self._url(second=True), "--from-to=BlobBlob", "--delete-destination=true")
        assert self._names(second=True) == self._names()
        with self._service.get_blob_client(f"{self._place.name}-second", "late.bin") as blob:
            assert blob.download_blob().readall() == noise(3 * MIB)

    def copy_as_append_and_page_blobs(self) -> None:
        make_files(self._place.folder / "kinds", {"kind.vhd": 1 * MIB})
        for kind in ("AppendBlob", "PageBlob"):
            source = self._place.folder / "kinds/kind.vhd"
            self._run("copy", source, self._url(f"/{kind}"), "--from-to=LocalBlob", f"--blob-type={kind}")
            with self._service.get_blob_client(self._place.name, kind) as blob:
                assert blob.download_blob().readall() == source.read_bytes()
                assert blob.get_blob_properties().blob_type == kind

    def set_tier_metadata_and_tags(self) -> None:
        options = ["--from-to=BlobNone", "--block-blob-tier=Cool", "--metadata=colour=red", "--blob-tags=case=12"]
        self._run("set-properties", self._url("/late.bin"), *options)
        with self._service.get_blob_client(self._place.name, "late.bin") as blob:
            found = blob.get_blob_properties()
            assert (found.blob_tier, found.metadata, blob.get_blob_tags()) == ("Cool", {"colour": "red"}, {"case": "12"})

    def remove(self) -> None:
        self._run("remove", self._url("/b"), "--recursive", "--from-to=BlobTrash")
        assert not {name for name in self._names() if name.startswith("b/")}
        self._run("remove", self._url(), "--recursive", "--from-to=BlobTrash")
