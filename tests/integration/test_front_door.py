"""Who comes in by the page and the HTTP API, and how: links, passwords, sessions, keys."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from front_door import Front, open_front
from strongroom.errors import AlreadyExists, ContainerNotFound, NameRefused, NotFound, UsageError
from strongroom.governance import members
from strongroom.storage.catalog import sessions, users

PASSWORD = "a sentence of my own"


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with open_front(tmp_path / "room") as opened:
        yield opened


def test_a_link_lets_in_once_and_leads_on(front: Front):
    secret = front.room.link("owner")
    first = front.anybody()
    answer = first.get("/login", params={"token": secret, "next": "/containers?n=2"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/containers?n=2")
    assert first.get("/api/v1/session").json()["actor"] == "owner"
    second = front.anybody()
    assert second.get("/login", params={"token": secret}).status_code == 401
    assert second.get("/api/v1/session").status_code == 401


def test_a_link_that_is_a_day_old_lets_nobody_in(front: Front, monkeypatch: pytest.MonkeyPatch):
    secret = front.room.link("owner")
    now = members.now()
    monkeypatch.setattr(members, "now", lambda: now + members.LINK_LASTS)
    assert front.anybody().get("/login", params={"token": secret}).status_code == 401


def test_a_look_ahead_does_not_use_a_link_up(front: Front):
    secret, client = front.room.link("owner"), front.anybody()
    assert client.get("/login", params={"token": secret}, headers={"sec-purpose": "prefetch"}).status_code == 503
    assert client.get("/login", params={"token": secret}).status_code == 303


def test_a_password_lets_its_user_in(front: Front):
    front.room.add_user("ann", password=PASSWORD)
    client = front.anybody()
    for name, password in (("ann", "another sentence"), ("bob", PASSWORD), ("ann", ""), ("", ""), ("owner", PASSWORD)):
        answer = client.post("/login", data={"name": name, "password": password})
        assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert client.post("/login", data={"name": "ann", "password": PASSWORD}).status_code == 303
    assert client.get("/api/v1/session").json()["actor"] == "ann"


def test_a_session_ends_at_logout(front: Front):
    client = front.by_session()
    cookie = front.cookie_of(client)
    answer = client.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert front.anybody().get("/api/v1/session", headers={"cookie": f"{front.cookie}={cookie}"}).status_code == 401


def test_a_session_ends_when_it_is_idle_and_at_last_in_any_case(front: Front, monkeypatch: pytest.MonkeyPatch):
    now = members.now()
    at = now
    monkeypatch.setattr(members, "now", lambda: at)
    client = front.by_session()
    while at < now + members.LONGEST:
        assert client.get("/api/v1/session").status_code == 200, at - now
        at += sessions.IDLE - timedelta(minutes=1)
    assert client.get("/api/v1/session").status_code == 401
    fresh = front.by_session()
    at += sessions.IDLE
    assert fresh.get("/api/v1/session").status_code == 401


def test_whoever_is_removed_is_out_at_once(front: Front):
    front.room.add_user("ann")
    session, key = front.by_session("ann"), front.by_key("ann")
    link = front.room.link("ann")
    assert [one.get("/api/v1/coverage").status_code for one in (session, key)] == [200, 200]
    front.room.remove_user("ann")
    assert [one.get("/api/v1/coverage").status_code for one in (session, key)] == [401, 401]
    assert front.anybody().get("/login", params={"token": link}).status_code == 401


def test_another_password_ends_sessions(front: Front):
    front.room.add_user("ann", password=PASSWORD)
    client = front.by_session("ann")
    front.room.set_password("ann", "quite another sentence")
    assert client.get("/api/v1/session").status_code == 401


def test_a_key_opens_until_it_is_over_or_revoked(front: Front, monkeypatch: pytest.MonkeyPatch):
    client = front.by_key()
    key = front.room.keys()[0]
    told = client.get("/api/v1/session").json()
    assert (told["actor"], told["csrf"], told["is_session"], "manage" in told["may"]) == ("owner", "", False, True)
    assert front.room.keys()[0].used_at is not None
    front.room.revoke_key(key.id)
    assert client.get("/api/v1/session").status_code == 401
    _, secret = front.room.make_key("owner", days=30)
    headers = {"authorization": f"bearer {secret}"}
    assert front.anybody().get("/api/v1/session", headers=headers).status_code == 200
    now = members.now()
    monkeypatch.setattr(members, "now", lambda: now + timedelta(days=30))
    assert front.anybody().get("/api/v1/session", headers=headers).status_code == 401


def test_secrets_are_kept_nowhere(front: Front):
    link, (_, key) = front.room.link("owner"), front.room.make_key("owner")
    front.room.add_user("ann", password=PASSWORD)
    cookie = front.cookie_of(front.by_session())
    front.room._parts.catalog.close()
    kept = b"".join(file.read_bytes() for file in front.room.path.rglob("*") if file.is_file())
    for secret in (link, key, cookie, PASSWORD):
        assert secret.encode() not in kept


def test_what_the_door_does_is_in_the_ledger(front: Front):
    client = front.by_session()
    client.post("/logout")
    front.anybody().post("/login", data={"name": "ann", "password": "a wrong password"})
    front.anybody().get("/api/v1/status", headers={"authorization": "Bearer sr_wrong"})
    front.room.add_user("ann", containers=[])
    front.by_key("ann").get("/api/v1/users")
    verbs = [(verb, actor, details.get("why", "")) for verb, actor, details in front.acts()]
    assert [one for one in verbs if one[0] in ("login", "logout", "refuse")][:4] == [
        ("login", "owner", ""),
        ("logout", "owner", ""),
        ("refuse", "-", "password"),
        ("refuse", "-", "key"),
    ]
    assert ("link", "owner", "") in verbs
    assert ("add_user", "owner", "") in verbs
    assert ("make_key", "owner", "") in verbs
    assert [actor for verb, actor, why in verbs if verb == "refuse" and "may not manage" in str(why)] == ["ann"]


def test_users_have_roles_and_containers(front: Front):
    owner = front.by_key()
    for name in ("letters", "photos"):
        assert owner.post("/api/v1/containers", json={"name": name}).status_code == 201
    front.room.add_user("ann", role="reader", containers=["letters"])
    front.room.add_user("ed", role="editor", containers=["letters"])
    front.room.add_user("chief", role="owner")
    for name, reads, fills, rules in (("ann", 200, 403, 403), ("ed", 200, 201, 403), ("chief", 200, 201, 200)):
        client = front.by_key(name)
        assert client.get("/api/v1/containers/letters").status_code == reads
        assert client.put(f"/api/v1/containers/letters/blobs/{name}", content=b"x").status_code == fills
        assert client.get("/api/v1/users").status_code == rules
        may = client.get("/api/v1/session").json()["may"]
        assert ("search" in may, "upload" in may, "manage" in may) == (reads == 200, fills == 201, rules == 200)
    editor = front.by_key("ed")
    assert [one["name"] for one in editor.get("/api/v1/containers").json()] == ["letters"]
    assert editor.get("/api/v1/containers/photos").status_code == 404
    assert editor.put("/api/v1/containers/photos/blobs/a", content=b"x").status_code == 404
    assert editor.post("/api/v1/containers", json={"name": "more"}).status_code == 403


def test_what_another_container_holds_is_not_found(front: Front):
    owner = front.by_key()
    for name in ("letters", "photos"):
        owner.post("/api/v1/containers", json={"name": name})
    sha = owner.put("/api/v1/containers/photos/blobs/secret.txt", content=b"a secret").json()["sha256"]
    front.room.add_user("ann", containers=["letters"])
    reader = front.by_key("ann")
    for path in (f"contents/{sha}", f"contents/{sha}/bytes", f"contents/{sha}/text", "containers/photos/blobs/secret.txt"):
        answer = reader.get(f"/api/v1/{path}")
        assert answer.status_code == 404, path
        assert b"secret" not in answer.content.replace(b"secret.txt", b"")
    owner.put("/api/v1/containers/letters/blobs/same.txt", content=b"a secret")
    card = reader.get(f"/api/v1/contents/{sha}").json()
    assert [name["text"] for name in card["names"]] == ["letters/same.txt"]
    assert "photos" not in str(card)


def test_users_that_cannot_be_are_refused(front: Front):
    room = front.room
    room.add_user("ann")
    for name in ("", "owner", "-", "a b", "ann/bob", "x" * 65, "ä"):
        with pytest.raises(NameRefused):
            room.add_user(name)
    with pytest.raises(AlreadyExists):
        room.add_user("ann")
    with pytest.raises(UsageError, match="no role"):
        room.add_user("bob", role="admin")
    with pytest.raises(UsageError, match="sees every container"):
        room.add_user("bob", role="owner", containers=[])
    with pytest.raises(UsageError, match="10 to 1,000 characters"):
        room.add_user("bob", password="short")
    with pytest.raises(ContainerNotFound):
        room.add_user("bob", containers=["nowhere"])
    for verb in (room.remove_user, room.link, room.make_key, room.revoke_key):
        with pytest.raises(NotFound):
            verb("nobody")
    with pytest.raises(NotFound):
        room.set_password("nobody", PASSWORD)
    assert [user.name for user in room.users()] == ["ann"]


def test_a_container_that_is_deleted_is_granted_no_more(front: Front):
    front.room.create_container("letters")
    front.room.add_user("ann", containers=["letters"])
    front.room.delete_container("letters")
    with front.room._parts.catalog.read() as tx:
        assert users.granted_ids(tx, ["letters"]) == frozenset()
    assert front.by_key("ann").get("/api/v1/containers").json() == []
