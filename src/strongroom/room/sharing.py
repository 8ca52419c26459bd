"""With whom a room is shared: its users, their keys, and the links that let them in."""

from collections.abc import Sequence
from functools import cached_property

from strongroom.domain.user import Key, User
from strongroom.errors import UsageError
from strongroom.governance.members import MemberPolicy, Members
from strongroom.ports import Entry
from strongroom.room.opened import Opened
from strongroom.storage.catalog import acts

MOST_ACTS = 1000
"""Entries on a page of the ledger."""


class Sharing(Opened):
    """With whom a room is shared."""

    @cached_property
    def members(self) -> Members:
        """Users and their proofs, for a door that lets them in and records acts by itself."""
        return Members(self._parts.catalog)

    @property
    def member_policy(self) -> MemberPolicy:
        """The rules that go by users, with their roles and containers."""
        return MemberPolicy(self._parts.catalog)

    def users(self) -> Sequence[User]:
        """Give the users, by name."""
        self.scope("manage")
        return self.members.users()

    def add_user(
        self, name: str, *, role: str = "reader", containers: Sequence[str] | None = None, password: str | None = None
    ) -> User:
        """Let somebody in by the page and the HTTP API.

        Args:
            name: Up to 64 letters, digits and ``. _ @ -``.
            role: ``owner`` (everything), ``editor`` (reads and fills) or ``reader``.
            containers: Names of the only ones that they see; None is all.
            password: Theirs; without one they come in by links and keys.

        Raises:
            ContainerNotFound: There is none of such a name.
            NameRefused: The name cannot be.
            UsageError: The role, or the password, cannot be.
            AlreadyExists: There is one of this name.
        """
        scope = self.scope("manage")
        for container in containers or ():
            self._parts.vault.container(container, scope)
        user = self.members.add(name, role, containers, password)
        self._record("add_user", scope, user=name, role=role, containers=None if containers is None else list(containers))
        return user

    def change_user(
        self, name: str, *, role: str | None = None, containers: Sequence[str] | None = None, everything: bool = False
    ) -> User:
        """Give a user another role or other containers; it holds from their next request on.

        Args:
            name: Whose.
            role: As for `add_user`; None leaves it.
            containers: Names of the only ones that they see from now on; none in it is nothing, None leaves them.
            everything: Whether they see every container from now on; an owner does anyway.

        Raises:
            NotFound: There is no such user.
            ContainerNotFound: There is none of such a name.
            UsageError: The role cannot be, or an owner is to see some containers only.
            Conflict: They are the last owner, and would be none.
        """
        scope = self.scope("manage")
        before = next((user.containers for user in self.members.users() if user.name == name), None) or ()
        for container in set(containers or ()) - set(before):  # one that is gone may stay granted
            self._parts.vault.container(container, scope)
        user = self.members.change(name, role, containers, everything=everything)
        told = None if user.containers is None else list(user.containers)
        self._record("change_user", scope, user=name, role=user.role, containers=told)
        return user

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password; their sessions end.

        Raises:
            NotFound: There is no such user.
            UsageError: The password is too short.
        """
        scope = self.scope("manage")
        self.members.set_password(name, password)
        self._record("set_password", scope, user=name)

    def remove_user(self, name: str) -> None:
        """Let somebody in no more: sessions, links and keys end at once. What they did stays in the ledger.

        Raises:
            NotFound: There is no such user.
        """
        scope = self.scope("manage")
        self.members.remove(name)
        self._record("remove_user", scope, user=name)

    def link(self, name: str) -> str:
        """Give the secret of a link that lets a user, or the owner, in once and within a day: ``/login?token=SECRET``.

        Raises:
            NotFound: There is no such user.
        """
        scope = self.scope("manage")
        secret = self.members.make_link(name)
        self._record("link", scope, user=name)
        return secret

    def make_key(self, name: str, *, label: str = "", days: int | None = None) -> tuple[Key, str]:
        """Make an API key of a user, or the owner, and give it with its secret, which is told only now.

        Raises:
            NotFound: There is no such user.
        """
        scope = self.scope("manage")
        key, secret = self.members.make_key(name, label, days)
        self._record("make_key", scope, user=name, key=key.id, days=days)
        return key, secret

    def keys(self) -> Sequence[Key]:
        """Give every API key, without its secret."""
        self.scope("manage")
        return self.members.keys()

    def revoke_key(self, key: str) -> Key:
        """Let an API key open nothing any more.

        Raises:
            NotFound: There is none of this id.
        """
        scope = self.scope("manage")
        revoked = self.members.revoke_key(key)
        self._record("revoke_key", scope, user=revoked.actor, key=key)
        return revoked

    def acts(self, *, before: int | None = None, limit: int = 100) -> Sequence[Entry]:
        """Give what was done in the room, the newest first; that it was looked at is itself an act.

        Args:
            before: Index of the oldest entry of the page before.
            limit: Entries on the page, 1 to 1,000.

        Raises:
            UsageError: ``limit`` is none that can be.
        """
        scope = self.scope("manage")
        if not 1 <= limit <= MOST_ACTS:
            raise UsageError(f"limit is {limit}: give 1 to {MOST_ACTS}")
        with self._parts.catalog.read() as tx:
            found = acts.last(tx, before, limit)
        self._record("read_ledger", scope, before=before, entries=len(found))
        return found
