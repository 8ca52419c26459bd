"""Rows of accounts: under which names blob clients sign in, and their keys."""

import secrets
from collections.abc import Mapping

from sqlalchemy import delete, insert, select, update

from strongroom.domain.account import FIRST, Account, AccountKey
from strongroom.errors import AlreadyExists, NotFound
from strongroom.storage.catalog import service
from strongroom.storage.catalog.catalog import Transaction, dialect_insert, now
from strongroom.storage.catalog.schema import account_keys, accounts
from strongroom.storage.catalog.schema import service as documents

KEY_BYTES = 64
SLOTS = (1, 2)
SECRETS = "secrets"
"""The document of the service that holds what nobody is told."""


def begin(tx: Transaction) -> None:
    """Make the first account and the room's own secret, once in the life of a room."""
    made = dialect_insert(tx, documents).values(name=SECRETS, value={"delegation": secrets.token_hex(KEY_BYTES)})
    if tx.execute(made.on_conflict_do_nothing()).rowcount and not everyone(tx):
        create(tx, FIRST)


def delegation_secret(tx: Transaction) -> bytes:
    """Give the secret from which keys of delegation derive; empty before `begin`."""
    return bytes.fromhex(service.read(tx, SECRETS).get("delegation", ""))


def create(tx: Transaction, name: str) -> Account:
    """Make an account with two random keys.

    Raises:
        AlreadyExists: There is one of this name.
    """
    if tx.execute(select(accounts.c.name).where(accounts.c.name == name)).first():
        raise AlreadyExists(f"there is an account {name} already: `strongroom keys rotate {name} 1` gives it a new key")
    at = now()
    tx.execute(insert(accounts).values(name=name, created_at=at))
    rows = [{"account": name, "slot": slot, "secret": secrets.token_bytes(KEY_BYTES), "made_at": at} for slot in SLOTS]
    tx.execute(insert(account_keys), rows)
    return get(tx, name)


def get(tx: Transaction, name: str) -> Account:
    """Give an account.

    Raises:
        NotFound: There is none of this name.
    """
    found = everyone(tx).get(name)
    if found is None:
        raise NotFound(f"there is no account {name}: `strongroom keys list` shows those that there are")
    return found


def everyone(tx: Transaction) -> Mapping[str, Account]:
    """Give every account, by name; there are few."""
    keys: dict[str, list[AccountKey]] = {}
    for row in tx.execute(select(account_keys).order_by(account_keys.c.account, account_keys.c.slot)):
        keys.setdefault(row.account, []).append(AccountKey(slot=row.slot, secret=bytes(row.secret), made_at=row.made_at))
    return {
        row.name: Account(name=row.name, created_at=row.created_at, keys=tuple(keys.get(row.name, ())))
        for row in tx.execute(select(accounts).order_by(accounts.c.name))
    }


def rotate(tx: Transaction, name: str, slot: int) -> Account:
    """Put a new random key in the place of one of an account's two.

    Raises:
        NotFound: There is no such account.
    """
    which = (account_keys.c.account == name) & (account_keys.c.slot == slot)
    tx.execute(update(account_keys).where(which).values(secret=secrets.token_bytes(KEY_BYTES), made_at=now()))
    return get(tx, name)


def remove(tx: Transaction, name: str) -> None:
    """Forget an account with its keys.

    Raises:
        NotFound: There is no such account.
    """
    get(tx, name)
    tx.execute(delete(account_keys).where(account_keys.c.account == name))
    tx.execute(delete(accounts).where(accounts.c.name == name))
