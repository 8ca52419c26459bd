"""``strongroom keys`` and ``strongroom sas``: secrets are shown only when asked for, and what is signed opens the door."""

import json
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import strongroom
from strongroom.cli.main import run
from strongroom.server.azure.auth.authenticate import Gate
from strongroom.server.azure.route import route
from strongroom.testing.azure import request_from

Say = Callable[..., str]


@pytest.fixture
def room(tmp_path: Path) -> Path:
    path = tmp_path / "room"
    with strongroom.init(path) as made:
        made.vault.create_container("letters")
    return path


@pytest.fixture
def say(room: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command that works, and gives what it prints."""

    def ran(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        assert run([*words, "--room", str(room)]) == code
        found = capsys.readouterr()
        return found.err if code else found.out

    return ran


def test_keys_are_shown_only_when_that_is_asked_for(say: Say):
    shown = json.loads(say("keys", "list", "--show", "--json"))
    assert [one["name"] for one in shown] == ["strongroom"]
    keys = [key["key"] for key in shown[0]["keys"]]
    assert {len(b64decode(key)) for key in keys} == {64}
    assert f"AccountKey={keys[0]};BlobEndpoint=http://127.0.0.1:10000/strongroom;" in shown[0]["connection_string"]
    for words in (("keys", "list"), ("keys", "list", "--json"), ("settings",)):
        assert not any(key in say(*words) for key in keys)
    assert all(key in say("keys", "list", "--show") for key in keys)


def test_accounts_are_made_rotated_and_revoked(say: Say):
    def keys(account: str) -> list[str]:
        found = {one["name"]: one for one in json.loads(say("keys", "list", "--show", "--json"))}
        return [key["key"] for key in found[account]["keys"]] if account in found else []

    say("keys", "make", "archive")
    before = keys("archive")
    say("keys", "rotate", "archive", "2")
    after = keys("archive")
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)
    assert "already" in say("keys", "make", "archive", code=4)
    for name in ("x", "Archive", "devstoreaccount1", "a-b"):
        assert "cannot name an account" in (told := say("keys", "make", name, code=2)) or "emulators" in told
    say("keys", "revoke", "archive")
    assert not keys("archive")
    assert "no account" in say("keys", "revoke", "archive", code=3)
    assert "no account" in say("keys", "rotate", "archive", "1", code=3)


def open_with(room: Path, url: str, method: str = "GET") -> str:
    parts = urlsplit(url)
    account, _, path = parts.path.lstrip("/").partition("/")
    request = request_from(method, f"/{path}?{parts.query}", account=account)
    with strongroom.open(room) as opened:
        operation = route(request.method, request.address, request.query, request.headers)
        return Gate(opened.vault).identify(request, operation).permissions or ""


def test_what_is_signed_opens_the_door(say: Say, room: Path):
    url = say("sas", "letters/a b/ä.txt", "--permissions", "wr", "--expires", "2h").strip()
    assert url.startswith("http://127.0.0.1:10000/strongroom/letters/a%20b/%C3%A4.txt?")
    assert open_with(room, url) == "rw"
    with_second = say("sas", "letters/x", "--key", "2", "--url", "https://files.example/").strip()
    assert with_second.startswith("https://files.example/strongroom/letters/x?")
    assert open_with(room, with_second) == "r"
    whole = say("sas", "letters", "-p", "rl", "--https-only", "--ip", "10.0.0.1").strip()
    given = {name: values[0] for name, values in parse_qs(urlsplit(whole).query).items()}
    assert (given["sr"], given["sp"], given["spr"], given["sip"]) == ("c", "rl", "https", "10.0.0.1")
    policy = say("sas", "letters", "--policy", "readers").strip()
    assert {"sp", "se"}.isdisjoint(parse_qs(urlsplit(policy).query))


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("nowhere",), 3, "no container"),
        (("letters", "--expires", "soon"), 2, "span such as"),
        (("letters", "--expires", "1y"), 2, "span such as"),
        (("letters", "--expires", "2001-01-01"), 2, "in the past"),
        (("letters", "--permissions", "rz"), 2, "letters"),
        (("letters", "--permissions", ""), 2, "letters"),
        (("letters", "--account", "nobody"), 3, "no account"),
    ],
)
def test_what_cannot_be_signed_is_told(say: Say, words: tuple[str, ...], code: int, told: str):
    assert told in say("sas", *words, code=code)
