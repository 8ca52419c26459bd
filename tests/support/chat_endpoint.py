"""An OpenAI-compatible endpoint on this machine that says what a test wants: good answers, and every bad one."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Say = Callable[["Reply", dict[str, Any]], None]


class Reply(BaseHTTPRequestHandler):
    """One request, and how it is answered."""

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        endpoint: Endpoint = self.server.endpoint  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        endpoint.asked.append(body)
        endpoint.headers.append(dict(self.headers))
        endpoint.paths.append(self.path)
        try:
            endpoint.say(self, body)
        except (BrokenPipeError, ConnectionResetError):
            return

    def start(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def piece(self, text: str) -> None:
        self.line(json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}))

    def line(self, data: str) -> None:
        self.wfile.write(f"data: {data}\n\n".encode())
        self.wfile.flush()


@dataclass
class Endpoint:
    """What was asked, and what is said."""

    say: Say
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def prompt(self) -> str:
        """All that the last request said to the model."""
        return "\n".join(str(message["content"]) for message in self.asked[-1]["messages"])


@contextmanager
def endpoint(say: Say) -> Iterator[Endpoint]:
    """Serve until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Reply)
    server.daemon_threads = True
    served = Endpoint(say=say, url=f"http://127.0.0.1:{server.server_port}/v1")
    server.endpoint = served  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def saying(*pieces: str) -> Say:
    """Say these pieces, one event each."""

    def say(reply: Reply, body: dict[str, Any]) -> None:
        reply.start()
        for piece in pieces:
            reply.piece(piece)
        reply.line("[DONE]")

    return say


def breaking_off(*pieces: str) -> Say:
    """Say these pieces, and end without a word."""

    def say(reply: Reply, body: dict[str, Any]) -> None:
        reply.start()
        for piece in pieces:
            reply.piece(piece)

    return say


def dawdling(piece: str, pause: float, times: int) -> Say:
    """Say the same again and again, with a pause before each."""

    def say(reply: Reply, body: dict[str, Any]) -> None:
        reply.start()
        for _ in range(times):
            time.sleep(pause)
            reply.piece(piece)
        reply.line("[DONE]")

    return say


def raw(data: bytes, status: int = 200, kind: str = "text/event-stream", **headers: str) -> Say:
    """Send these bytes."""

    def say(reply: Reply, body: dict[str, Any]) -> None:
        reply.start(status, kind, **headers)
        reply.wfile.write(data)

    return say
