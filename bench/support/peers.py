"""Servers of blobs under test, a client of raw sockets, and measuring by turns: what benchmarks of the service share."""

import asyncio
import hashlib
import hmac
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from http.client import HTTPResponse
from pathlib import Path

import uvloop

ACCOUNT = "devstoreaccount1"
KEY = b64decode("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==")
VERSION = "2021-08-06"
MIB = 1 << 20
CONTAINER = "bench"
WHOLE = 4096
"""Bytes of a body that goes out in one piece with its head."""
PATIENCE = 60.0
BUFFER = 4 * MIB
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED, LAST_CHUNK = b"\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n"
MODULES = Path.home() / ".cache/strongroom/azurite/node_modules"
PROGRAM = [sys.executable, "-c", "from strongroom.cli import main; main()"]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A server under test."""

    name: str
    port: int
    is_signed: bool = True

    def request(
        self, method: str, path: str, body: bytes = b"", query: Sequence[tuple[str, str]] = (), *, blob: bool = False
    ) -> list[bytes]:
        """Give a request, signed, as the buffers to write."""
        date = formatdate(usegmt=True)
        given = {"x-ms-date": date, "x-ms-version": VERSION} if self.is_signed else {}
        if blob and self.is_signed:
            given["x-ms-blob-type"] = "BlockBlob"
        length = str(len(body)) if body else ""
        lines = "".join(f"{name}:{given[name]}\n" for name in sorted(given))
        resource = f"/{ACCOUNT}/{ACCOUNT}{path}" + "".join(f"\n{name}:{value}" for name, value in sorted(query))
        text = "\n".join([method, "", "", length, *[""] * 8, ""]) + lines + resource
        signature = b64encode(hmac.digest(KEY, text.encode(), hashlib.sha256)).decode()
        where = f"/{ACCOUNT}{path}" if self.is_signed else path
        where += "?" + "&".join(f"{name}={value}" for name, value in query) if query else ""
        head = [f"{method} {where} HTTP/1.1", f"host: 127.0.0.1:{self.port}"]
        head += [f"{name}: {value}" for name, value in given.items()]
        if self.is_signed:
            head.append(f"authorization: SharedKey {ACCOUNT}:{signature}")
        if body or method == "PUT":
            head.append(f"content-length: {len(body)}")
        return [
            "\r\n".join([*head, "", ""]).encode() + (body if len(body) <= WHOLE else b""),
            *([body] if len(body) > WHOLE else []),
        ]


class Client(asyncio.BufferedProtocol):
    """One connection that asks one request after another."""

    def __init__(self, requests: Iterator[list[bytes]], statuses: frozenset[int], *, is_head: bool) -> None:
        """Take what to ask."""
        self._requests, self._statuses, self._is_head = requests, statuses, is_head
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._head, self._left = b"", -1
        self._tail: bytes | None = None
        self.done, self.ended = 0, asyncio.get_running_loop().create_future()
        self.until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport

    def ask(self) -> None:
        """Send the next request."""
        following = next(self._requests, None) if not self.until or time.perf_counter() < self.until else None
        if following is None:
            if not self.ended.done():
                self.ended.set_result(None)
            return
        for one in following:
            self._transport.write(one)

    def get_buffer(self, _hint: int) -> memoryview:
        """Lend a buffer."""
        return self._view

    def buffer_updated(self, count: int) -> None:
        """Take bytes."""
        if self._tail is not None:
            self._to_last_chunk(bytes(self._view[max(0, count - len(LAST_CHUNK)) : count]))
        elif self._left < 0:
            self._head += bytes(self._view[:count])
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            status = int(self._head[9:12])
            if status not in self._statuses:
                self.ended.set_exception(RuntimeError(self._head.decode("latin-1")))
                return
            found = LENGTH.search(self._head, 0, end + 2)
            length = int(found[1]) if found and not self._is_head else 0
            rest = len(self._head) - end - 4
            if CHUNKED in self._head[: end + 2].lower():
                self._tail = b""
                self._to_last_chunk(self._head[end + 4 :])
            else:
                self._left = length - rest
            self._head = b""
        else:
            self._left -= count
        if self._left <= 0:
            self._left = -1
            self.done += 1
            self.ask()

    def _to_last_chunk(self, data: bytes) -> None:
        """Look for the end of a body in chunks; no body here holds a line's end."""
        self._tail = ((self._tail or b"") + data)[-len(LAST_CHUNK) :]
        ends = self._tail == LAST_CHUNK
        self._left, self._tail = (0, None) if ends else (1, self._tail)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell of an end that was not asked for."""
        if not self.ended.done():
            self.ended.set_exception(error or ConnectionError("the server closed the connection"))


async def _drive(
    port: int, plans: Sequence[Iterable[list[bytes]]], statuses: frozenset[int], seconds: float, *, is_head: bool
) -> tuple[int, float]:
    loop = asyncio.get_running_loop()
    clients = []
    for plan in plans:
        _, client = await loop.create_connection(
            lambda plan=plan: Client(iter(plan), statuses, is_head=is_head), "127.0.0.1", port
        )
        clients.append(client)
    began = time.perf_counter()
    for client in clients:
        client.until = began + seconds if seconds else 0.0
        client.ask()
    await asyncio.gather(*(client.ended for client in clients))
    took = time.perf_counter() - began
    for client in clients:
        client.close()
    return sum(client.done for client in clients), took


def ask(peer: Peer, request: Sequence[bytes]) -> bytes:
    """Give the body of the answer to one request, on a connection of its own."""
    with socket.create_connection(("127.0.0.1", peer.port), PATIENCE) as connection:
        connection.sendall(b"".join(request))
        with HTTPResponse(connection) as answer:
            answer.begin()
            body = answer.read()
            if answer.status >= 400:
                raise RuntimeError(f"{peer.name} answers {answer.status}: {body[:300]!r}")
            return body


def drive(
    peer: Peer, plans: Sequence[Iterable[list[bytes]]], seconds: float = 0.0, *, is_head: bool = False, took: int = 200
) -> float:
    """Give requests a second of some connections, each with its requests."""
    done, seconds_taken = uvloop.run(_drive(peer.port, plans, frozenset({took, 200, 201, 204}), seconds, is_head=is_head))
    return done / seconds_taken


@contextmanager
def running(command: Sequence[str | Path], port: int, **options: object) -> Iterator[int]:
    """Run a server until the block ends."""
    process = subprocess.Popen([str(one) for one in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise SystemExit(f"{command[0]} ended with {process.returncode}")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(PATIENCE)


def free_port() -> int:
    """Give a port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def azurite(stack: ExitStack, base: Path, options: str = "") -> Peer | None:
    """Start Azurite on a directory, where it is installed.

    Args:
        stack: Ends it.
        base: Where its folder is, or is made.
        options: For Node.
    """
    script = MODULES / ".bin/azurite-blob"
    if not script.exists() or shutil.which("node") is None:
        return None
    folder, port = base / "azurite", free_port()
    folder.mkdir(exist_ok=True)
    given = ["--silent", "--skipApiVersionCheck", "--disableTelemetry", "-l", folder, "--blobPort", str(port)]
    stack.enter_context(running([script, *given], port, cwd=folder, env={**os.environ, "NODE_OPTIONS": options}))
    return Peer(name="Azurite", port=port)


def strongroom(stack: ExitStack, base: Path) -> Peer:
    """Start ours on a room, which is made where there is none."""
    port, room = free_port(), base / "room"
    if not room.exists():
        subprocess.run([*PROGRAM, "init", str(room)], check=True, stdout=subprocess.DEVNULL)
    command = [*PROGRAM, "serve", "--room", room, "--blob-port", str(port), "--development", "--quiet"]
    stack.enter_context(running(command, port))
    return Peer(name="Strongroom", port=port)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that is measured."""

    name: str
    unit: str
    run: Callable[[Peer, int], float]
    bar: float | None
    """How many times Azurite it should be."""
    digits: int = 0
    """Places that are printed behind the point."""


def measure(peers: Sequence[Peer], which: Sequence[Case], rounds: int) -> None:
    """Run all cases on all peers, alternating, and print medians and ratios."""
    found: dict[tuple[str, str], list[float]] = {}
    for turn in range(rounds):
        for case in which:
            for peer in peers if turn % 2 == 0 else reversed(peers):
                try:
                    found.setdefault((case.name, peer.name), []).append(case.run(peer, turn))
                except RuntimeError as error:
                    print(f"{peer.name}, {case.name}: {str(error)[:300]}", file=sys.stderr)
    for case in which:
        number = f"{{:,.{case.digits}f}}".format
        medians = {
            peer.name: statistics.median(found[case.name, peer.name]) for peer in peers if (case.name, peer.name) in found
        }
        spreads = {
            name: f"{number(value)}{case.unit} [{number(min(found[case.name, name]))}-{number(max(found[case.name, name]))}]"
            for name, value in medians.items()
        }
        ratio = f"{medians['Strongroom'] / medians['Azurite']:.1f} times" if "Azurite" in medians else ""
        bar = f" (bar {case.bar:g})" if case.bar else ""
        print(f"{case.name}: " + ", ".join(f"{name} {text}" for name, text in spreads.items()) + f"; {ratio}{bar}", flush=True)
