"""The protocol over a bare connection: a request as it is told, signed with an account's key, to the reply as it came."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPException
from urllib.parse import quote, unquote, urlsplit

VERSION = "2023-11-03"
SIGNED = (
    *("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date"),
    *("if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"),
)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request, the same for every server: text in braces stands for what this server said before."""

    operation: str
    """What it is meant to be, for people."""
    method: str
    path: str = ""
    """Below the account, not encoded: ``box/blob``."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes


class Rest:
    """One server, one connection."""

    def __init__(self, url: str, account: str, key: str) -> None:
        """Name the account's URL."""
        self.url = url
        self._account, self._key = account, b64decode(key)
        parts = urlsplit(url)
        self._base = parts.path
        self._wire = HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    def ask(self, ask: Ask) -> Answer:
        """Sign, send and read; once more if the server hung up since the last time."""
        try:
            return self.ask_once(ask)
        except (HTTPException, ConnectionError):
            self._wire.close()
            return self.ask_once(ask)

    def ask_once(self, ask: Ask) -> Answer:
        """Sign, send and read.

        Raises:
            HTTPException: The server hung up, or OSError.
        """
        path = f"{self._base}/{quote(ask.path, safe='/')}" if ask.path else f"{self._base}/"
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in ask.query.items())
        headers = {
            "x-ms-date": format_datetime(datetime.now(UTC), usegmt=True),
            "x-ms-version": VERSION,
            **({"content-length": str(len(ask.body))} if ask.body or ask.method in ("PUT", "POST") else {}),
            **ask.headers,
        }
        headers["authorization"] = f"SharedKey {self._account}:{self._sign(ask, path, headers)}"
        return self._send(ask, f"{path}?{query}" if query else path, headers)

    def _send(self, ask: Ask, url: str, headers: Mapping[str, str]) -> Answer:
        self._wire.request(ask.method, url, ask.body or None, dict(headers))
        reply = self._wire.getresponse()
        body = reply.read()
        return Answer(status=reply.status, headers={name.lower(): value for name, value in reply.getheaders()}, body=body)

    def _sign(self, ask: Ask, path: str, headers: Mapping[str, str]) -> str:
        plain = [ask.method, *(headers.get(name, "") for name in SIGNED)]
        plain = ["" if value == "0" else value for value in plain]  # a length of nothing
        own = [f"{name}:{headers[name].strip()}" for name in sorted(headers) if name.startswith("x-ms-")]
        query = [f"{name.lower()}:{unquote(ask.query[name])}" for name in sorted(ask.query)]
        text = "\n".join([*plain, *own, f"/{self._account}{path}", *query])
        return b64encode(hmac.digest(self._key, text.encode(), hashlib.sha256)).decode()
