"""Accounts and their keys, in the catalog."""

import pytest

from strongroom.errors import AlreadyExists, NotFound, UsageError
from strongroom.vault import Vault


def test_an_account_is_made_rotated_and_forgotten(vault: Vault):
    vault.begin_accounts()
    vault.begin_accounts()
    made = vault.create_account("archive")
    assert [key.slot for key in made.keys] == [1, 2]
    assert list(vault.accounts()) == ["archive", "strongroom"]
    with pytest.raises(AlreadyExists):
        vault.create_account("archive")
    rotated = vault.rotate_key("archive", 2)
    assert rotated.keys[0] == made.keys[0]
    assert rotated.keys[1].secret != made.keys[1].secret
    assert rotated.keys[1].made_at >= made.keys[1].made_at
    with pytest.raises(UsageError):
        vault.rotate_key("archive", 3)
    vault.delete_account("archive")
    for act in (vault.account, vault.delete_account, lambda name: vault.rotate_key(name, 1)):
        with pytest.raises(NotFound):
            act("archive")
    assert len(vault.delegation_secret()) == 64
    assert vault.delegation_secret() == vault.delegation_secret()
