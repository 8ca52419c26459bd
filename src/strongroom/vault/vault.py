"""The vault: one short method a verb; what each does is in the module named for it."""

from collections.abc import Iterable, Iterator, Sequence

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import MOUNTED, Container
from strongroom.domain.progress import OnProgress, silent
from strongroom.domain.scope import Scope
from strongroom.domain.status import Refused, Scanned
from strongroom.errors import AlreadyExists, UsageError
from strongroom.storage.catalog import Transaction, blobs, blocks, containers, landings
from strongroom.storage.catalog.landings import Landed
from strongroom.storage.catalog.removals import Which
from strongroom.storage.mounts import mount_url
from strongroom.storage.names import check_blob_name, check_container_name
from strongroom.vault import listing, write
from strongroom.vault.accounts import Accounts
from strongroom.vault.blocks import Blocks
from strongroom.vault.containers import Containers
from strongroom.vault.copies import Copies
from strongroom.vault.gather import Gathers
from strongroom.vault.glance import Glances
from strongroom.vault.leases import Leases
from strongroom.vault.lifecycle import Lifecycle
from strongroom.vault.listing import Listings, Page
from strongroom.vault.mount import Scan
from strongroom.vault.pages import Pages
from strongroom.vault.properties import Properties
from strongroom.vault.reads import Reads
from strongroom.vault.service import ServiceProperties
from strongroom.vault.tags import Tags
from strongroom.vault.write import PLAIN, Bytes, PutItem, Traits


class Vault(
    Reads,
    Blocks,
    Containers,
    Leases,
    Pages,
    Properties,
    Copies,
    Accounts,
    Listings,
    Tags,
    Lifecycle,
    ServiceProperties,
    Gathers,
    Glances,
):
    """Containers and blobs of one room; any number of threads and processes may use it at once."""

    # whole blobs

    def put(
        self,
        container: Container,
        name: str,
        source: Bytes,
        *,
        traits: Traits = PLAIN,
        condition: Condition = ALWAYS,
        with_md5: bool = False,
    ) -> Blob:
        """Write a blob, streaming; when this returns it is durable.

        Args:
            container: Where.
            name: The blob's name; one that exists is replaced.
            source: Chunks, an open file, or bytes.
            traits: Content type, metadata, tags and the like.
            condition: What must hold of the present blob.
            with_md5: Whether to compute the MD5 too; where the traits state one, the two must agree.

        Raises:
            NameRefused: No blob may have the name.
            UsageError: The bytes have not the MD5 that is stated (``Md5Mismatch``); nothing was written.
            ConditionFailed: The condition does not hold.
            StorageFull: No space is left; nothing was written.
        """
        write.need_stored(container)
        check_blob_name(name)
        kept = self._writer.keep(write.chunks_of(source), with_md5=with_md5)
        if kept.md5 is not None and traits.md5 not in (None, kept.md5):
            self._writer.discard(kept)
            raise UsageError(f"{name} came with other bytes than were sent: send it again", code="Md5Mismatch")
        landing = write.landing(name, traits, None if traits.kind == "page" else kept)

        def change(tx: Transaction) -> Landed:
            landed = landings.land(tx, container, [landing], condition)
            waiting = blocks.drop_waiting(tx, container.id, name)
            return Landed(blobs=landed.blobs, loosened=landed.loosened | waiting)

        return write.land(self._committer, (kept,), change)

    def put_all(self, container: Container, items: Iterable[PutItem]) -> Iterator[Blob | Refused]:
        """Write many blobs in few commits; each that is yielded is durable.

        A file that cannot be read, changes while it is read, or has a name that no blob may have is yielded as refused.

        Raises:
            StorageFull: No space is left; what was not yielded was not written.
        """
        return write.put_all(container, items, self._writer, self._bodies, self._committer)

    def stamps(self, container: Container, names: Sequence[str]) -> dict[str, str]:
        """Give, for those names that exist and were files, the file's stamp (`strongroom.vault.file_stamp`)."""
        with self._catalog.read() as tx:
            return blobs.stamps(tx, container, names)

    def delete(self, container: Container, name: str, *, version: str | None = None, condition: Condition = ALWAYS) -> None:
        """Delete a blob with its snapshots, or one version of it.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
        """
        self.remove(container, name, Which(version=version), condition)

    def list(self, container: Container, *, prefix: str = "", delimiter: str = "", marker: str = "", limit: int = 5000) -> Page:
        """Give a page of current blobs in bytewise order of name.

        Args:
            container: Of which.
            prefix: Only names that begin so.
            delimiter: Names are folded after its first occurrence behind the prefix.
            marker: Where to start, from an earlier page; names from it on are given.
            limit: Entries on the page, at least 1.
        """
        with self._catalog.read() as tx:
            return listing.page(tx, container, prefix=prefix, delimiter=delimiter, marker=marker, limit=limit)

    def walk(self, container: Container, *, prefix: str = "") -> Iterator[Blob]:
        """Give every current blob in bytewise order of name, a page at a time."""
        return listing.walk(self._catalog, container, prefix)

    def snapshot(self, container: Container, name: str, condition: Condition = ALWAYS) -> Blob:
        """Keep what a blob is now as a version that never changes.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
        """
        return self.take_snapshot(container, name, condition=condition)[0]

    # mounts

    def mount(self, place: str, name: str, scope: Scope, on_progress: OnProgress = silent) -> Scanned:
        """Make a container of files that stay where they are and look what there is, or look again at one made before.

        Args:
            place: A folder, or a ``file://``, ``s3://``, ``az://`` or ``gs://`` URL.
            name: The container's name.
            scope: What the actor may see.
            on_progress: Is told of what was listed.

        Raises:
            NameRefused: The name breaks Azure's rule.
            UsageError: There is no such folder.
            AlreadyExists: There is a container of this name that is something else.
            Unreachable: The store does not answer.
        """
        check_container_name(name)
        url = mount_url(place)
        self._mount(url)
        try:
            with self._catalog.write() as tx:
                container = containers.create(tx, name, kind=MOUNTED, url=url)
        except AlreadyExists:
            container = self.container(name, scope)
            if container.url != url:
                raise
        return self.scan(container, on_progress)

    def scan(self, container: Container, on_progress: OnProgress = silent) -> Scanned:
        """Look at a mount for what is new, changed and gone; nothing is copied, and memory does not grow with it."""
        if container.url is None:
            raise UsageError(f"{container.name} is not a mount: its blobs change only by `strongroom add`")
        return Scan(container, self._mount(container.url), self._committer, on_progress).run()
