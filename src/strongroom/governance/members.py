"""The rules of a room that is shared: users with roles and containers; and the proofs by which they come in."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta

from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.domain.user import EDITOR, OWNER_ROLE, READER, ROLES, Key, Session, User
from strongroom.errors import AccessDenied, NameRefused, UsageError
from strongroom.governance import passwords
from strongroom.governance.policy import GENERAL, OWNER
from strongroom.storage.catalog import Catalog, Transaction, sessions, users
from strongroom.storage.catalog.catalog import now

VERSION = "members-1"
"""Names these rules in the ledger."""
READING = """
    search similar list get open page leaf text lines table card mail transcript clip frame thumbnail rendition near_duplicates
    status failures growth ask export searches entities
"""
READS = frozenset(READING.split())
"""What a reader may do."""
FILLS = READS | {"add", "upload", "create_container", "analyze", "retry", "tag"}
"""What an editor may do."""
EVERYTHING = FILLS | {"check", "delete", "manage", "mount"}
"""What an owner may do."""
ACTIONS = {OWNER_ROLE: EVERYTHING, EDITOR: FILLS, READER: READS}
"""What each role may do."""
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?")
KEY_PREFIX = "sr_"
SECRET_BYTES = 32
LONGEST = timedelta(days=7)
"""A session is over after so long, however much it is used."""
LINK_LASTS = timedelta(hours=24)


def hashed(secret: str) -> bytes:
    """Give what is kept of a random secret of 256 bits: its SHA-256; nothing slower is needed to hide so much."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


class MemberPolicy:
    """Grants each user what their role and their containers say; implements `strongroom.ports.Policy`."""

    def __init__(self, catalog: Catalog) -> None:
        """Read users from an open catalog, at each question."""
        self._catalog = catalog

    def scope(self, actor: Actor, purpose: Purpose, action: str) -> Scope:
        """Give what an actor may see.

        Args:
            actor: Who asks; the local owner may do everything.
            purpose: What for.
            action: The verb.

        Raises:
            AccessDenied: There is no such user, the role does not permit it, or there is no such purpose.
        """
        if purpose != GENERAL:
            raise AccessDenied(f"there is no purpose {purpose.name!r} here (rules {VERSION}): declare {GENERAL.name!r}")
        if actor == OWNER:
            return Scope(actor=actor, purpose=purpose, containers=None, policy_version=VERSION)
        with self._catalog.read() as tx:
            user = users.find(tx, actor.name)
            if user is None:
                raise AccessDenied(f"{actor.name} is no user of this room (rules {VERSION}): ask its owner to be let in")
            if user.role != OWNER_ROLE and action not in ACTIONS[user.role]:
                what = action.replace("_", " ")
                raise AccessDenied(f"{actor.name} is a {user.role}, who may not {what} (rules {VERSION}): ask the owner")
            granted = None if user.containers is None else users.granted_ids(tx, user.containers)
        return Scope(actor=actor, purpose=purpose, containers=granted, policy_version=VERSION)

    def actions(self, actor: Actor) -> frozenset[str]:
        """Give what an actor may do at all; nothing where nobody knows them."""
        if actor == OWNER:
            return EVERYTHING
        with self._catalog.read() as tx:
            user = users.find(tx, actor.name)
        return frozenset() if user is None else ACTIONS[user.role]


class Members:
    """Users of a room, and the proofs that they bring: links, passwords, sessions, keys."""

    def __init__(self, catalog: Catalog) -> None:
        """Use an open catalog."""
        self._catalog = catalog

    def users(self) -> Sequence[User]:
        """Give every user, by name."""
        with self._catalog.read() as tx:
            return users.everyone(tx)

    def is_shared(self) -> bool:
        """Say whether there is a user beside the local owner."""
        with self._catalog.read() as tx:
            return users.any_at_all(tx)

    def add(self, name: str, role: str, granted: Sequence[str] | None = None, password: str | None = None) -> User:
        """Make a user.

        Raises:
            NameRefused: The name cannot be.
            UsageError: The role or the password cannot be, or an owner is to see some containers only.
            AlreadyExists: There is one of this name.
        """
        if not NAME.fullmatch(name) or name == OWNER.name:
            raise NameRefused(
                f"{name!r} cannot name a user: use up to 64 letters, digits and . _ @ -, a letter or digit first and last; "
                f"{OWNER.name!r} is who runs the room"
            )
        if role not in ROLES:
            raise UsageError(f"there is no role {role!r}: give one of {', '.join(ROLES)}")
        if role == OWNER_ROLE and granted is not None:
            raise UsageError("an owner sees every container: leave out the containers, or make an editor")
        kept = None if password is None else passwords.hashed(password)
        return self._catalog.change(lambda tx: users.create(tx, name, role, granted, kept))

    def change(
        self, name: str, role: str | None = None, granted: Sequence[str] | None = None, *, everything: bool = False
    ) -> User:
        """Give a user another role or other containers; it holds from their next request on.

        Args:
            name: Whose.
            role: None leaves it.
            granted: Names of the only containers that they see from now on; None leaves them as they are.
            everything: Whether they see every container from now on; an owner does anyway.

        Raises:
            NotFound: There is no such user.
            UsageError: There is no such role, or an owner is to see some containers only.
            Conflict: They are the last owner, and would be none.
        """
        if role is not None and role not in ROLES:
            raise UsageError(f"there is no role {role!r}: give one of {', '.join(ROLES)}")
        if granted is not None and everything:
            raise UsageError("give the containers that they see, or all: not both")

        def change(tx: Transaction) -> User:
            user = users.get(tx, name)
            wanted = role or user.role
            if wanted == OWNER_ROLE and granted is not None:
                raise UsageError("an owner sees every container: leave out the containers, or make an editor")
            kept = None if everything or wanted == OWNER_ROLE else user.containers if granted is None else granted
            return users.change(tx, name, wanted, kept)

        return self._catalog.change(change)

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password, and end their sessions.

        Raises:
            NotFound: There is no such user.
            UsageError: The password is too short or too long.
        """
        kept = passwords.hashed(password)
        self._catalog.change(lambda tx: users.set_password(tx, name, kept))

    def remove(self, name: str) -> None:
        """Forget a user with keys, sessions and links; what they did stays in the ledger.

        Raises:
            NotFound: There is no such user.
        """
        self._catalog.change(lambda tx: users.remove(tx, name))

    def end_sessions(self, name: str) -> None:
        """End every session of an actor."""
        self._catalog.change(lambda tx: users.leave(tx, name))

    # keys

    def make_key(self, name: str, label: str = "", days: int | None = None) -> tuple[Key, str]:
        """Make an API key.

        Args:
            name: Whose.
            label: What it is for.
            days: For how long it opens; None for ever.

        Returns:
            The key and its secret, which is told only now.

        Raises:
            NotFound: There is no such user.
        """
        secret, at = KEY_PREFIX + secrets.token_urlsafe(SECRET_BYTES), now()
        until = None if days is None else at + timedelta(days=days)
        key = Key(id=secrets.token_hex(4), actor=name, label=label, created_at=at, expires_at=until, used_at=None)
        with self._catalog.write() as tx:
            self._need(tx, name)
            users.create_key(tx, key, hashed(secret))
        return key, secret

    def keys(self, name: str | None = None) -> Sequence[Key]:
        """Give the keys of an actor, or all."""
        with self._catalog.read() as tx:
            return users.keys(tx, name)

    def revoke_key(self, key: str) -> Key:
        """Forget a key; it opens nothing from then on.

        Raises:
            NotFound: There is none.
        """
        return self._catalog.change(lambda tx: users.revoke_key(tx, key))

    # proofs

    def actor_of_key(self, secret: str) -> Actor | None:
        """Give whom an API key lets in; None where it is none, or over."""
        if not secret.startswith(KEY_PREFIX):
            return None
        at = now()
        with self._catalog.read() as tx:
            key = users.key_of(tx, hashed(secret), at)
        if key is None:
            return None
        if key.used_at is None or at - key.used_at > users.SEEN_EVERY:
            self._catalog.change(lambda tx: users.touch_key(tx, key.id, at))
        return Actor(name=key.actor)

    def actor_of_password(self, name: str, password: str) -> Actor | None:
        """Give whom a password lets in; None where it is wrong, which takes as long."""
        with self._catalog.read() as tx:
            kept = users.password_hash(tx, name)
        return Actor(name=name) if passwords.fits(kept, password) else None

    def make_link(self, name: str) -> str:
        """Give the secret of a link that lets an actor in once, within a day.

        Raises:
            NotFound: There is no such user.
        """
        secret, at = secrets.token_urlsafe(SECRET_BYTES), now()
        with self._catalog.write() as tx:
            self._need(tx, name)
            sessions.sweep(tx, at)
            sessions.offer(tx, hashed(secret), name, at, at + LINK_LASTS)
        return secret

    def take_link(self, secret: str) -> Actor | None:
        """Use a link up, and give whom it lets in; None where it is none, used, or over."""
        with self._catalog.write() as tx:
            name = sessions.take(tx, hashed(secret), now())
        return None if name is None else Actor(name=name)

    def begin_session(self, actor: Actor, instead_of: str | None = None) -> tuple[Session, str]:
        """Begin a session.

        Args:
            actor: Whose.
            instead_of: The secret of one that ends by it.

        Returns:
            The session, and its secret.
        """
        secret, at = secrets.token_urlsafe(SECRET_BYTES), now()
        csrf = secrets.token_urlsafe(SECRET_BYTES)
        session = Session(actor=actor.name, csrf=csrf, created_at=at, seen_at=at, expires_at=at + LONGEST)
        with self._catalog.write() as tx:
            if instead_of is not None:
                sessions.end(tx, hashed(instead_of))
            sessions.create(tx, hashed(secret), session)
        return session, secret

    def session_of(self, secret: str) -> Session | None:
        """Give a session by its secret; None where there is none, or it is over."""
        at = now()
        with self._catalog.read() as tx:
            session = sessions.find(tx, hashed(secret), at)
        if session is not None and at - session.seen_at > users.SEEN_EVERY:
            self._catalog.change(lambda tx: sessions.touch(tx, hashed(secret), at))
        return session

    def end_session(self, secret: str) -> None:
        """End a session."""
        self._catalog.change(lambda tx: sessions.end(tx, hashed(secret)))

    def sweep(self) -> None:
        """Forget sessions and links that are over."""
        self._catalog.change(lambda tx: sessions.sweep(tx, now()))

    def _need(self, tx: Transaction, name: str) -> None:
        if name != OWNER.name:
            users.get(tx, name)
