"""The language model is asked over HTTP, in bounded time and memory, and its key is never told."""

import json

import pytest

from chat_endpoint import breaking_off, dawdling, endpoint, raw, saying
from strongroom.domain.settings import Settings, load_settings
from strongroom.errors import ModelError, SettingError, Unreachable
from strongroom.models import chat
from strongroom.models.chat import EndpointChat, load_chat
from strongroom.ports.chat import Message

ASK = [Message(role="system", text="Be short."), Message(role="user", text="When?")]
SECRET = "sk-very-secret"


def model(url: str, *, seconds: float = 20, key: str = "") -> EndpointChat:
    return EndpointChat(url, "tiny", seconds=seconds, key=key)


def test_pieces_come_as_the_endpoint_sends_them():
    with endpoint(saying("In ", "", "1934.")) as served:
        assert list(model(served.url).write(ASK, tokens=50)) == ["In ", "1934."]
    asked = served.asked[0]
    assert served.paths == ["/v1/chat/completions"]
    assert asked["model"] == "tiny"
    assert asked["stream"] is True
    assert asked["max_tokens"] == 50
    assert asked["messages"] == [{"role": "system", "content": "Be short."}, {"role": "user", "content": "When?"}]
    assert "tools" not in asked


def test_an_endpoint_that_does_not_stream_is_understood():
    whole = json.dumps({"choices": [{"message": {"content": "In 1934."}}]}).encode()
    with endpoint(raw(whole, kind="application/json")) as served:
        assert "".join(model(served.url).write(ASK, tokens=50)) == "In 1934."


def test_a_picture_goes_with_its_message():
    with endpoint(saying("A boat.")) as served:
        list(model(served.url).write([Message(role="user", text="What is it?", picture=b"\xff\xd8")], tokens=5))
    parts = served.asked[0]["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url"]
    assert parts[1]["image_url"]["url"] == "data:image/jpeg;base64,/9g="


def test_a_message_is_cut_where_it_is_too_long():
    with endpoint(saying(*["word " * 100] * 50)) as served:
        assert len("".join(model(served.url).write(ASK, tokens=20))) == 20 * chat.LETTERS


def test_one_that_breaks_off_gives_what_came_and_says_so():
    with endpoint(breaking_off("In ", "1934")) as served:
        pieces = model(served.url).write(ASK, tokens=50)
        assert [next(pieces), next(pieces)] == ["In ", "1934"]
        with pytest.raises(Unreachable, match="broke off"):
            next(pieces)


@pytest.mark.parametrize("pause", [0.4, 5.0])
def test_one_that_is_too_slow_is_given_up(pause: float):
    with endpoint(dawdling("word ", pause, 8)) as served, pytest.raises(Unreachable, match="took more than 1 s"):
        list(model(served.url, seconds=1).write(ASK, tokens=50))


@pytest.mark.parametrize(
    "data",
    [
        b"data: {not json\n\n",
        b"data: [1, 2]\n\n",
        b"<html>hello</html>\n",
        b"",
        b'data: {"error": {"message": "no such model"}}\n\n',
    ],
)
def test_garbage_is_one_clear_error(data: bytes):
    with endpoint(raw(data)) as served, pytest.raises(ModelError, match="the language model at 127"):
        list(model(served.url).write(ASK, tokens=50))


def test_strange_shapes_give_no_text():
    events = [
        {},
        {"choices": []},
        {"choices": [None]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"content": 5}}]},
    ]
    events.append({"choices": [{"delta": {"tool_calls": [{"function": {"name": "delete"}}]}}]})
    data = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    with endpoint(raw(data.encode())) as served:
        assert list(model(served.url).write(ASK, tokens=50)) == []


def test_a_line_without_end_is_not_gathered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chat, "LINE", 1000)
    with endpoint(raw(b"data: " + b"x" * 100_000)) as served, pytest.raises(ModelError, match="lines without end"):
        list(model(served.url).write(ASK, tokens=50))


def test_more_bytes_than_any_message_has_are_not_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chat, "SENT", 10_000)
    with endpoint(saying(*[""] * 1000)) as served, pytest.raises(ModelError, match="more than 10,000 bytes"):
        list(model(served.url).write(ASK, tokens=50))


def test_it_goes_nowhere_else_when_it_is_sent_there():
    with endpoint(saying("stolen")) as elsewhere:
        with endpoint(raw(b"", status=302, location=elsewhere.url)) as served, pytest.raises(ModelError, match="302"):
            list(model(served.url, key=SECRET).write(ASK, tokens=50))
        assert elsewhere.asked == []


def test_the_key_is_sent_and_never_told():
    with endpoint(raw(f"bad key {SECRET}".encode(), status=401)) as served:
        asked = model(served.url, key=SECRET)
        with pytest.raises(ModelError, match="STRONGROOM_CHAT_KEY") as caught:
            list(asked.write(ASK, tokens=50))
    assert served.headers[0]["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(asked)


def test_no_key_sends_none():
    with endpoint(saying("yes")) as served:
        list(model(served.url).write(ASK, tokens=50))
    assert "Authorization" not in served.headers[0]


def test_nobody_at_the_url_is_unreachable():
    with pytest.raises(Unreachable, match="cannot be reached"):
        list(model("http://127.0.0.1:9/v1").write(ASK, tokens=50))


def test_the_key_comes_from_the_environment_alone():
    settings = Settings(chat_url="http://127.0.0.1:9/v1", chat_model="tiny")
    made = load_chat(settings, {"STRONGROOM_CHAT_KEY": SECRET})
    assert made is not None
    assert made.name == "tiny"
    assert SECRET not in repr(settings)
    assert load_chat(Settings(), {"STRONGROOM_CHAT_KEY": SECRET}) is None
    with pytest.raises(SettingError, match="no such setting: chat_key"):
        load_settings(None, {}, chat_key=SECRET)


@pytest.mark.parametrize(
    "url", ["ftp://somewhere/v1", "127.0.0.1:11434", "http://", "https://host/v1?key=1", "http://host:x/v1"]
)
def test_a_url_that_is_none_is_refused(url: str):
    with pytest.raises(SettingError, match="chat_url"):
        Settings(chat_url=url, chat_model="tiny")


def test_a_url_with_a_password_is_refused_without_telling_it():
    with pytest.raises(SettingError, match="STRONGROOM_CHAT_KEY") as caught:
        Settings(chat_url=f"https://me:{SECRET}@host/v1", chat_model="tiny")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("given", [{"chat_url": "http://host/v1"}, {"chat_model": "tiny"}])
def test_url_and_model_go_together(given: dict[str, str]):
    with pytest.raises(SettingError, match="go together: where"):
        Settings(**given)
