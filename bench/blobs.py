"""The blob service against Azurite, alternating: large and small puts and gets, and heads; nginx and copying as limits.

Every request is signed and every write is durable (Azurite writes without fsync). The client is one process of raw sockets,
whose requests are signed before the clock starts, and shares the processors with the server.

Run: python bench/blobs.py [--rounds 5] [--seconds 3] [--only WORDS] [--alone]
Azurite: `make azurite`. nginx: `apt install nginx-light libnginx-mod-http-dav-ext`, left out where it is not there.
"""

import argparse
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
import tempfile
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

import uvloop

ACCOUNT = "devstoreaccount1"
KEY = b64decode("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==")
VERSION = "2021-08-06"
MIB = 1 << 20
SMALL, LARGE = 4096, 64 * MIB
CONTAINER = "bench"
PATIENCE = 60.0
BUFFER = 4 * MIB
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


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
            "\r\n".join([*head, "", ""]).encode() + (body if len(body) <= SMALL else b""),
            *([body] if len(body) > SMALL else []),
        ]


class Client(asyncio.BufferedProtocol):
    """One connection that asks one request after another."""

    def __init__(self, requests: Iterator[list[bytes]], statuses: frozenset[int], *, is_head: bool) -> None:
        """Take what to ask."""
        self._requests, self._statuses, self._is_head = requests, statuses, is_head
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._head, self._left = b"", -1
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
        if self._left < 0:
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
            self._left, self._head = length - (len(self._head) - end - 4), b""
        else:
            self._left -= count
        if self._left <= 0:
            self._left = -1
            self.done += 1
            self.ask()

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


def azurite(stack: ExitStack, base: Path) -> Peer | None:
    """Start Azurite on a directory, where it is installed."""
    script = Path.home() / ".cache/strongroom/azurite/node_modules/.bin/azurite-blob"
    if not script.exists() or shutil.which("node") is None:
        return None
    folder, port = base / "azurite", free_port()
    folder.mkdir()
    options = ["--silent", "--skipApiVersionCheck", "--disableTelemetry", "-l", folder, "--blobPort", str(port)]
    stack.enter_context(running([script, *options], port, cwd=folder))
    return Peer(name="Azurite", port=port)


def strongroom(stack: ExitStack, base: Path) -> Peer:
    """Start ours on a new room."""
    port, room = free_port(), base / "room"
    program = [sys.executable, "-c", "from strongroom.cli import main; main()"]
    subprocess.run([*program, "init", str(room)], check=True, stdout=subprocess.DEVNULL)
    command = [*program, "serve", "--room", room, "--blob-port", str(port), "--development", "--quiet"]
    stack.enter_context(running(command, port))
    return Peer(name="Strongroom", port=port)


NGINX = """
worker_processes 1; daemon off; pid {base}/nginx.pid; error_log /dev/null;
events {{ worker_connections 256; }}
http {{ access_log off; client_max_body_size 1g; client_body_temp_path {base}/tmp; sendfile on; keepalive_requests 100000000;
server {{ listen 127.0.0.1:{port}; root {base}/files; location / {{ dav_methods PUT DELETE; create_full_put_path on; }} }} }}
"""


def nginx(stack: ExitStack, base: Path) -> Peer | None:
    """Start nginx, which neither checks signatures nor syncs, where it is installed."""
    program = shutil.which("nginx") or ("/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else None)
    if program is None:
        return None
    folder, port = base / "nginx", free_port()
    for one in (folder / "files", folder / "tmp"):
        one.mkdir(parents=True)
        one.chmod(0o777)
    for one in (base, folder):
        one.chmod(0o755)
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(base=folder, port=port))
    stack.enter_context(running([program, "-p", folder, "-c", configuration], port))
    return Peer(name="nginx", port=port, is_signed=False)


def small(number: int) -> bytes:
    """Give 4 KiB that no other number has."""
    return number.to_bytes(8, "big") + NOISE[8:SMALL]


NOISE = os.urandom(LARGE)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that is measured."""

    name: str
    unit: str
    run: Callable[[Peer, int], float]
    bar: float | None
    """How many times Azurite it should be."""


def cases(seconds: float) -> list[Case]:
    """Give what is measured."""

    def put_small(peer: Peer, turn: int) -> float:
        count = int(12_000 * seconds / 16)
        plans = [
            [
                peer.request("PUT", f"/{CONTAINER}/s-{turn}-{who}-{i:06}", small((turn * 16 + who) * count + i), blob=True)
                for i in range(count)
            ]
            for who in range(16)
        ]
        return drive(peer, plans, seconds)

    def get_small(peer: Peer, _turn: int, method: str = "GET") -> float:
        plans = [
            _forever([peer.request(method, f"/{CONTAINER}/fixed-{who}-{i:03}") for i in range(FIXED)]) for who in range(16)
        ]
        return drive(peer, plans, seconds, is_head=method == "HEAD")

    def put_large(peer: Peer, _turn: int) -> float:
        plans = [[peer.request("PUT", f"/{CONTAINER}/l-{who}-{i}", NOISE, blob=True) for i in range(2)] for who in range(4)]
        return drive(peer, plans) * LARGE / 1e6

    def get_large(peer: Peer, _turn: int) -> float:
        plans = [[peer.request("GET", f"/{CONTAINER}/l-{who}-0") for _ in range(4)] for who in range(4)]
        return drive(peer, plans) * LARGE / 1e6

    return [
        Case(name="PUT 4 KiB, 16 connections", unit="/s", run=put_small, bar=5),
        Case(name="GET 4 KiB, 16 connections", unit="/s", run=get_small, bar=10),
        Case(name="HEAD, 16 connections", unit="/s", run=lambda peer, turn: get_small(peer, turn, "HEAD"), bar=None),
        Case(name="PUT 64 MiB, 4 connections", unit=" MB/s", run=put_large, bar=2),
        Case(name="GET 64 MiB, 4 connections", unit=" MB/s", run=get_large, bar=1.2),
    ]


FIXED = 64


def _forever(requests: Sequence[list[bytes]]) -> Iterator[list[bytes]]:
    while True:
        yield from requests


def prepare(peer: Peer) -> None:
    """Make the container and the blobs that are read."""
    if peer.is_signed:
        drive(peer, [[peer.request("PUT", f"/{CONTAINER}", query=[("restype", "container")])]])
    plans = [
        [
            peer.request("PUT", f"/{CONTAINER}/fixed-{who}-{i:03}", small(10**9 + who * FIXED + i), blob=True)
            for i in range(FIXED)
        ]
        for who in range(16)
    ]
    drive(peer, plans)


def copied(base: Path) -> float:
    """Give MB/s of copying and syncing a file of 64 MiB, the limit of any store."""
    source, target = base / "source", base / "target"
    source.write_bytes(NOISE)
    began = time.perf_counter()
    with source.open("rb") as file, target.open("wb") as out:
        shutil.copyfileobj(file, out, MIB)
        out.flush()
        os.fsync(out.fileno())
    return LARGE / 1e6 / (time.perf_counter() - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--alone", action="store_true", help="without Azurite and nginx")
    given = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="strongroom-bench-"))
    try:
        with ExitStack() as stack:
            ours = strongroom(stack, base)
            others = [] if given.alone else [azurite(stack, base), nginx(stack, base)]
            peers = [ours, *(one for one in others if one is not None)]
            for peer in peers:
                prepare(peer)
            measure(peers, [one for one in cases(given.seconds) if given.only in one.name], given.rounds)
            print(f"copying and syncing 64 MiB: {statistics.median(copied(base) for _ in range(5)):,.0f} MB/s")
    finally:
        shutil.rmtree(base)


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
        medians = {
            peer.name: statistics.median(found[case.name, peer.name]) for peer in peers if (case.name, peer.name) in found
        }
        spreads = {
            name: f"{value:,.0f}{case.unit} [{min(found[case.name, name]):,.0f}-{max(found[case.name, name]):,.0f}]"
            for name, value in medians.items()
        }
        ratio = f"{medians['Strongroom'] / medians['Azurite']:.1f} times" if "Azurite" in medians else ""
        bar = f" (bar {case.bar:g})" if case.bar else ""
        print(f"{case.name}: " + ", ".join(f"{name} {text}" for name, text in spreads.items()) + f"; {ratio}{bar}", flush=True)


if __name__ == "__main__":
    main()
