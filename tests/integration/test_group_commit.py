"""Changes of many threads share transactions, and each gets what is its own."""

import hashlib
import threading
from collections.abc import Callable

import pytest

from strongroom.errors import ConditionFailed
from strongroom.storage.catalog import Catalog
from strongroom.vault import Condition, Vault

THREADS, EACH = 6, 8


def run_all(acts: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def test_of_many_that_create_one_name_one_wins(vault: Vault):
    container = vault.create_container("letters")
    won: list[str] = []
    lost: list[str] = []

    def write(who: int) -> None:
        for turn in range(EACH):
            data = f"{who} {turn}".encode()
            try:
                vault.put(container, f"n{turn}", data, condition=Condition(if_none_match="*"))
                won.append(f"n{turn} {hashlib.sha256(data).hexdigest()}")
            except ConditionFailed:
                lost.append(f"n{turn}")
            vault.put(container, f"own {who} {turn}", data)

    run_all([lambda who=who: write(who) for who in range(THREADS)])
    assert sorted(one.split()[0] for one in won) == [f"n{turn}" for turn in range(EACH)]
    assert len(lost) == (THREADS - 1) * EACH
    found = {blob.name: blob for blob in vault.walk(container)}
    assert len(found) == EACH + THREADS * EACH
    assert all(found[name].sha256 == sha for name, sha in (one.split() for one in won))
    assert vault.check(deep=True) == []


def test_an_error_of_no_kind_that_is_known_reaches_its_own_caller_alone(vault: Vault, catalog: Catalog):
    container = vault.create_container("letters")
    told: list[BaseException] = []

    def broken(_tx: object) -> tuple[None, frozenset[str]]:
        raise ZeroDivisionError

    def break_it() -> None:
        for _ in range(EACH):
            try:
                vault._committer.commit((), broken)
            except ZeroDivisionError as error:
                told.append(error)

    def write(who: int) -> None:
        for turn in range(EACH):
            vault.put(container, f"{who} {turn}", b"x")

    run_all([break_it, *(lambda who=who: write(who) for who in range(THREADS))])
    assert len(told) == EACH
    assert len(list(vault.walk(container))) == THREADS * EACH


def test_what_many_overwrite_is_freed_once(vault: Vault):
    container = vault.create_container("letters")

    def write(who: int) -> None:
        for turn in range(EACH):
            vault.put(container, "same", f"{who} {turn}".encode())

    run_all([lambda who=who: write(who) for who in range(THREADS)])
    assert len(list(vault.walk(container))) == 1
    assert vault.check(deep=True) == []


def test_refused_bytes_are_removed_again(vault: Vault):
    container = vault.create_container("letters")
    vault.put(container, "a", b"1")
    for _ in range(2):
        with pytest.raises(ConditionFailed):
            vault.put(container, "a", bytes(100_000), condition=Condition(if_none_match="*"))
    assert vault.check(deep=True) == []
