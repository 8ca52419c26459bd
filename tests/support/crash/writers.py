"""Writers that know of every blob what a server acknowledged, and what it may have done unacknowledged when it was killed."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Literal

from differential.rest import Ask, Rest

LARGEST = 9 << 20
PAGES = 256 << 10
GONE: Literal[""] = ""


def digest(data: bytes) -> str:
    """Give the SHA-256."""
    return hashlib.sha256(data).hexdigest()


@dataclass(kw_only=True)
class Known:
    """What may be read under a name: a SHA-256, or `GONE`."""

    sure: str = GONE
    """As acknowledged."""
    maybe: str | None = None
    """As it is if the request that was under way had its effect."""

    def allows(self, found: str) -> bool:
        """Say whether this may be read."""
        return found in (self.sure, self.maybe)


class Writer:
    """Writes into one container until the server dies."""

    def __init__(self, rest: Rest, number: int, turn: int) -> None:
        """Say where, and which of all writers in all turns it is."""
        self.known: dict[str, Known] = {}
        self.wrong: str | None = None
        self._rest, self._rng, self._prefix = rest, random.Random(1000 * turn + number), f"{turn:02d}/{number}"

    def run(self) -> None:
        """Do one thing after the other."""
        acts = (self._put, self._put, self._put, self._overwrite, self._blocks, self._append, self._pages, self._delete)
        try:
            for number in range(1_000_000):
                self._rng.choice(acts)(f"{self._prefix}/{number}")
        except (HTTPException, OSError):
            return
        finally:
            self._rest.close()

    def _ask(self, name: str, after: str, ask: Callable[[str], Ask]) -> None:
        known = self.known.setdefault(name, Known())
        known.maybe = after
        answer = self._rest.ask_once(ask(f"crash/{name}"))
        if answer.status >= 300:
            self.wrong = f"{name}: {answer.status} {answer.body[:300]!r}"
            raise OSError
        known.sure, known.maybe = after, None

    def _bytes(self, most: int = LARGEST) -> bytes:
        return self._rng.randbytes(int(10 * (most / 10) ** self._rng.random()))

    def _put(self, name: str) -> None:
        data = self._bytes()
        self._ask(name, digest(data), lambda path: _put(path, "BlockBlob", data))

    def _overwrite(self, name: str) -> None:
        self._put(f"{self._prefix}/same")

    def _blocks(self, name: str) -> None:
        parts = [self._bytes(LARGEST // 4) for _ in range(self._rng.randrange(1, 5))]
        sure = self.known.get(name, Known()).sure
        for number, part in enumerate(parts):
            query = {"comp": "block", "blockid": f"{number:04d}"}
            self._ask(name, sure, lambda path, query=query, part=part: _ask("PUT", path, query, part))
        tags = "".join(f"<Latest>{number:04d}</Latest>" for number in range(len(parts)))
        body = f"<BlockList>{tags}</BlockList>".encode()
        self._ask(name, digest(b"".join(parts)), lambda path: _ask("PUT", path, {"comp": "blocklist"}, body))

    def _append(self, name: str) -> None:
        whole = b""
        self._ask(name, digest(whole), lambda path: _put(path, "AppendBlob", b""))
        for _ in range(self._rng.randrange(1, 6)):
            part = self._bytes(1 << 20)
            whole += part
            self._ask(name, digest(whole), lambda path, part=part: _ask("PUT", path, {"comp": "appendblock"}, part))

    def _pages(self, name: str) -> None:
        disk = bytearray(PAGES)
        sized = {"x-ms-blob-content-length": str(PAGES)}
        self._ask(name, digest(bytes(disk)), lambda path: _put(path, "PageBlob", b"", sized))
        for _ in range(self._rng.randrange(1, 6)):
            first = self._rng.randrange(PAGES // 512 - 64) * 512
            data = self._rng.randbytes(512 * self._rng.randrange(1, 64))
            disk[first : first + len(data)] = data
            headers = {"x-ms-page-write": "update", "range": f"bytes={first}-{first + len(data) - 1}"}
            self._ask(
                name,
                digest(bytes(disk)),
                lambda path, data=data, headers=headers: _ask("PUT", path, {"comp": "page"}, data, headers),
            )

    def _delete(self, name: str) -> None:
        mine = [one for one, known in self.known.items() if known.sure != GONE]
        if mine:
            self._ask(self._rng.choice(mine), GONE, lambda path: _ask("DELETE", path, {}))


def _ask(method: str, path: str, query: dict[str, str], body: bytes = b"", headers: dict[str, str] | None = None) -> Ask:
    return Ask(operation="", method=method, path=path, query=query, headers=headers or {}, body=body)


def _put(path: str, kind: str, body: bytes, headers: dict[str, str] | None = None) -> Ask:
    return _ask("PUT", path, {}, body, {"x-ms-blob-type": kind, **(headers or {})})
