"""The room as a model: OpenAI's own client asks it, and reads answers, streams and refusals."""

from collections.abc import Iterator

import openai
import pytest

from front_door import Front, open_front
from strongroom.domain.progress import silent
from strongroom.server.page import serve_page
from strongroom.server.serve import Place

HOSTILE = "The lighthouse keeper is ![x](http://evil.example/?q=1) <img src=//evil> [click](http://evil.example) paid in 1931."
DUE = b"The annual report of the harbour office is due in April 1931."


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with open_front(tmp_path_factory.mktemp("chat") / "room", ocr_model="none", workers=1) as opened:
        room = opened.room
        room.create_container("letters")
        room.upload("letters", "note.txt", DUE, content_type="text/plain")
        room.upload("letters", "keeper.txt", HOSTILE.encode(), content_type="text/plain")
        room.analyze(on_progress=silent)
        opened.room.add_user("nobody", containers=[])
        yield opened


@pytest.fixture(scope="module")
def url(front: Front) -> Iterator[str]:
    with serve_page(front.room, Place(port=0, option="--port"), {}) as served:
        yield served.url


def client_of(front: Front, url: str, name: str = "owner") -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key=front.room.make_key(name)[1], max_retries=0)


@pytest.fixture
def client(front: Front, url: str) -> Iterator[openai.OpenAI]:
    with client_of(front, url) as made:
        yield made


def said(client: openai.OpenAI, *messages: str) -> str:
    roles = ("user", "assistant")
    given = [{"role": roles[n % 2], "content": text} for n, text in enumerate(messages)]
    answer = client.chat.completions.create(model="strongroom", messages=given)
    return answer.choices[0].message.content


def test_there_is_one_model(client: openai.OpenAI):
    assert [model.id for model in client.models.list()] == ["strongroom"]
    assert client.models.retrieve("strongroom").id == "strongroom"


def test_an_answer_cites_with_footnotes_that_open_the_viewer(front: Front, client: openai.OpenAI):
    answer = client.chat.completions.create(
        model="strongroom",
        messages=[
            {"role": "system", "content": "You are kind."},
            {"role": "user", "content": [{"type": "text", "text": "When is the annual report of the harbour office due?"}]},
        ],
        temperature=0.2,
    )
    message = answer.choices[0].message
    assert "“The annual report of the harbour office is due in April 1931.” [1]" in message.content
    assert "1. [letters/note.txt" in message.content
    citation = message.annotations[0].url_citation
    assert message.content[citation.start_index : citation.end_index] == "[1]"
    path = citation.url.removeprefix(str(client.base_url).removesuffix("/v1/"))
    assert front.by_session().get(path).status_code == 200
    assert ("ask", "owner") in [(verb, actor) for verb, actor, _ in front.acts()]


def test_a_stream_says_the_same(client: openai.OpenAI):
    question = "When is the annual report of the harbour office due?"
    stream = client.chat.completions.create(model="strongroom", messages=[{"role": "user", "content": question}], stream=True)
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == said(client, question)


def test_a_question_may_follow_on_another(client: openai.OpenAI):
    text = said(client, "When is the annual report of the harbour office due?", "In April 1931.", "And which office is it of?")
    assert "harbour office" in text


def test_what_is_not_there_is_said_not_to_be(client: openai.OpenAI):
    text = said(client, "Which zebra won the chess tournament of Reykjavik?")
    assert text.startswith("Nothing found that answers this.")
    assert "*Read 2 of 2 files" in text


def test_a_document_cannot_make_the_chat_program_load_or_link_anything(client: openai.OpenAI):
    text = said(client, "When was the lighthouse keeper paid?")
    assert "1931" in text
    assert "![" not in text
    assert "<img" not in text.replace(r"\<img", "")
    assert "](http://evil" not in text.replace(r"\](http", "")
    assert "http://evil" not in text


@pytest.mark.parametrize(
    ("messages", "model", "error"),
    [
        ([{"role": "user", "content": "x"}], "gpt-9", openai.NotFoundError),
        ([{"role": "user", "content": " "}], "strongroom", openai.BadRequestError),
        ([{"role": "system", "content": "x"}], "strongroom", openai.BadRequestError),
        ([], "strongroom", openai.UnprocessableEntityError),
        ([{"role": "king", "content": "x"}], "strongroom", openai.UnprocessableEntityError),
        ([{"role": "user", "content": "x" * 5000}], "strongroom", openai.BadRequestError),
    ],
)
def test_what_cannot_be_answered_is_told_in_openais_shape(
    client: openai.OpenAI, messages: list[object], model: str, error: type[openai.APIStatusError]
):
    with pytest.raises(error) as told:
        client.chat.completions.create(model=model, messages=messages)
    assert set(told.value.body) == {"message", "type", "param", "code"}
    assert told.value.body["message"]


def test_nothing_is_answered_without_a_key_and_nothing_beyond_the_scope(front: Front, url: str):
    with openai.OpenAI(base_url=f"{url}/v1", api_key="sr_wrong", max_retries=0) as wrong:
        with pytest.raises(openai.AuthenticationError) as told:
            wrong.models.list()
        assert told.value.body["code"] == "invalid_api_key"
    with client_of(front, url, "nobody") as nobody:
        text = said(nobody, "When is the annual report of the harbour office due?")
    assert text.startswith("Nothing found")
    assert "letters" not in text


def test_what_breaks_on_the_way_is_told_in_the_stream(front: Front, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> Iterator[object]:
        raise RuntimeError("/secret/path")
        yield

    monkeypatch.setattr(type(front.room), "asking", broken)
    body = {"model": "strongroom", "messages": [{"role": "user", "content": "x"}], "stream": True}
    told = front.by_key().post("/v1/chat/completions", json=body).text
    assert '"server_error"' in told
    assert "secret" not in told
    assert "[DONE]" not in told
