"""Index tags of blobs, and finding blobs by them."""

from collections.abc import Mapping, Sequence

from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.scope import Scope
from strongroom.domain.tag_query import Comparison
from strongroom.storage.catalog import tags as rows
from strongroom.storage.catalog.tags import Tagged
from strongroom.vault.contents import Contents


class Tags(Contents):
    """Index tags of blobs, and finding blobs by them."""

    def set_tags(
        self,
        container: Container,
        name: str,
        tags: Mapping[str, str],
        *,
        version: str | None = None,
        condition: Condition = ALWAYS,
    ) -> None:
        """Put tags in the place of all that a blob, or a version or snapshot of it, has.

        Raises:
            BlobNotFound: There is none.
            ConditionFailed: The condition does not hold, or somebody else holds the lease.
        """
        self._catalog.change(lambda tx: rows.change(tx, container, name, tags, version=version, condition=condition))

    def find_by_tags(
        self,
        wanted: Sequence[Comparison],
        scope: Scope,
        *,
        container: Container | None = None,
        after: int = 0,
        limit: int = 5000,
    ) -> list[Tagged]:
        """Give a page of live blobs by their tags; see `strongroom.storage.catalog.tags.find`."""
        key = None if container is None else container.id
        with self._catalog.read() as tx:
            return rows.find(tx, wanted, scope, container_id=key, after=after, limit=limit)
