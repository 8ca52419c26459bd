"""Memory of a blob service while one very large blob is put and got by Azure's own client.

    python bench/blob_memory.py [--gib 4] [--block-mib 100] [--at-once 2] [--bound-mib 300] [--folder DIR]

The blob is made of blocks, several at a time, then read whole by one request, and both hashes are compared. The peak is the one
that the kernel keeps of the server's process (VmHWM). Exit code 1 where it is above the bound, or a byte differs.
"""

import argparse
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from azure.storage.blob import BlobBlock, BlobClient, BlobSasPermissions, BlobServiceClient, generate_blob_sas
from rich.console import Console
from rich.table import Table

import strongroom
from strongroom.testing.blob_service import ACCOUNT, KEY

MIB = 1 << 20
NOISE = os.urandom(MIB)


class Block(io.RawIOBase):
    """Bytes that are made as they are read: one MiB of noise, each time with another number in front."""

    def __init__(self, first: int, size: int) -> None:
        """Begin at a MiB of the blob."""
        super().__init__()
        self._first, self._size, self._at = first, size, 0
        self._piece = b""

    def __len__(self) -> int:
        """Give the size, which the client sends first."""
        return self._size

    def tell(self) -> int:
        """Give how much was read; the client takes a stream without it for one of no length."""
        return self._at

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Give up to one MiB, or what is left of it."""
        number, offset = divmod(self._at, MIB)
        count = min(len(buffer), MIB - offset, self._size - self._at)
        if not offset:
            self._piece = piece(self._first + number)
        buffer[:count] = self._piece[offset : offset + count]
        self._at += count
        return count


def piece(number: int) -> bytes:
    """Give one MiB of the blob."""
    return number.to_bytes(8, "big") + NOISE[8:]


def peak(process: subprocess.Popen[bytes]) -> float:
    """Give the most memory that a process ever had, in MiB."""
    status = Path(f"/proc/{process.pid}/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def start(room: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server, and give its account's URL."""
    program = Path(sys.executable).with_name("strongroom")
    command = [program, "serve", "--room", room, "--development", "--quiet", "--blob-port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    for line in process.stderr:
        word = line.decode().strip().split()[-1]
        if word.startswith("http") and word.endswith(ACCOUNT):
            return process, word
    raise RuntimeError("the server does not start")


def put(blob: BlobClient, blocks: int, mib: int, at_once: int) -> None:
    """Put the blob."""

    def one(number: int) -> BlobBlock:
        blob.stage_block(f"{number:06d}", Block(number * mib, mib * MIB), length=mib * MIB)
        return BlobBlock(f"{number:06d}")

    with ThreadPoolExecutor(at_once) as pool:
        blob.commit_block_list(list(pool.map(one, range(blocks))))


def read(url: str) -> str:
    """Read the blob by one request, and give its SHA-256."""
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=600) as answer:
        while chunk := answer.read(MIB):
            digest.update(chunk)
    return digest.hexdigest()


def expected(mibs: int) -> str:
    """Give the SHA-256 of what was put."""
    digest = hashlib.sha256()
    for number in range(mibs):
        digest.update(piece(number))
    return digest.hexdigest()


def signed(url: str) -> str:
    """Give the blob's URL with a signature to read it."""
    until, may = datetime.now(UTC) + timedelta(hours=6), BlobSasPermissions(read=True)
    return f"{url}/large/blob?{generate_blob_sas(ACCOUNT, 'large', 'blob', account_key=KEY, permission=may, expiry=until)}"


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gib", type=float, default=4)
    parser.add_argument("--block-mib", type=int, default=100)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--bound-mib", type=float, default=300)
    parser.add_argument("--folder")
    told = parser.parse_args()
    blocks = max(1, round(told.gib * 1024 / told.block_mib))
    table = Table("step", "seconds", "MB/s", "peak of the server, MiB", title=f"{blocks} blocks of {told.block_mib} MiB")
    with tempfile.TemporaryDirectory(dir=told.folder) as folder:
        strongroom.init(Path(folder) / "room").close()
        server, url = start(Path(folder) / "room")
        try:
            table.add_row("started", "", "", f"{peak(server):.0f}")
            with closing(BlobServiceClient(url, credential=KEY)) as service:
                blob = service.create_container("large").get_blob_client("blob")
                began = time.perf_counter()
                put(blob, blocks, told.block_mib, told.at_once)
                row(table, "put", began, blocks * told.block_mib, server)
                began = time.perf_counter()
                same = read(signed(url)) == expected(blocks * told.block_mib)
                row(table, "got and compared", began, blocks * told.block_mib, server)
            most = peak(server)
        finally:
            server.terminate()
            server.wait()
            server.stderr.close()  # type: ignore[union-attr]
    Console().print(table)
    if not same or most > told.bound_mib:
        print("the bytes differ" if not same else f"{most:.0f} MiB are above the bound of {told.bound_mib:.0f}")
    return int(not same or most > told.bound_mib)


def row(table: Table, step: str, began: float, mib: int, server: subprocess.Popen[bytes]) -> None:
    """Add a row."""
    seconds = time.perf_counter() - began
    table.add_row(step, f"{seconds:.1f}", f"{mib * MIB / 1e6 / seconds:.0f}", f"{peak(server):.0f}")


if __name__ == "__main__":
    sys.exit(main())
