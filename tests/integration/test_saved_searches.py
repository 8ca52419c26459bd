"""A search that is kept reports what comes to match it, on the page, in a feed and to a webhook, within its owner's scope."""

import hashlib
import hmac
import json
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from front_door import Front, open_front
from strongroom.cli.main import run
from strongroom.errors import AccessDenied, AlreadyExists, NotFound, QueryError, UsageError
from strongroom.room import Room
from strongroom.server import webhooks
from strongroom.server.azure.outside import Outside
from strongroom.server.webhooks import SIGNATURE, Watch

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with open_front(tmp_path / "room", ocr_model="none", entity_model="none", workers=1) as opened:
        opened.room.create_container("letters")
        opened.room.create_container("sealed")
        yield opened


def arrive(room: Room, name: str, text: str, container: str = "letters") -> str:
    """Give the SHA-256 of a text that was uploaded and read."""
    room.upload(container, name, text.encode(), content_type="text/plain")
    room.analyze()
    return room.blob(container, name).sha256 or ""


def acting(front: Front, name: str) -> Room:
    return front.app.state.site.as_actor(type(front.room.actor)(name=name))


def test_what_arrives_later_is_reported_once_and_what_merely_lies_near_is_not(front: Front):
    room = front.room
    arrive(room, "before.txt", "The quay was flooded long before anybody kept this search.")
    kept = room.save_search("flood", "quay flooded")
    assert room.look_out() == 0
    hit = arrive(room, "later.txt", "In March the quay flooded again, and the warehouse with it.")
    arrive(room, "half.txt", "The quay is painted each spring.")
    arrive(room, "bread.txt", "A recipe for bread: mix the flour with water and salt.")
    assert room.look_out() == 1
    assert room.look_out() == 0
    assert [match.content for match in room.news(kept.id).matches] == [hit]
    assert room.unseen() == 1
    assert room.news(kept.id, see=True).matches[0].is_unseen
    assert room.unseen() == 0
    assert ("alert", "owner", {"search": kept.id, "query": "quay flooded", "hits": [hit]}) in front.acts()


def test_filters_and_phrases_of_a_watching_search_hold(front: Front):
    room = front.room
    filters, phrase = room.save_search("all", "container:letters type:text"), room.save_search("phrase", '"harbour office"')
    one = arrive(room, "one.txt", "The harbour office writes.")
    two = arrive(room, "two.txt", "The office at the harbour writes.")
    arrive(room, "three.txt", "The library of the town is closed.", "sealed")
    room.look_out()
    assert {match.content for match in room.news(filters.id).matches} == {one, two}
    assert [match.content for match in room.news(phrase.id).matches] == [one]


def test_one_broken_search_does_not_stop_the_others(front: Front):
    room = front.room
    broken = room.save_search("broken", "container:nowhere harbour")
    works = room.save_search("works", "harbour")
    arrive(room, "one.txt", "The harbour is open.")
    assert room.look_out() == 1
    assert (len(room.news(broken.id).matches), len(room.news(works.id).matches)) == (0, 1)


def test_everybody_keeps_their_own_and_is_told_only_of_what_they_may_see(front: Front):
    front.room.add_user("ann", containers=["letters"])
    ann = acting(front, "ann")
    kept = ann.save_search("harbour", "harbour")
    arrive(front.room, "secret.txt", "The harbour secret.", "sealed")
    shown = arrive(front.room, "shown.txt", "The harbour letter.")
    front.room.look_out()
    assert [match.content for match in ann.news(kept.id).matches] == [shown]
    assert front.room.saved_searches() == []
    for act in (front.room.news, front.room.delete_search, lambda one: front.room.watch_search(one, watch=False)):
        with pytest.raises(NotFound):
            act(kept.id)
    with pytest.raises(AccessDenied):
        ann.look_out()
    front.room.vault.delete(front.room.vault.container("letters", front.room.scope("delete")), "shown.txt")
    assert ann.news(kept.id).matches == ()
    front.room.remove_user("ann")
    assert front.room.search_by_number(kept.id) is None


def test_a_search_that_stops_watching_reports_nothing_of_that_time(front: Front):
    kept = front.room.save_search("harbour", "harbour")
    assert not front.room.watch_search(kept.id, watch=False).is_watching
    arrive(front.room, "one.txt", "The harbour is open.")
    assert front.room.look_out() == 0


@pytest.mark.parametrize(
    ("name", "query", "error"),
    [("", "x", UsageError), ("n" * 101, "x", UsageError), ("n", " ", UsageError), ("n", "x" * 4001, UsageError),
     ("n", "type:nonsense", QueryError), ("n\x00", "x", UsageError)],
)  # fmt: skip
def test_a_search_that_cannot_be_kept_is_refused(front: Front, name: str, query: str, error: type[Exception]):
    with pytest.raises(error):
        front.room.save_search(name, query)
    front.room.save_search("twice", "x")
    with pytest.raises(AlreadyExists):
        front.room.save_search("twice", "y")


def test_the_page_keeps_shows_and_deletes(front: Front):
    client = front.by_session()
    csrf = {"csrf": client.headers["x-csrf-token"]}
    assert client.post("/searches", data=csrf | {"query": "harbour <b>", "name": "", "watch": "yes"}).status_code == 303
    [kept] = front.room.saved_searches()
    sha = arrive(front.room, "one.txt", "The harbour b is open.")
    front.room.look_out()
    assert "1 new" in client.get("/").text
    assert "harbour &lt;b&gt;" in client.get("/searches").text
    page = client.get(f"/searches/{kept.id}").text
    assert f"/view/{sha}" in page
    assert "1 new" not in client.get("/").text
    assert client.post("/searches", data=csrf | {"query": "type:nonsense", "name": "n"}).status_code == 400
    assert client.post(f"/searches/{kept.id}/watch", data=csrf).status_code == 303
    assert client.post(f"/searches/{kept.id}/delete", data=csrf).status_code == 303
    assert client.get(f"/searches/{kept.id}").status_code == 404


def test_a_feed_opens_by_its_secret_alone_and_shows_what_its_owner_may_see_now(front: Front):
    front.room.add_user("ann", containers=["letters"])
    kept = acting(front, "ann").save_search("a & b", "harbour")
    sha = arrive(front.room, "<odd>&\u202ename.txt", "The harbour is open.")
    front.room.look_out()
    reader = front.anybody()
    answer = reader.get(f"/feeds/{kept.id}/{kept.feed_secret}")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.text)
    assert feed.findtext(f"{ATOM}title") == "a & b"
    assert [str(entry.findtext(f"{ATOM}id")) for entry in feed.iter(f"{ATOM}entry")] == [f"urn:strongroom:{kept.id}:{sha}"]
    for path in (f"/feeds/{kept.id}/{kept.feed_secret[:-1]}", f"/feeds/{kept.id}/x", f"/feeds/999/{kept.feed_secret}"):
        assert reader.get(path).status_code == 403
    front.room.remove_user("ann")
    assert reader.get(f"/feeds/{kept.id}/{kept.feed_secret}").status_code == 403


def test_the_api_keeps_tells_and_deletes(front: Front):
    client = front.by_key()
    kept = client.post("/api/v1/searches", json={"name": "n", "query": "harbour"}).json()
    assert client.post("/api/v1/searches", json={"name": "n", "query": "harbour"}).status_code == 409
    assert [one["id"] for one in client.get("/api/v1/searches").json()] == [kept["id"]]
    arrive(front.room, "one.txt", "The harbour is open.")
    front.room.look_out()
    assert len(client.get(f"/api/v1/searches/{kept['id']}", params={"see": True}).json()["matches"]) == 1
    assert client.put(f"/api/v1/searches/{kept['id']}", json={"watch": False}).json()["is_watching"] is False
    assert client.delete(f"/api/v1/searches/{kept['id']}").status_code == 204
    assert client.get(f"/api/v1/searches/{kept['id']}").status_code == 404


def test_results_are_handed_over_by_page_and_api_and_the_file_is_gone_then(front: Front, tmp_path: Path):
    arrive(front.room, "one.txt", "The harbour is open.")
    client = front.by_session()
    csrf = {"csrf": client.headers["x-csrf-token"]}
    assert client.get("/export", params={"q": "harbour", "form": "csv"}).text.count("one.txt") == 1
    assert client.get("/export", params={"q": "harbour", "form": "zip"}).content[:2] == b"PK"
    assert client.get("/export", params={"q": "", "form": "csv"}).status_code == 400
    assert client.get("/exports").status_code == 200
    table = client.post("/exports", data=csrf | {"queries": "harbour\nnowhere", "form": "csv", "exact": "yes"})
    assert table.headers["content-disposition"] == 'attachment; filename="hits.csv"'
    assert client.post("/exports", data=csrf | {"queries": " ", "form": "csv"}).status_code == 400
    assert client.get("/api/v1/exports", params={"q": "harbour", "form": "json"}).json()["about"]["hits"] == 1
    many = client.post("/api/v1/batches", json={"queries": ["harbour"], "form": "json"}).json()
    assert [line["total"] for line in many] == [1]
    assert "Save or export" in client.get("/", params={"q": "harbour"}).text


@dataclass
class Hook:
    """A webhook that answers as it is told."""

    status: int = 200
    leads: str = ""
    drops: float = 0.0
    got: list[tuple[str, bytes]] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def hook() -> Iterator[Hook]:
    state = Hook()

    class Answers(BaseHTTPRequestHandler):
        hook: ClassVar[Hook] = state

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.hook.got.append((self.headers[SIGNATURE], body))
            self.send_response(self.hook.status)
            if self.hook.leads:
                self.send_header("location", self.hook.leads)
            self.flush_headers()
            end = time.monotonic() + self.hook.drops
            with suppress(OSError):  # whoever asked hung up
                while time.monotonic() < end:
                    self.wfile.write(b"x: y\r\n")
                    time.sleep(0.02)
                self.send_header("content-length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_is_told_signed_and_again_until_it_takes_it(front: Front, hook: Hook):
    room, hook.status, clock = front.room, 500, [0.0]
    kept = room.save_search("harbour", "harbour", webhook=f"http://127.0.0.1:{hook.port}/hook?x=1")
    watch = Watch(room, "https://room.example", outside=Outside("127.0.0.1/32"), clock=lambda: clock[0])
    sha = arrive(room, "one.txt", "The harbour is open.")
    watch()
    watch()
    assert len(hook.got) == 1, "it was tried again without waiting"
    hook.status, clock[0] = 204, 20.0
    watch()
    clock[0] = 10_000.0
    watch()
    assert len(hook.got) == 2
    signed, body = hook.got[-1]
    at, given = (part.partition("=")[2] for part in signed.split(","))
    expected = hmac.new(kept.signing_secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(given, expected)
    told = json.loads(body)
    assert told["search"]["name"] == "harbour"
    assert [(one["sha256"], one["url"]) for one in told["matches"]] == [(sha, f"https://room.example/view/{sha}")]


def test_a_webhook_that_answers_in_drops_is_cut_off_and_told_again(
    front: Front, hook: Hook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(webhooks, "SECONDS", 0.3)
    hook.drops = 60.0
    front.room.save_search("harbour", "harbour", webhook=f"http://127.0.0.1:{hook.port}/")
    arrive(front.room, "one.txt", "The harbour is open.")
    clock = [0.0]
    watch = Watch(front.room, "", outside=Outside("127.0.0.1/32"), clock=lambda: clock[0])
    watch()
    assert "does not answer" in caplog.text
    hook.drops, clock[0] = 0.0, 20.0
    watch()
    assert len(hook.got) == 2
    assert front.room.searches_to_tell() == []


def test_a_webhook_that_leads_elsewhere_is_not_followed(front: Front, hook: Hook):
    hook.status, hook.leads = 307, f"http://127.0.0.1:{hook.port}/inner"
    front.room.save_search("harbour", "harbour", webhook=f"http://127.0.0.1:{hook.port}/")
    arrive(front.room, "one.txt", "The harbour is open.")
    Watch(front.room, "", outside=Outside("127.0.0.1/32"))()
    assert len(hook.got) == 1
    assert front.room.searches_to_tell()


@pytest.mark.parametrize("allowed", ["", "hooks.example.org", "10.0.0.0/8"])
def test_a_webhook_that_no_setting_names_is_never_asked(front: Front, hook: Hook, allowed: str):
    front.room.save_search("harbour", "harbour", webhook=f"http://127.0.0.1:{hook.port}/")
    arrive(front.room, "one.txt", "The harbour is open.")
    Watch(front.room, "", outside=Outside(allowed))()
    assert hook.got == []


def test_the_commands_keep_list_show_and_delete(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    room = ["--room", str(tmp_path / "room")]
    assert run(["init", str(tmp_path / "room")]) == 0
    assert run(["searches", "save", "flood", "harbour flood", "--watch", *room]) == 0
    assert "/feeds/1/" in capsys.readouterr().out
    assert run(["searches", "list", *room]) == 0
    assert "harbour flood" in capsys.readouterr().out
    assert run(["searches", "news", "1", *room]) == 0
    assert "Nothing came to match it yet" in capsys.readouterr().out
    assert run(["searches", "delete", "1", *room]) == 0
    assert run(["searches", "news", "1", *room]) != 0
