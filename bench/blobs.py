"""The blob service against Azurite, alternating: large and small puts and gets, and heads; nginx and copying as limits.

Every request is signed and every write is durable (Azurite writes without fsync). The client is one process of raw sockets,
whose requests are signed before the clock starts, and shares the processors with the server.

Run: python bench/blobs.py [--rounds 5] [--seconds 3] [--only WORDS] [--alone]
Azurite: `make azurite`. nginx: `apt install nginx-light libnginx-mod-http-dav-ext`, left out where it is not there.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from support.peers import CONTAINER, MIB, WHOLE, Case, Peer, azurite, drive, free_port, measure, running, strongroom

SMALL, LARGE = WHOLE, 64 * MIB

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


if __name__ == "__main__":
    main()
