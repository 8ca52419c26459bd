"""The page and the HTTP API against those who mean ill: nothing without a proof, nothing beyond it, nothing from elsewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from front_door import Front, open_front
from strongroom.server.door.buckets import Buckets
from strongroom.server.door.login import safe_next
from strongroom.server.door.refusal import TooMany
from strongroom.server.door.shield import BODY_BYTES, HEADERS

SECRET = b"the secret of the harbour office"
OPEN = {"/login"}
"""Paths that are answered to anybody; what lies under /static too."""


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with open_front(tmp_path / "room") as opened:
        opened.room.create_container("letters")
        opened.room.upload("letters", "note.txt", SECRET)
        opened.room.upload("letters", "sealed.bin", b"nobody asks for it by name")
        yield opened


def filled(path: str, sha: str) -> str:
    """Give a path with something that there is in each place."""
    values = {"sha": sha, "container": "letters", "name": "note.txt", "number": "1", "form": "json", "role": "pdf"}
    return re.sub(r"\{(\w+)(?::path)?\}", lambda match: values.get(match[1], "1"), path)


def routes(front: Front) -> list[tuple[str, str]]:
    """Give method and path of everything that is answered."""
    found: list[tuple[str, str]] = []
    for route in iter_route_contexts(front.app.routes):
        if route.methods is None:
            assert route.path in ("/static", "/mcp", "/dav"), f"{route.path} is mounted, and has no test here"
        else:
            found += [(method, str(route.path)) for method in sorted(route.methods)]
    return found


def test_no_route_gives_anything_to_whom_nobody_knows(front: Front):
    sha = front.room.blob("letters", "note.txt").sha256 or ""
    client, found = front.anybody(), routes(front)
    assert len(found) > 60
    for method, path in found:
        if path in OPEN:
            continue
        answer = client.request(method, filled(path, sha))
        where = (method, path, answer.status_code)
        if path.startswith("/api/"):
            assert answer.status_code in (401, 422), where
        else:
            assert answer.status_code in (303, 401, 403, 405, 422), where
            assert answer.status_code != 303 or answer.headers["location"].startswith("/login"), where
        assert SECRET not in answer.content, where
        assert "letters" not in answer.text.replace("containers/letters", ""), where


def test_no_route_gives_anything_to_whom_nothing_is_granted(front: Front, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("strongroom.server.api.work.LONGEST", 0.0)
    sha = front.room.blob("letters", "note.txt").sha256 or ""
    front.room.add_user("nobody", containers=[])
    for client in (front.by_key("nobody"), front.by_session("nobody")):
        for method, path in routes(front):
            if path in ("/login", "/logout", "/api/v1/session"):
                continue
            answer = client.request(method, filled(path, sha), params={"q": "harbour", "confirm": "letters", "block": "AAAA"})
            where = (method, path, answer.status_code, answer.text[:200])
            assert answer.status_code < 500, where
            assert SECRET not in answer.content, where
            assert b"sealed.bin" not in answer.content, where
            if "{sha}" in path or "{container}" in path:
                assert answer.status_code in (400, 403, 404, 422), where
    assert front.room.blob("letters", "note.txt").size == len(SECRET)
    assert [user.name for user in front.room.users()] == ["nobody"]


def test_every_answer_carries_the_headers_that_protect_it(front: Front):
    owner = front.by_session()
    asked = [
        front.anybody().get("/login"),
        front.anybody().get("/"),
        front.anybody().get("/nowhere"),
        front.anybody().get("/static/nowhere.css"),
        front.anybody().get("/", headers={"host": "evil.example"}),
        front.anybody().post("/api/v1/containers", content=b"x" * (BODY_BYTES + 1)),
        owner.get("/api/v1/search?q=harbour"),
        owner.get("/api/v1/search?q=harbour&limit=0"),
        owner.get("/api/v1/containers/letters/blobs/note.txt"),
        owner.get("/"),
    ]
    for answer in asked:
        for name in HEADERS:
            assert name in answer.headers, (answer.request.url, name)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert (
            "unsafe-inline" not in answer.headers["content-security-policy"]
            or "sandbox" in answer.headers["content-security-policy"]
        )


def test_what_breaks_inside_is_told_without_its_reason(front: Front, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("/secret/path of the server")

    monkeypatch.setattr(type(front.room), "coverage", broken)
    answer = front.by_key().get("/api/v1/coverage")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] in answer.json()["instance"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8400", "127.0.0.1.evil.example", "localhost.evil.example", ""])
def test_a_name_that_was_made_to_lead_here_is_not_answered(front: Front, host: str):
    client = front.by_session()
    for path in ("/", "/login", "/api/v1/coverage"):
        assert client.get(path, headers={"host": host}).status_code == 421, path


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8400", "127.0.0.1:1", "[::1]:8400", "[::1]"])
def test_this_machines_names_are_answered(front: Front, host: str):
    assert front.by_key().get("/api/v1/coverage", headers={"host": host}).status_code == 200


def test_another_site_cannot_change_anything(front: Front):
    client = front.by_session()
    token = client.headers.pop("x-csrf-token")
    other = front.by_session().headers["x-csrf-token"]
    put = "/api/v1/containers/letters/blobs/note.txt"
    for given in (
        {},
        {"x-csrf-token": ""},
        {"x-csrf-token": other},
        {"x-csrf-token": token[:-1]},
        {"x-csrf-token": "ä".encode()},
    ):
        assert client.put(put, content=b"x", headers=given).status_code == 403
        assert client.delete(put, headers=given).status_code == 403
        assert client.post("/logout", headers=given).status_code == 403
    assert client.post("/logout", data={"csrf": other}).status_code == 403
    assert front.room.blob("letters", "note.txt").size == len(SECRET)
    assert client.post("/logout", data={"csrf": token}).status_code == 303


def test_another_site_cannot_sign_the_reader_in(front: Front):
    front.room.add_user("ann", password="a sentence of my own")
    form = {"name": "ann", "password": "a sentence of my own"}
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        answer = front.anybody().post("/login", data=form, headers=headers)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    own = {"origin": "http://localhost:8400", "sec-fetch-site": "same-origin"}
    assert front.anybody().post("/login", data=form, headers=own).status_code == 303


def test_a_session_that_somebody_planted_is_not_taken_over(front: Front):
    client = front.anybody()
    client.cookies.set(front.cookie, "planted")
    client.get("/login", params={"token": front.room.link("owner")})
    assert client.get("/api/v1/session").status_code == 200
    planted = front.anybody().get("/api/v1/session", headers={"cookie": f"{front.cookie}=planted"})
    assert planted.status_code == 401
    earlier = front.by_session()
    old = front.cookie_of(earlier)
    earlier.get("/login", params={"token": front.room.link("owner")})
    assert front.anybody().get("/api/v1/session", headers={"cookie": f"{front.cookie}={old}"}).status_code == 401


def test_two_rooms_of_one_host_keep_their_sessions_apart(front: Front, tmp_path: Path):
    with open_front(tmp_path / "other") as other:
        assert other.cookie != front.cookie


def test_the_cookie_is_out_of_reach(front: Front):
    cookie = front.anybody().get("/login", params={"token": front.room.link("owner")}).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    "given",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "javascript:alert(1)",
     "evil", "", " /x", "/x\r\nset-cookie: a=b", "/ä", "///evil.example", "/%0d%0a//x\\"],
)  # fmt: skip
def test_a_login_leads_nowhere_else(front: Front, given: str):
    assert safe_next(given) == "/"
    answer = front.anybody().get("/login", params={"token": front.room.link("owner"), "next": given})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("given", ["/", "/view/abc?q=a%20b&n=2#x", "/containers/letters?prefix=a/b"])
def test_a_login_leads_back_to_a_page_of_this_site(given: str):
    assert safe_next(given) == given


def test_wrong_passwords_are_counted_by_name_and_by_address(front: Front):
    front.room.add_user("ann", password="a sentence of my own")
    for name, burst in (("wrong_names", 10), ("wrong_addresses", 20)):
        object.__setattr__(front.app.state.site, name, Buckets(burst=burst, rate=1e-6))
    right, client = {"name": "ann", "password": "a sentence of my own"}, front.anybody()
    for _ in range(10):
        assert client.post("/login", data={"name": "ann", "password": "wrong"}).status_code == 401
    assert client.post("/login", data=right).status_code == 429
    for n in range(9):
        assert client.post("/login", data={"name": f"user{n}", "password": "wrong"}).status_code == 401
    assert client.post("/login", data={"name": "zoe", "password": "wrong"}).status_code == 429
    assert client.get("/login", params={"token": "guess"}).status_code == 429
    answer = client.get("/api/v1/coverage", headers={"authorization": "Bearer sr_guess"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


def test_too_many_requests_are_told_when_to_come_again(front: Front):
    site = front.app.state.site
    object.__setattr__(site, "actors", Buckets(burst=3, rate=0.001))
    client, other = front.by_key(), front.by_key("owner")
    assert [client.get("/api/v1/coverage").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert other.get("/api/v1/coverage").status_code == 429
    object.__setattr__(site, "actors", Buckets(burst=100, rate=1))
    object.__setattr__(site, "addresses", Buckets(burst=2, rate=0.001))
    assert [front.anybody().get("/login").status_code for _ in range(3)] == [200, 200, 429]


def test_buckets_forget_the_longest_unseen_and_never_hold_more_than_they_can(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("strongroom.server.door.buckets.MOST_KEYS", 2)
    buckets = Buckets(burst=1, rate=1e-9)
    for key in ("a", "b", "c"):
        buckets.take(key)
    with pytest.raises(TooMany):
        buckets.need("c")
    buckets.need("a")
    buckets.spend("b")
    with pytest.raises(TooMany):
        buckets.take("b")


def test_a_body_is_bounded_whatever_it_says_of_its_length(front: Front):
    client = front.by_key()
    pieces = (b" " * (1 << 20) for _ in range(BODY_BYTES // (1 << 20) + 2))
    assert client.post("/api/v1/containers", content=b" " * (BODY_BYTES + 1)).status_code == 413
    assert client.post("/api/v1/containers", content=pieces).status_code == 413
    assert client.post("/api/v1/containers", content=b'{"name":' * 10_000).status_code == 422


def test_a_large_body_is_taken_only_of_whom_one_knows(front: Front):
    form = {"content-type": "multipart/form-data; boundary=x"}
    for method, path in (("PUT", "/api/v1/containers/letters/blobs/x"), ("POST", "/like"), ("POST", "/containers/letters")):
        answer = front.anybody().request(method, path, content=b" " * (BODY_BYTES + 1), headers=form)
        assert answer.status_code in (303, 401), path
    answer = front.by_key().post("/like", content=b" " * (65 << 20))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "media_type",
    ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript", "text/css", "TEXT/HTML; x=y",
     "application/x-shockwave-flash", "text/html\r\nset-cookie: a=b", "nonsense"],
)  # fmt: skip
def test_no_original_runs_in_a_browser(front: Front, media_type: str, monkeypatch: pytest.MonkeyPatch):
    opened = type(front.room).open

    def renamed(*arguments: object, **more: object) -> object:
        content = opened(*arguments, **more)
        content.media_type = media_type
        return content

    monkeypatch.setattr(type(front.room), "open", renamed)
    answer = front.by_session().get("/api/v1/containers/letters/blobs/note.txt?inline=true")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"].endswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "a=b" not in answer.headers.get("set-cookie", "")


HOSTILE = ['"; x="', "a\r\nset-cookie: a=b", "../../etc/passwd", "..\\..\\boot.ini", "名前.txt", "a;b=c.exe", "\u202etxt.exe"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_neither_leaves_its_place_nor_breaks_a_header(front: Front, name: str):
    from urllib.parse import quote

    client = front.by_key()
    url = f"/api/v1/containers/letters/blobs/{quote(name, safe='')}"
    made = client.put(url, content=b"x")
    if "\r" in name:
        assert made.status_code in (400, 404)
        return
    assert (made.status_code, made.json()["name"]) == (201, name)
    given = client.get(url)
    disposition = given.headers["content-disposition"]
    assert given.content == b"x"
    assert re.fullmatch(r"attachment; filename=\"[A-Za-z0-9 ._()-]+\"; filename\*=UTF-8''[A-Za-z0-9%._~-]+", disposition)
    assert "set-cookie" not in given.headers


def test_no_two_actors_see_each_others_sessions(front: Front):
    front.room.add_user("ann")
    front.room.add_user("bob")
    ann, bob = front.by_session("ann"), front.by_session("bob")
    assert (ann.get("/api/v1/session").json()["actor"], bob.get("/api/v1/session").json()["actor"]) == ("ann", "bob")
    assert bob.post("/logout", headers={"x-csrf-token": ann.headers["x-csrf-token"]}).status_code == 403


def test_a_key_that_is_wrong_is_not_helped_by_a_session_that_is_right(front: Front):
    client = front.by_session()
    for proof in ("Bearer sr_wrong", "Bearer", "Basic b3duZXI6", "Bearer " + front.cookie_of(client)):
        assert client.get("/api/v1/coverage", headers={"authorization": proof}).status_code == 401
