"""A language model behind an OpenAI-compatible endpoint: llama.cpp, Ollama, vLLM, Azure OpenAI and others, by URL.

The key comes from the environment variable `KEY` alone: it is never a setting, never written, logged or shown.
"""

import json
import os
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from strongroom.domain.settings import Settings
from strongroom.errors import ModelError, Unreachable
from strongroom.ports.chat import Message

if TYPE_CHECKING:
    import httpx

KEY = "STRONGROOM_CHAT_KEY"
"""Environment variable that holds the endpoint's key, where it wants one."""
CONNECT_SECONDS = 10.0
LINE = 1 << 18
"""Bytes that one event of a stream may have."""
SENT = 1 << 22
"""Bytes that an endpoint may send for one message."""
LETTERS = 8
"""Characters taken for each token that was asked for; what comes beyond is cut off."""
TOLD = 200
"""Characters of an endpoint's own complaint that are passed on."""


class EndpointChat:
    """A model behind an endpoint; threads may share it."""

    def __init__(self, url: str, model: str, *, seconds: float, key: str = "") -> None:
        """Name the endpoint; it is not asked yet.

        Args:
            url: Base URL, to which ``/chat/completions`` is added.
            model: What the endpoint calls the model.
            seconds: How long one message may take.
            key: Sent as a bearer token; empty sends none.
        """
        self._url = url.rstrip("/") + "/chat/completions"
        self._model, self._seconds, self._key = model, seconds, key

    @property
    def name(self) -> str:
        """What the endpoint calls the model."""
        return self._model

    def write(self, messages: Sequence[Message], *, tokens: int) -> Iterator[str]:
        """Write the next message; see `strongroom.ports.chat.ChatModel`."""
        import httpx

        body = {
            "model": self._model,
            "messages": [_said(message) for message in messages],
            "max_tokens": tokens,
            "temperature": 0,
            "stream": True,
        }
        timeout = httpx.Timeout(self._seconds, connect=CONNECT_SECONDS)
        try:
            with (
                httpx.Client(timeout=timeout, follow_redirects=False) as client,
                client.stream("POST", self._url, json=body, headers=self._headers()) as response,
            ):
                self._check(response)
                yield from _cut(self._pieces(response, time.monotonic() + self._seconds), tokens * LETTERS)
        except httpx.TimeoutException as error:
            raise self._too_slow() from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(
                f"the language model at {self._host} broke off or cannot be reached: {self._hidden(error)}"
            ) from error

    @property
    def _host(self) -> str:
        return urlsplit(self._url).netloc

    def _headers(self) -> dict[str, str]:
        if not self._key:
            return {}
        azure = {"api-key": self._key} if (urlsplit(self._url).hostname or "").endswith(".azure.com") else {}
        return {"Authorization": f"Bearer {self._key}", **azure}

    def _hidden(self, said: object) -> str:
        text = " ".join(str(said).split())
        return (text.replace(self._key, "…") if self._key else text)[:TOLD]

    def _too_slow(self) -> Unreachable:
        return Unreachable(
            f"the language model at {self._host} took more than {self._seconds:g} s: ask again, or raise chat_seconds"
        )

    def _check(self, response: "httpx.Response") -> None:
        if response.status_code == 200:  # noqa: PLR2004 - OK
            return
        said = b""
        for chunk in response.iter_bytes():
            said += chunk
            if len(said) >= LINE:
                break
        why = self._hidden(said.decode("utf-8", "replace"))
        hint = f"; its key is read from {KEY}" if response.status_code in (401, 403) else ""
        raise ModelError(f"the language model at {self._host} refused with status {response.status_code}: {why}{hint}")

    def _pieces(self, response: "httpx.Response", deadline: float) -> Iterator[str]:
        if "json" in response.headers.get("content-type", ""):  # an endpoint that does not stream
            yield _text(self._event(b"".join(self._bounded(response, deadline))), "message")
            return
        for event in self._events(response, deadline):
            yield _text(event, "delta")

    def _events(self, response: "httpx.Response", deadline: float) -> Iterator[Mapping[str, Any]]:
        rest, count = b"", 0
        for chunk in self._bounded(response, deadline):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LINE:
                raise ModelError(
                    f"the language model at {self._host} sends lines without end: is it an OpenAI-compatible endpoint?"
                )
            for line in lines:
                if not line.startswith(b"data:"):
                    continue
                data = line[len(b"data:") :].strip()
                if data == b"[DONE]":
                    return
                count += 1
                yield self._event(data)
        if not count:
            raise ModelError(f"the language model at {self._host} sent no message: chat_url must end before /chat/completions")
        raise Unreachable(f"the language model at {self._host} broke off before its message was whole")

    def _event(self, data: bytes) -> Mapping[str, Any]:
        try:
            event = json.loads(data)
        except ValueError as error:
            raise ModelError(
                f"the language model at {self._host} sent what is no message: {self._hidden(data[:TOLD])}"
            ) from error
        if not isinstance(event, dict) or "error" in event:
            raise ModelError(
                f"the language model at {self._host} gave up: {self._hidden(data[:TOLD].decode('utf-8', 'replace'))}"
            )
        return event

    def _bounded(self, response: "httpx.Response", deadline: float) -> Iterator[bytes]:
        size = 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if time.monotonic() > deadline:
                raise self._too_slow()
            if size > SENT:
                raise ModelError(f"the language model at {self._host} sent more than {SENT:,} bytes; the rest is not read")
            yield chunk


def _said(message: Message) -> dict[str, object]:
    if not message.picture:
        return {"role": message.role, "content": message.text}
    url = "data:image/jpeg;base64," + b64encode(message.picture).decode("ascii")
    parts = [{"type": "text", "text": message.text}, {"type": "image_url", "image_url": {"url": url}}]
    return {"role": message.role, "content": parts}


def _text(event: Mapping[str, Any], key: str) -> str:
    """Give the text of an event, whatever shape a careless endpoint gives it; calls of tools are not read."""
    choices = event.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    part = first.get(key) if isinstance(first, dict) else None
    text = part.get("content") if isinstance(part, dict) else None
    return text if isinstance(text, str) else ""


def _cut(pieces: Iterator[str], letters: int) -> Iterator[str]:
    left = letters
    for piece in pieces:
        if piece:
            yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return


def load_chat(settings: Settings, environ: Mapping[str, str] = os.environ) -> EndpointChat | None:
    """Give the language model that the settings name; None where they name none."""
    return _load(settings, settings.chat_model, environ)


def load_describer(settings: Settings, environ: Mapping[str, str] = os.environ) -> EndpointChat | None:
    """Give the vision model that the settings name; None where they name none."""
    return _load(settings, settings.describe_model, environ)


def _load(settings: Settings, model: str, environ: Mapping[str, str]) -> EndpointChat | None:
    if not settings.chat_url or not model:
        return None
    return EndpointChat(settings.chat_url, model, seconds=settings.chat_seconds, key=environ.get(KEY, ""))
