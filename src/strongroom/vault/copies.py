"""Copies, and what is written from elsewhere."""

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.storage.catalog import copies
from strongroom.storage.names import check_blob_name
from strongroom.vault import write
from strongroom.vault.contents import Contents
from strongroom.vault.write import Traits


class Copies(Contents):
    """Copies, and what is written from elsewhere."""

    def copy(
        self,
        source: tuple[Container, str, str | None],
        container: Container,
        name: str,
        traits: Traits | None = None,
        condition: Condition = ALWAYS,
    ) -> Blob:
        """Make a blob with the bytes of a stored one.

        Args:
            source: Container, name and version (None for the current one) of the other.
            container: Where to.
            name: The new blob's name.
            traits: Its properties; None takes the other's.
            condition: What must hold of the blob that is there.

        Raises:
            BlobNotFound: There is no such source.
            ConditionFailed: The condition does not hold.
        """
        write.need_stored(source[0])
        write.need_stored(container)
        check_blob_name(name)
        wanted = name if traits is None else write.landing(name, traits)
        return write.land(self._committer, (), lambda tx: copies.copy(tx, source, container, wanted, condition=condition))
