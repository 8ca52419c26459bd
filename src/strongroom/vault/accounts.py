"""Accounts of the vault: who may sign in, and with which keys."""

import re
from collections.abc import Mapping

from strongroom.domain.account import Account
from strongroom.errors import NameRefused, UsageError
from strongroom.storage.catalog import accounts
from strongroom.vault.contents import Contents

NAME = re.compile(r"[a-z0-9]{3,24}")
DEVELOPMENT = "devstoreaccount1"
"""The account of every emulator, whose key everybody knows."""


class Accounts(Contents):
    """Accounts of the vault: who may sign in, and with which keys."""

    def begin_accounts(self) -> None:
        """Make the first account and the room's own secret, once in the life of a room; whoever serves calls it first."""
        with self._catalog.read() as tx:
            begun = bool(accounts.delegation_secret(tx))
        if not begun:
            self._catalog.change(accounts.begin)

    def accounts(self) -> Mapping[str, Account]:
        """Give every account with its keys, by name."""
        with self._catalog.read() as tx:
            return accounts.everyone(tx)

    def account(self, name: str) -> Account:
        """Give an account with its keys.

        Raises:
            NotFound: There is none of this name.
        """
        with self._catalog.read() as tx:
            return accounts.get(tx, name)

    def create_account(self, name: str) -> Account:
        """Make an account with two random keys.

        Raises:
            NameRefused: It is not 3 to 24 of ``a-z`` and ``0-9``, or is the emulators' own.
            AlreadyExists: There is one of this name.
        """
        if not NAME.fullmatch(name):
            raise NameRefused(f"{name!r} cannot name an account: use 3 to 24 of a-z and 0-9")
        if name == DEVELOPMENT:
            raise NameRefused(f"{name} is the emulators' account, whose key everybody knows: choose another name")
        return self._catalog.change(lambda tx: accounts.create(tx, name))

    def rotate_key(self, name: str, slot: int) -> Account:
        """Put a new random key in the place of one; what the old one signed is refused from then on.

        Raises:
            NotFound: There is no such account.
            UsageError: The slot is neither 1 nor 2.
        """
        if slot not in accounts.SLOTS:
            raise UsageError(f"an account has the keys 1 and 2, and no key {slot}")
        return self._catalog.change(lambda tx: accounts.rotate(tx, name, slot))

    def delete_account(self, name: str) -> None:
        """Forget an account; what its keys signed is refused from then on, and what it wrote stays.

        Raises:
            NotFound: There is no such account.
        """
        self._catalog.change(lambda tx: accounts.remove(tx, name))

    def delegation_secret(self) -> bytes:
        """Give the secret from which keys of delegation derive."""
        self.begin_accounts()
        with self._catalog.read() as tx:
            return accounts.delegation_secret(tx)
