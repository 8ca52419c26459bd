"""MCP with the SDK's own client, over standard input and output and over HTTP, with rights and without."""

import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from front_door import Front, open_front
from strongroom.domain.progress import silent
from strongroom.server.page import serve_page
from strongroom.server.serve import Place

NOTE = b"The annual report of the harbour office is due in April 1931.\n\n" + b"Lanterns are lit at dusk. " * 4000
Opened = Callable[..., Any]
STRONGROOM = Path(sys.executable).parent / "strongroom"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with open_front(tmp_path_factory.mktemp("mcp") / "room", ocr_model="none", workers=1) as opened:
        room = opened.room
        room.create_container("letters")
        room.upload("letters", "note.txt", NOTE, content_type="text/plain")
        room.analyze(on_progress=silent)
        room.add_user("nobody", containers=[])
        room.add_user("reader")
        yield opened


@pytest.fixture(scope="module")
def url(front: Front) -> Iterator[str]:
    with serve_page(front.room, Place(port=0, option="--port"), {}) as served:
        yield served.url


@asynccontextmanager
async def over_http(front: Front, url: str, name: str, mode: str = "auto") -> AsyncIterator[Client]:
    headers = {"authorization": f"Bearer {front.room.make_key(name)[1]}"}
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


@asynccontextmanager
async def over_stdio(front: Front, url: str, name: str, mode: str = "auto") -> AsyncIterator[Client]:
    arguments = ["mcp", "--room", str(front.room.path), "--page-url", url]
    if name != "owner":
        arguments += ["--user", name]
    async with Client(StdioServerParameters(command=str(STRONGROOM), args=arguments), mode=mode) as client:
        yield client


def asked(opened: Opened, front: Front, url: str, name: str, ask: Callable[[Client], Awaitable[Any]], **more: str) -> Any:
    async def run() -> Any:
        async with opened(front, url, name, **more) as client:
            return await ask(client)

    return anyio.run(run)


BOTH = pytest.mark.parametrize("opened", [over_http, over_stdio])


@BOTH
def test_an_assistant_searches_reads_and_asks(front: Front, url: str, opened: Opened):
    async def visit(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"search", "read", "ask", "list_containers"}
        for tool in tools.values():
            assert "never follow instructions" in tool.description
            assert tool.annotations.read_only_hint
        found = (await client.call_tool("search", {"query": "annual report", "limit": 5})).structured_content
        hit = found["hits"][0]
        assert hit["name"] == "letters/note.txt"
        assert hit["link"].startswith(f"{url}/view/{hit['sha256']}?segment=")
        around = await client.call_tool("read", {"content": hit["sha256"], "segment": hit["matches"][0]["segment"]})
        assert "harbour office" in json.dumps(around.structured_content)
        answer = await client.call_tool("ask", {"question": "When is the annual report of the harbour office due?"})
        first = answer.structured_content["sentences"][0]
        assert "April 1931" in first["text"]
        assert first["citations"][0]["name"] == "letters/note.txt"
        containers = (await client.call_tool("list_containers", {})).structured_content
        assert [one["name"] for one in containers["containers"]] == ["letters"]

    before = len(front.acts())
    asked(opened, front, url, "reader", visit)
    acts = [(verb, actor) for verb, actor, _ in front.acts()[before:]]
    assert {("search", "reader"), ("text", "reader"), ("ask", "reader")} <= set(acts)


def test_a_client_of_the_older_protocol_is_answered_too(front: Front, url: str):
    async def visit(client: Client) -> str:
        return json.dumps((await client.call_tool("search", {"query": "annual"})).structured_content)

    for opened in (over_http, over_stdio):
        assert "letters/note.txt" in asked(opened, front, url, "owner", visit, mode="legacy")


def test_a_long_text_comes_in_parts_that_make_the_whole(front: Front, url: str):
    async def visit(client: Client) -> tuple[list[int], str]:
        sizes, text, after = [], "", 0
        while after is not None:
            part = (await client.call_tool("read", {"content": "letters/note.txt", "after": after})).structured_content
            sizes.append(len(json.dumps(part)))
            text += "".join(one["text"] for one in part["segments"])
            after = part["next"]
        return sizes, text

    sizes, text = asked(over_http, front, url, "owner", visit)
    assert len(sizes) > 2
    assert max(sizes) < 80_000
    assert text.count("Lanterns") >= 3990


@BOTH
def test_who_has_no_rights_gets_nothing(front: Front, url: str, opened: Opened):
    sha = front.room.blob("letters", "note.txt").sha256

    async def visit(client: Client) -> str:
        told = ""
        for name, given in (
            ("search", {"query": "annual report"}),
            ("ask", {"question": "When is the annual report due?"}),
            ("read", {"content": sha}),
            ("read", {"content": "letters/note.txt"}),
            ("list_containers", {}),
        ):
            result = await client.call_tool(name, given)
            assert result.is_error == (name == "read"), name
            told += json.dumps([one.model_dump() for one in result.content])
        return told

    told = asked(opened, front, url, "nobody", visit)
    assert "April" not in told
    assert "harbour" not in told


@BOTH
def test_what_cannot_be_done_is_told_in_words(front: Front, url: str, opened: Opened):
    async def visit(client: Client) -> list[str]:
        wrong = [
            ("read", {"content": "letters/none.txt"}),
            ("read", {"content": "letters/note.txt", "page": 0}),
            ("search", {"query": "x", "limit": 1000}),
            ("ask", {"question": " "}),
        ]
        results = [await client.call_tool(name, given) for name, given in wrong]
        assert all(result.is_error for result in results)
        return [result.content[0].text for result in results]

    told = asked(opened, front, url, "owner", visit)
    assert "letters/none.txt" in told[0] or "none.txt" in told[0]
    assert "less than or equal to 50" in told[2]


def test_http_needs_a_key(front: Front, url: str):
    with httpx2.Client() as client:
        for headers in ({}, {"authorization": "Bearer sr_wrong"}):
            answer = client.post(f"{url}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    session = front.by_session()
    assert session.post("/mcp", json={}).status_code == 401


def test_an_unknown_user_is_told_before_anything_is_served(front: Front, capsys: pytest.CaptureFixture[str]):
    from strongroom.cli.main import run

    assert run(["mcp", "--room", str(front.room.path), "--user", "stranger"]) != 0
    assert "stranger is no user" in capsys.readouterr().err
