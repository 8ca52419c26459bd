"""What surely answers a query, among a few contents: an alert must not tell of what is merely nearest."""

from collections.abc import Collection
from functools import partial

from strongroom.domain.query import parse
from strongroom.domain.scope import Scope
from strongroom.flows.search import DEEPEST, Searcher
from strongroom.index.fusion import LOOKS, MEANING, WORDS
from strongroom.index.holding import holding
from strongroom.index.relevance import firm
from strongroom.storage.tables import View


class SureSearcher(Searcher):
    """Answers searches of one room, and says what surely answers one."""

    def sure(self, text: str, scope: Scope, among: Collection[str]) -> list[str]:
        """Give which of some contents surely answer a query: by every word of it, or by a meaning that is very near.

        What is merely nearest is not given, and no picture by its looks alone, for which there is no bar.

        Args:
            text: The query.
            scope: What may be seen.
            among: SHA-256s of the contents, some hundreds at the most.

        Raises:
            QueryError: A filter has a value that it cannot have.
            ContainerNotFound: ``container:`` names none that the scope shows.
            ModelMissing: The text model has not been pulled.
        """
        query = parse(text)
        vectors = {name: vector for name, vector in self._vectors(query).items() if name != LOOKS}
        bar = firm(vectors[MEANING], self._background) if MEANING in vectors else {}
        rank = self._ranked(query, scope, vectors, bar, among=among)

        def read(view: View) -> list[str]:
            asked = partial(self._granted, scope=scope, types=query.types, first=DEEPEST, wanted=1, leave_out="")
            found, _ = asked(partial(rank, view))
            near = [item for item in found if any({*row["channels"]} - {WORDS} for row in item.rows)]
            spoken = holding(view, query, [item.sha256 for item in found]) | {item.sha256 for item in near}
            return [item.sha256 for item in found if item.sha256 in spoken]

        return self._index.read(read) if among else []
