"""Users and their proofs in either database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from strongroom.domain.scope import Actor, Purpose
from strongroom.errors import AccessDenied, AlreadyExists, Conflict, NotFound, UsageError
from strongroom.governance import members
from strongroom.governance.members import MemberPolicy, Members
from strongroom.governance.policy import GENERAL, OWNER
from strongroom.storage.catalog import Catalog, containers


def test_users_come_and_go(catalog: Catalog):
    people = Members(catalog)
    assert not people.is_shared()
    made = people.add("ann", "reader", ["letters"], "a sentence of my own")
    people.add("bob", "owner")
    assert [(one.name, one.role, one.containers, one.has_password) for one in people.users()] == [
        ("ann", "reader", ("letters",), True),
        ("bob", "owner", None, False),
    ]
    assert made == people.users()[0]
    with pytest.raises(AlreadyExists):
        people.add("ann", "reader")
    assert people.actor_of_password("ann", "a sentence of my own") == Actor(name="ann")
    assert people.actor_of_password("bob", "a sentence of my own") is None
    people.remove("ann")
    with pytest.raises(NotFound):
        people.remove("ann")
    assert people.is_shared()


def test_a_user_gets_another_role_and_other_containers_from_the_next_request_on(catalog: Catalog):
    people, policy = Members(catalog), MemberPolicy(catalog)
    with catalog.write() as tx:
        letters = containers.create(tx, "letters", kind="stored")
    people.add("ann", "reader", ["letters", "gone"])
    people.add("bob", "owner")
    assert people.change("ann", "editor").containers == ("letters", "gone")
    assert policy.scope(Actor(name="ann"), GENERAL, "upload").containers == frozenset({letters.id})
    assert people.change("ann", granted=[]).containers == ()
    assert people.change("ann", everything=True).containers is None
    assert people.change("ann", "owner").role == "owner"
    assert people.change("ann", "reader", ["letters"]).containers == ("letters",)
    assert people.change("ann", "owner").containers is None, "an owner sees all"
    for role, granted, everything in (("king", None, False), ("owner", ["letters"], False), (None, ["letters"], True)):
        with pytest.raises(UsageError):
            people.change("ann", role, granted, everything=everything)
    with pytest.raises(NotFound):
        people.change("nobody", "reader")


def test_the_last_owner_stays_one_however_many_change_at_once(catalog: Catalog):
    people = Members(catalog)
    for name in ("ann", "bob", "cleo"):
        people.add(name, "owner")

    def demote(name: str) -> bool:
        try:
            people.change(name, "reader")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(demote, ("ann", "bob", "cleo"))) == [False, True, True]
    assert [one.role for one in people.users()].count("owner") == 1
    (last,) = [one.name for one in people.users() if one.role == "owner"]
    assert people.change(last, everything=True).role == "owner", "whoever stays an owner may be changed"


def test_a_link_that_many_open_at_once_lets_one_in(catalog: Catalog):
    people = Members(catalog)
    secret = people.make_link("owner")
    with ThreadPoolExecutor(8) as pool:
        let_in = [actor for actor in pool.map(lambda _: people.take_link(secret), range(8)) if actor is not None]
    assert let_in == [OWNER]


def test_sessions_and_links_that_are_over_are_swept(catalog: Catalog, monkeypatch: pytest.MonkeyPatch):
    people = Members(catalog)
    _, secret = people.begin_session(OWNER)
    people.make_link("owner")
    now = members.now()
    monkeypatch.setattr(members, "now", lambda: now + members.LONGEST)
    people.sweep()
    monkeypatch.setattr(members, "now", lambda: now + timedelta(seconds=1))
    assert people.session_of(secret) is None
    with catalog.read() as tx:
        assert [tx.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in ("sessions", "logins")] == [0, 0]


def test_a_scope_is_what_role_and_containers_grant(catalog: Catalog):
    people, policy = Members(catalog), MemberPolicy(catalog)
    with catalog.write() as tx:
        letters = containers.create(tx, "letters", kind="stored")
        containers.create(tx, "photos", kind="stored")
    people.add("ann", "reader", ["letters", "gone"])
    people.add("none", "editor", [])
    people.add("all", "editor")
    people.add("chief", "owner")

    def granted(name: str, action: str) -> frozenset[int] | None:
        return policy.scope(Actor(name=name), GENERAL, action).containers

    assert granted("ann", "search") == frozenset({letters.id})
    assert granted("none", "upload") == frozenset()
    assert (granted("all", "upload"), granted("chief", "manage"), granted("owner", "manage")) == (None, None, None)
    for name, action in (("ann", "upload"), ("all", "delete"), ("all", "manage"), ("stranger", "search"), ("", "search")):
        with pytest.raises(AccessDenied):
            granted(name, action)
    with pytest.raises(AccessDenied, match="no purpose"):
        policy.scope(OWNER, Purpose(name="curiosity"), "search")
    assert policy.actions(Actor(name="stranger")) == frozenset()
    assert "manage" in policy.actions(OWNER)
    assert "upload" not in policy.actions(Actor(name="ann"))


def test_keys_are_listed_by_age_and_by_whose_they_are(catalog: Catalog):
    people = Members(catalog)
    people.add("ann", "reader")
    first, secret = people.make_key("ann", "export", 30)
    second, _ = people.make_key("owner")
    assert people.keys() == [first, second]
    assert people.keys("ann") == [first]
    assert people.actor_of_key(secret) == Actor(name="ann")
    assert people.keys("ann")[0].used_at is not None
    assert people.revoke_key(first.id).actor == "ann"
    assert people.actor_of_key(secret) is None
    assert people.actor_of_key("") is None
