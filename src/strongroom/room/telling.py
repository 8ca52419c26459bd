"""What a room tells of itself: how it grew, and what its texts name."""

from collections.abc import Sequence

from strongroom.domain.entities import Entity
from strongroom.domain.growth import Growth
from strongroom.flows import entities, fetch
from strongroom.room.working import Working


class Telling(Working):
    """What a room tells of itself."""

    def growth(self, *, by: str = "container") -> Growth:
        """Say how many bytes and blobs were stored at each time, in all and by ``container`` or ``type``, and now.

        In a room so large that summing takes long, the sum may be some seconds old.

        Raises:
            UsageError: ``by`` is neither.
        """
        return self._parts.growths.growth(self.scope("growth"), by)

    def entities(
        self, *, kind: str | None = None, like: str = "", content: str | None = None, after: int = 0, limit: int = 100
    ) -> Sequence[Entity]:
        """Give the people, organisations, places, dates, amounts, addresses and numbers that most contents name.

        A search for one of them is ``entity:"Harbour Office"``, in any of its spellings.

        Args:
            kind: Of one kind only; see `strongroom.domain.entities.KINDS`.
            like: Words that the name holds.
            content: What one content names; as for `get`.
            after: How many to pass over.
            limit: How many at most; 1 to 1,000.

        Raises:
            NotFound: There is nothing of the name.
            UsageError: There is no such kind, or a number is none that can be.
        """
        scope = self.scope("entities")
        sha256 = None if content is None else fetch.resolve(self._parts, content, scope)
        found = entities.listed(self._parts, scope, kind=kind, like=like, content=sha256, after=after, limit=limit)
        self._record("entities", scope, kind=kind, like=like, content=content, found=len(found))
        return found
