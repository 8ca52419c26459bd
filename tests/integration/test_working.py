"""What the page and the HTTP API tell of the work: coverage by container, what waits, failures by reason; within the scope."""

import html
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from front_door import Front, open_front
from strongroom.domain.scope import Actor
from strongroom.errors import UsageError
from strongroom.flows import glimpses
from strongroom.room import Room

FILM = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with open_front(tmp_path_factory.mktemp("working") / "room", ocr_model="none", entity_model="none", workers=1) as opened:
        room = opened.room
        for name in ("letters", "sealed"):
            room.create_container(name)
        for n in range(5):
            room.upload("letters", f"broken-{n}.pdf", b"%PDF-1.7\n" + bytes(200 + n), content_type="application/pdf")
        room.upload("letters", "odd.bin", FILM)
        room.upload("sealed", "secret.txt", b"The secret of the harbour office. " * 20, content_type="text/plain")
        room.analyze()
        room.upload("letters", "waits.txt", b"Nobody has read this one yet.", content_type="text/plain")
        room.upload("sealed", "waits too.txt", b"Nor this.", content_type="text/plain")
        room.add_user("ann", containers=["letters"])
        yield opened


@pytest.fixture
def client(front: Front) -> TestClient:
    return front.by_key()


@pytest.fixture
def page(front: Front) -> TestClient:
    return front.by_session()


def acting(front: Front, name: str) -> Room:
    found: Room = front.app.state.site.as_actor(Actor(name=name))
    return found


def test_each_container_tells_how_much_of_it_is_read(front: Front, client: TestClient, page: TestClient):
    told = {one["container"]["name"]: one for one in client.get("/api/v1/coverage/containers").json()}
    assert told["letters"]["coverage"] == {"searched": 0, "pending": 1, "failed": 5, "skipped": 1}
    assert told["sealed"]["coverage"] == {"searched": 1, "pending": 1, "failed": 0, "skipped": 0}
    assert (told["letters"]["blobs"], told["sealed"]["blobs"]) == (7, 2)
    assert client.get("/api/v1/status").json()["containers"] == list(told.values())
    ann = front.by_key("ann")
    assert [one["container"]["name"] for one in ann.get("/api/v1/coverage/containers").json()] == ["letters"]
    shown = page.get("/containers").text
    assert "0 of 7" in shown
    assert '<a href="/work/pending">1 pending</a>' in shown


def test_what_waits_is_a_page_away_from_every_line_that_counts_it(front: Front, client: TestClient, page: TestClient):
    assert 'href="/work/pending"' in page.get("/").text
    shown = page.get("/work/pending").text
    assert ("letters/waits.txt" in shown, "sealed/waits too.txt" in shown) == (True, True)
    first = client.get("/api/v1/pending", params={"limit": 1}).json()
    rest = client.get("/api/v1/pending", params={"after": first["next"]}).json()
    assert {one["name"] for one in first["waiting"] + rest["waiting"]} == {"letters/waits.txt", "sealed/waits too.txt"}
    assert rest["next"] is None
    assert [one["name"] for one in front.by_key("ann").get("/api/v1/pending").json()["waiting"]] == ["letters/waits.txt"]
    assert client.get("/api/v1/pending", params={"after": "nonsense"}).status_code == 400
    assert client.get("/api/v1/pending", params={"after": "bytes:" + "9" * 30}).status_code == 400
    with pytest.raises(UsageError):
        front.room.pending(limit=0)


def test_failures_are_told_by_reason_and_each_reason_file_by_file(front: Front, client: TestClient, page: TestClient):
    groups = client.get("/api/v1/failures/groups").json()
    group = next(one for one in groups["groups"] if one["analyzer"] == "pdf")
    assert (group["count"], group["state"], len(group["examples"])) == (5, "failed", 3)
    alike = {"analyzer": group["analyzer"], "reason": group["reason"]}
    names, after = [], ""
    while after is not None:
        found = client.get("/api/v1/failures", params={**alike, "after": after, "limit": 2}).json()
        names += [one["name"] for one in found["failures"]]
        after = found["next"]
    assert sorted(names) == [f"letters/broken-{n}.pdf" for n in range(5)]
    assert client.get("/api/v1/failures", params={"analyzer": "nobody"}).json()["failures"] == []
    skipped = client.get("/api/v1/failures/groups", params={"skipped": True}).json()["groups"]
    assert [one["reason"] for one in skipped] == ["its bytes are of no known kind"]
    assert client.get("/api/v1/failures/groups", params={"limit": 0}).status_code == 422
    with pytest.raises(UsageError):
        front.room.failure_groups(after=-1)
    shown = page.get("/work").text
    assert html.escape(group["reason"], quote=False) in html.unescape(shown).replace("&", "&amp;")
    assert "all 5" in shown
    listed = page.get("/work/failures", params=alike).text
    assert all(name in listed for name in names)
    assert "odd.bin" not in listed
    assert page.get("/work", params={"failed": "100", "skipped": "x"}).status_code == 200


def test_one_look_at_the_work_reads_no_more_failures_however_many_there_are(
    front: Front, page: TestClient, monkeypatch: pytest.MonkeyPatch
):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the list of failures was read")

    monkeypatch.setattr(Room, "failures", never)
    monkeypatch.setattr(Room, "status", never)
    assert page.get("/work").status_code == 200
    assert page.get("/containers").status_code == 200


def test_what_failed_for_a_reason_is_read_again_together(front: Front, client: TestClient, page: TestClient):
    before = front.room.coverage()
    group = next(one for one in front.room.failure_groups().groups if one.analyzer == "pdf")
    alike = {"analyzer": group.analyzer, "reason": group.reason}
    assert client.post("/api/v1/failures/retry", json={"analyzer": "nobody"}).json() == {"contents": 0}
    assert client.post("/api/v1/failures/retry", json={"names": ["letters/odd.bin"], "reason": "x"}).status_code == 400
    assert client.post("/api/v1/failures/retry", json=alike).json() == {"contents": 5}
    assert front.room.coverage().pending == before.pending + 5
    front.room.analyze(containers=["letters"])
    assert page.post("/work/retry", data={"csrf": page.headers["x-csrf-token"], **alike}).status_code == 303
    assert front.room.coverage().pending == 6
    assert ("retry", "owner", {"names": None, **alike, "contents": 5}) in front.acts()


def test_a_scope_is_told_nothing_of_the_rest(front: Front):
    ann, whole = acting(front, "ann").status(), front.room.status()
    assert ann.segments < whole.segments
    assert ann.rate <= whole.rate
    work = front.app.state.site.work
    work._problem = "sealed/secret.txt: it is damaged"
    assert "sealed" not in work.state(acting(front, "ann")).problem
    assert "sealed" in work.state(front.room).problem
    work._problem = ""


def test_parts_of_one_film_are_one_act_within_a_minute(front: Front, client: TestClient, monkeypatch: pytest.MonkeyPatch):
    now = [1000.0]
    monkeypatch.setattr(glimpses, "time", SimpleNamespace(monotonic=lambda: now[0]))
    sha = front.room.blob("letters", "odd.bin").sha256 or ""
    url, ann = f"/api/v1/contents/{sha}/bytes", front.by_key("ann")

    def gets() -> list[str]:
        return [actor for verb, actor, details in front.acts() if verb == "get" and details["content"] == sha]

    for start in range(0, 5000, 500):
        assert client.get(url, headers={"range": f"bytes={start}-{start + 499}"}).content == FILM[start : start + 500]
        now[0] += 5
    assert gets() == ["owner"]
    assert client.get("/api/v1/containers/letters/blobs/odd.bin", headers={"range": "bytes=0-1"}).status_code == 206
    assert gets() == ["owner"], "it is the same content by another name"
    ann.get(url, headers={"range": "bytes=0-1"})
    assert gets() == ["owner", "ann"]
    now[0] += glimpses.READING
    client.get(url, headers={"range": "bytes=0-1"})
    assert gets() == ["owner", "ann", "owner"]
    client.get(url)
    client.get(url)
    assert gets() == ["owner", "ann", "owner", "owner", "owner"], "the whole is an act each time"


def test_what_could_not_be_recorded_is_recorded_with_the_next_part(front: Front, monkeypatch: pytest.MonkeyPatch):
    memory, scope, done = glimpses.Glimpses(), front.room.scope("open"), list[str]()

    def broken() -> None:
        raise OSError

    with pytest.raises(OSError, match=r"^$"):
        memory.record(scope, "film", broken)
    monkeypatch.setattr(glimpses, "MOST", 1)
    for what in ("film", "film", "other", "film"):
        memory.record(scope, what, lambda what=what: done.append(what))
    assert done == ["film", "other", "film"]


def test_a_user_is_changed_by_page_and_api_and_the_ledger_says_so(front: Front, client: TestClient, page: TestClient):
    csrf = {"csrf": page.headers["x-csrf-token"]}
    front.room.add_user("bob", role="editor")
    bob = front.by_key("bob")
    assert len(bob.get("/api/v1/containers").json()) == 2
    changed = client.patch("/api/v1/users/bob", json={"role": "reader", "containers": ["letters"]})
    assert (changed.status_code, changed.json()["role"], changed.json()["containers"]) == (200, "reader", ["letters"])
    assert [one["name"] for one in bob.get("/api/v1/containers").json()] == ["letters"], "it holds at once"
    assert client.patch("/api/v1/users/bob", json={"role": "editor"}).json()["containers"] == ["letters"]
    assert client.patch("/api/v1/users/bob", json={"containers": None}).json()["containers"] is None
    assert client.patch("/api/v1/users/bob", json={"containers": []}).json()["containers"] == []
    assert client.patch("/api/v1/users/bob", json={"containers": ["nowhere"]}).status_code == 404
    assert client.patch("/api/v1/users/nobody", json={}).status_code == 404
    assert client.patch("/api/v1/users/bob", json={"role": "king"}).status_code == 422
    assert bob.patch("/api/v1/users/bob", json={"role": "owner"}).status_code == 403
    assert ("change_user", "owner", {"user": "bob", "role": "editor", "containers": []}) in front.acts()
    sees = csrf | {"role": "owner"}
    assert page.post("/settings/users/bob/change", data=sees).status_code == 303
    assert client.patch("/api/v1/users/bob", json={"role": "reader"}).status_code == 409
    refused = page.post("/settings/users/bob/change", data=csrf | {"role": "reader"})
    assert (refused.status_code, "bob is the last owner" in refused.text) == (409, True)
    assert "Change bob" in page.get("/settings").text
    front.room.add_user("chief", role="owner")
    for data, expected in (
        ({"role": "reader"}, ()),
        ({"role": "editor", "containers": ["letters", "sealed"]}, ("letters", "sealed")),
        ({"role": "reader", "everything": "yes", "containers": ["letters"]}, None),
    ):
        assert page.post("/settings/users/bob/change", data=csrf | data).status_code == 303
        assert next(one.containers for one in front.room.users() if one.name == "bob") == expected
    for name in ("bob", "chief"):
        front.room.remove_user(name)
