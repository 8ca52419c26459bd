"""Searches that somebody keeps, and what they report as contents arrive."""

from collections.abc import Sequence

from strongroom.domain.saved import News, Saved
from strongroom.domain.scope import Actor, Scope
from strongroom.flows import saved, watch
from strongroom.governance.policy import GENERAL
from strongroom.ports import Act
from strongroom.room.exporting import Exporting
from strongroom.storage.catalog import Transaction, searches
from strongroom.storage.catalog.catalog import now


class Saving(Exporting):
    """Searches that somebody keeps; everybody sees their own."""

    def save_search(self, name: str, query: str, *, watch: bool = True, webhook: str | None = None) -> Saved:
        """Keep a search.

        Args:
            name: 1 to 100 characters, unique among those that the actor keeps.
            query: As for `search`.
            watch: Whether new matches are reported as contents arrive, while `strongroom serve` runs.
            webhook: URL to which they are posted; the setting ``webhook_hosts`` names the hosts that may be told.

        Raises:
            UsageError: The name or the query cannot be.
            AlreadyExists: The actor keeps one of this name.
        """
        scope = self.scope("searches")
        kept = saved.save(self._parts, scope, name, query, watch=watch, webhook=webhook)
        self._record("save_search", scope, search=kept.id, name=kept.name, query=kept.query, watch=watch, webhook=webhook)
        return kept

    def saved_searches(self) -> Sequence[Saved]:
        """Give the searches that the actor keeps, by name."""
        scope = self.scope("searches")
        with self._parts.catalog.read() as tx:
            return searches.kept(tx, scope.actor.name)

    def unseen(self) -> int:
        """Count the new matches, of all searches that the actor keeps, that they have not looked at."""
        with self._parts.catalog.read() as tx:
            return searches.unseen(tx, self.actor.name)

    def news(self, search: int, *, see: bool = False, limit: int = saved.SHOWN) -> News:
        """Give what a search that the actor keeps found lately, as far as they may still see it.

        Args:
            search: Its number.
            see: Whether the actor has now looked at it, so that what is told counts as seen.
            limit: Matches at most.

        Raises:
            NotFound: They keep none of this number.
        """
        scope = self.scope("searches")
        found = saved.news(self._parts, scope, search, limit=limit)
        self._record("news", scope, search=search, hits=[match.content for match in found.matches])
        if see:
            self._parts.catalog.change(lambda tx: searches.see(tx, search, now()))
        return found

    def watch_search(self, search: int, *, watch: bool) -> Saved:
        """Let a search watch from now on, or no more.

        Raises:
            NotFound: The actor keeps none of this number.
        """
        scope = self.scope("searches")

        def change(tx: Transaction) -> Saved:
            searches.get(tx, search, scope.actor.name)
            searches.watch(tx, search, now() if watch else None)
            return searches.get(tx, search, scope.actor.name)

        changed = self._parts.catalog.change(change)
        self._record("watch_search", scope, search=search, watch=watch)
        return changed

    def delete_search(self, search: int) -> None:
        """Keep a search no more.

        Raises:
            NotFound: The actor keeps none of this number.
        """
        scope = self.scope("searches")

        def change(tx: Transaction) -> None:
            searches.get(tx, search, scope.actor.name)
            searches.remove(tx, search)

        self._parts.catalog.change(change)
        self._record("delete_search", scope, search=search)

    def look_out(self) -> int:
        """Look which contents that were finished lately match the searches that watch, of everybody; for a server.

        Each is looked for in what its owner may see at this moment. Gives how many matches are new.

        Raises:
            ModelMissing: The text model has not been pulled.
        """
        self.scope("manage")
        policy = self.member_policy

        def scope_of(search: Saved) -> Scope:
            return policy.scope(Actor(name=search.actor), GENERAL, "searches")

        def record(search: Saved, scope: Scope, hits: list[str]) -> None:
            details = {"search": search.id, "query": search.query, "hits": hits}
            version = scope.policy_version
            act = Act(verb="alert", actor=scope.actor, purpose=scope.purpose, policy_version=version, details=details)
            self._ledger.append(act)

        return watch.look(self._parts, scope_of, record)

    def search_by_number(self, number: int) -> Saved | None:
        """Give a saved search, whoever's it is, for a door that looks at its secret; None where there is none."""
        with self._parts.catalog.read() as tx:
            return searches.find(tx, number)

    # for those who tell webhooks

    def searches_to_tell(self) -> Sequence[Saved]:
        """Give the searches, of everybody, whose webhook is yet to be told of matches; for a server."""
        self.scope("manage")
        with self._parts.catalog.read() as tx:
            return searches.to_tell(tx)

    def untold(self, search: int) -> tuple[News, Sequence[str]]:
        """Give what the webhook of a search is to be told now, as far as its owner may see it, and all that this settles.

        Raises:
            NotFound: The actor keeps none of this number.
        """
        scope = self.scope("searches")
        found, settled = saved.untold(self._parts, scope, search)
        self._record("tell_webhook", scope, search=search, hits=[match.content for match in found.matches])
        return found, settled

    def tell(self, search: int, hits: Sequence[str]) -> None:
        """Note that the webhook of a search was told of matches."""
        self.scope("searches")
        self._parts.catalog.change(lambda tx: searches.told(tx, search, hits, now()))
