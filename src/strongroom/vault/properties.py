"""What is changed of a blob without its bytes: metadata, headers, tier, tags, holds; and what is deleted, restored."""

from collections.abc import Mapping
from datetime import datetime

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.errors import UsageError
from strongroom.storage.catalog import Transaction, guards, holds, pages, properties, removals, snapshots
from strongroom.storage.catalog.etags import lock_names
from strongroom.storage.catalog.holds import Keeping
from strongroom.storage.catalog.properties import KeptHeaders
from strongroom.storage.catalog.removals import WHOLE, Which
from strongroom.vault import write
from strongroom.vault.contents import Contents


class Properties(Contents):
    """What is changed of a blob without its bytes: metadata, headers, tier, tags, holds; and what is deleted, restored."""

    def set_metadata(self, container: Container, name: str, metadata: Mapping[str, str], condition: Condition = ALWAYS) -> Blob:
        """Give a blob other metadata: a new version where the container keeps such.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
            Conflict: It is protected.
        """
        write.need_stored(container)
        return self._catalog.change(lambda tx: properties.set_metadata(tx, container, name, metadata, condition))

    def set_properties(
        self,
        container: Container,
        name: str,
        headers: KeptHeaders | None,
        *,
        size: int | None = None,
        counting: tuple[str, int | None] | None = None,
        condition: Condition = ALWAYS,
    ) -> Blob:
        """Give a blob other HTTP headers, and a page blob another size or sequence number, as one act.

        Args:
            container: Where.
            name: The blob.
            headers: All of them; None leaves them.
            size: Of a page blob; None leaves it.
            counting: Of a page blob: ``max``, ``update`` or ``increment``, and the number; None leaves it.
            condition: What must hold of the blob.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
            Conflict: It is protected, or no page blob.
            UsageError: The size is none of whole pages.
        """
        write.need_stored(container)
        after = Condition(lease_id=condition.lease_id)

        def change(tx: Transaction) -> tuple[Blob, frozenset[str]]:
            lock_names(tx, container.id, [name])
            row = guards.find_present(tx, container, name, condition)
            if row.kind != "page" and (size, counting) != (None, None):
                raise UsageError(f"{name} is no page blob: it has no pages and no sequence number", code="InvalidOperation")
            guards.check_change(tx, container, name, after)
            loosened = frozenset[str]()
            blob: Blob | None = None
            if size is not None:
                blob, loosened = pages.resize(tx, container, name, size, after)
            if counting is not None:
                blob = pages.renumber(tx, container, name, counting, after)
            if headers is not None or blob is None:
                blob = properties.set_headers(tx, container, name, headers or KeptHeaders(), after)
            return blob, loosened

        return self._committer.commit((), change)

    def set_tier(
        self, container: Container, name: str, tier: str, *, version: str | None = None, condition: Condition = ALWAYS
    ) -> tuple[Blob, bool]:
        """Put a blob, or one version of it, into another tier (as `strongroom.domain.tier.spelt` gives it).

        Returns:
            The version, and whether it comes out of the archive; it can be read at once.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
            Conflict: A page blob cannot be in this tier any more.
            UsageError: Blobs of its kind are in no such tier.
        """
        write.need_stored(container)
        return self._catalog.change(
            lambda tx: properties.set_tier(tx, container, name, tier, version=version, condition=condition)
        )

    def take_snapshot(
        self,
        container: Container,
        name: str,
        *,
        metadata: Mapping[str, str] | None = None,
        condition: Condition = ALWAYS,
    ) -> tuple[Blob, Blob]:
        """Keep what a blob is now as a version that never changes; gives that, and the blob.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
        """
        write.need_stored(container)
        return self._catalog.change(lambda tx: snapshots.snapshot(tx, container, name, condition, metadata))

    def remove(self, container: Container, name: str, which: Which = WHOLE, condition: Condition = ALWAYS) -> bool:
        """Delete a blob, its snapshots, or one version of it.

        Returns:
            Whether it is gone for good: nothing of it can be restored, nor stays as an earlier version.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
            Conflict: It has snapshots, or is protected.
        """
        write.need_stored(container)
        return self._committer.commit((), lambda tx: removals.remove(tx, container, name, which, condition))

    def restore(self, container: Container, name: str) -> None:
        """Restore a deleted blob with its snapshots, or the deleted versions of one whose versions are kept.

        Raises:
            BlobNotFound: There is nothing of this name.
        """
        write.need_stored(container)
        self._catalog.change(lambda tx: removals.restore(tx, container, name))

    def protect(
        self,
        container: Container,
        name: str,
        until: datetime | None,
        *,
        is_locked: bool = False,
        version: str | None = None,
        condition: Condition = ALWAYS,
    ) -> Blob:
        """Keep a version from being changed or deleted until an instant (None ends that, where it is not locked).

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold.
            Conflict: It is locked, and would be shortened, unlocked or lifted.
            UsageError: The instant has passed.
        """
        write.need_stored(container)
        if until is None:
            return self._catalog.change(
                lambda tx: holds.clear_policy(tx, container, name, version=version, condition=condition)
            )
        return self._catalog.change(
            lambda tx: holds.set_policy(tx, container, name, until, is_locked=is_locked, version=version, condition=condition)
        )

    def set_hold(
        self,
        container: Container,
        name: str,
        *,
        is_held: bool,
        version: str | None = None,
        condition: Condition = ALWAYS,
    ) -> Blob:
        """Put a version under legal hold, or lift that.

        Raises:
            BlobNotFound: There is none.
        """
        write.need_stored(container)
        return self._catalog.change(
            lambda tx: holds.set_hold(tx, container, name, is_held=is_held, version=version, condition=condition)
        )

    def set_keeping(self, container: Container, wanted: Keeping) -> Container:
        """Change a container's rules: versions, public access, immutability, legal holds.

        Raises:
            ContainerNotFound: It was deleted.
            UsageError: A value cannot be.
            Conflict: Its days are locked, and would become fewer.
        """
        return self._catalog.change(lambda tx: holds.set_keeping(tx, container, wanted))
