"""What is changed in a room blob by blob: uploads, tags, metadata, deletion."""

from collections.abc import Mapping, Sequence

from strongroom.domain.blob import Blob
from strongroom.domain.condition import Condition
from strongroom.domain.container import Container
from strongroom.domain.folder import Folder
from strongroom.domain.labels import checked_metadata, checked_tags
from strongroom.domain.media import OCTETS
from strongroom.errors import AccessDenied, BlobNotFound
from strongroom.flows import browse
from strongroom.room.looking import Looking
from strongroom.storage.catalog.blocks import BlockRef
from strongroom.storage.catalog.removals import Which
from strongroom.vault.write import Bytes, Traits


class Filling(Looking):
    """What is changed in a room blob by blob; every change keeps to leases, holds and immutability."""

    def browse(self, container: str, *, prefix: str = "", after: str = "", limit: int = 200, folded: bool = True) -> Folder:
        """Give a page of what a container holds, with folders where names have ``/``.

        Args:
            container: Its name.
            prefix: How names begin: a folder as the page before gave it.
            after: `Folder.next` of the page before.
            limit: Entries on the page, 1 to 5,000.
            folded: Whether what lies in folders is left for their own pages.

        Raises:
            ContainerNotFound: There is none.
            UsageError: The limit is none that can be.
        """
        found = self.vault.container(container, self.scope("list"))
        return browse.browse(self.vault, found, prefix=prefix, after=after, limit=limit, folded=folded)

    def blob(self, container: str, name: str, *, version: str | None = None) -> Blob:
        """Give what is told of a blob, or of one version of it: etag, metadata, tags, tier, holds.

        Raises:
            BlobNotFound: There is none.
        """
        return self.vault.get(self.vault.container(container, self.scope("list")), name, version)

    def create_container(
        self, name: str, *, metadata: Mapping[str, str] | None = None, keeps_versions: bool = False
    ) -> Container:
        """Make an empty container.

        Args:
            name: 3 to 63 of a-z, 0-9 and single hyphens.
            metadata: Names and values of your own.
            keeps_versions: Whether a blob that is overwritten or deleted stays as an earlier version.

        Raises:
            NameRefused: The name breaks that rule.
            AlreadyExists: There is one of this name.
            AccessDenied: Only some containers are granted to the actor, who would not see the new one.
        """
        scope = self.scope("create_container")
        if scope.containers is not None:
            raise AccessDenied(f"{self.actor.name} sees only certain containers, and would not see a new one: ask the owner")
        made = self.vault.create_container(name, metadata=checked_metadata(metadata or {}), keeps_versions=keeps_versions)
        self._record("create_container", scope, container=name)
        return made

    def upload(
        self,
        container: str,
        name: str,
        source: Bytes,
        *,
        content_type: str = OCTETS,
        metadata: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        overwrite: bool = True,
        lease_id: str | None = None,
    ) -> Blob:
        """Write a blob of any size in constant memory; it is durable when this returns, and waits for `analyze`.

        Args:
            container: Where; it exists.
            name: The blob's name, with ``/`` between folders.
            source: An open file, chunks, or bytes.
            content_type: As the sender says; an analysis does not trust it.
            metadata: Names and values of your own.
            tags: Index tags.
            overwrite: Whether a blob of this name is replaced.
            lease_id: The lease that you hold, where the blob is leased.

        Raises:
            ContainerNotFound: There is none.
            NameRefused: No blob may have the name.
            UsageError: The container is a mount; or tags or metadata cannot be.
            ConditionFailed: There is a blob and it is not to be replaced, or somebody else holds its lease.
            Conflict: The blob is protected.
            StorageFull: No space is left; nothing was written.
        """
        scope = self.scope("upload")
        found = self.vault.container(container, scope)
        traits = _traits(content_type, metadata, tags)
        condition = _condition(overwrite=overwrite, lease_id=lease_id)
        blob = self.vault.put(found, name, source, traits=traits, condition=condition)
        self._record("upload", scope, container=container, blob=name, content=blob.sha256, bytes=blob.size)
        return blob

    def upload_block(self, container: str, name: str, block_id: str, source: Bytes, *, lease_id: str | None = None) -> int:
        """Keep a part of a blob that comes in parts, so that a broken upload goes on; gives its bytes. See `finish_upload`.

        Args:
            container: Where.
            name: The blob that is to be.
            block_id: Names the part among those of the blob; all ids of one blob are equally long.
            source: The part.
            lease_id: The lease that you hold.

        Raises:
            UsageError: It has no bytes, or an id of another length.
            StorageFull: No space is left.
        """
        found = self.vault.container(container, self.scope("upload"))
        return self.vault.stage_block(found, name, block_id, source, lease_id=lease_id).size

    def uploaded_blocks(self, container: str, name: str) -> Mapping[str, int]:
        """Give ids and bytes of the parts of a blob that have come and wait; none after a week without another."""
        found = self.vault.container(container, self.scope("upload"))
        try:
            return {block.block_id: block.size for block in self.vault.blocks(found, name).waiting}
        except BlobNotFound:
            return {}

    def finish_upload(
        self,
        container: str,
        name: str,
        block_ids: Sequence[str],
        *,
        content_type: str = OCTETS,
        overwrite: bool = True,
        lease_id: str | None = None,
    ) -> Blob:
        """Make a blob of its parts, in the order given; no byte is moved. See `upload` for what is raised.

        Raises:
            UsageError: A part has not come.
        """
        scope = self.scope("upload")
        found = self.vault.container(container, scope)
        refs = [BlockRef(block_id=one) for one in block_ids]
        condition = _condition(overwrite=overwrite, lease_id=lease_id)
        blob = self.vault.commit_blocks(found, name, refs, _traits(content_type), condition)
        self._record("upload", scope, container=container, blob=name, content=blob.sha256, bytes=blob.size)
        return blob

    def delete_blob(self, container: str, name: str, *, version: str | None = None, lease_id: str | None = None) -> bool:
        """Delete a blob with its snapshots, or one version of it.

        Returns:
            Whether it is gone for good; else it can be restored, or stays as an earlier version.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: Somebody else holds its lease.
            Conflict: A hold or an immutability policy protects it.
            UsageError: The container is a mount.
        """
        scope = self.scope("delete")
        found = self.vault.container(container, scope)
        gone = self.vault.remove(found, name, Which(version=version), _condition(overwrite=True, lease_id=lease_id))
        self._record("delete", scope, container=container, blob=name, version=version, gone=gone)
        return gone

    def set_tags(self, container: str, name: str, tags: Mapping[str, str], *, lease_id: str | None = None) -> Blob:
        """Put tags in the place of all that a blob has; gives the blob.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: Somebody else holds its lease.
            UsageError: The tags cannot be.
        """
        scope = self.scope("tag")
        found = self.vault.container(container, scope)
        self.vault.set_tags(found, name, checked_tags(tags), condition=_condition(overwrite=True, lease_id=lease_id))
        self._record("set_tags", scope, container=container, blob=name, tags=dict(tags))
        return self.vault.get(found, name)

    def set_metadata(self, container: str, name: str, metadata: Mapping[str, str], *, lease_id: str | None = None) -> Blob:
        """Put metadata in the place of all that a blob has; gives the blob.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: Somebody else holds its lease.
            Conflict: A hold or an immutability policy protects it.
            UsageError: The metadata cannot be, or the container is a mount.
        """
        scope = self.scope("tag")
        found = self.vault.container(container, scope)
        condition = _condition(overwrite=True, lease_id=lease_id)
        blob = self.vault.set_metadata(found, name, checked_metadata(metadata), condition)
        self._record("set_metadata", scope, container=container, blob=name, names=sorted(metadata))
        return blob


def _traits(content_type: str, metadata: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None) -> Traits:
    return Traits(content_type=content_type, metadata=checked_metadata(metadata or {}), tags=checked_tags(tags or {}))


def _condition(*, overwrite: bool, lease_id: str | None) -> Condition:
    return Condition(if_none_match=None if overwrite else "*", lease_id=lease_id)
