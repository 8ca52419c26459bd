"""Every setting of a room, declared once: flags, environment variables and the docs page come from here."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from strongroom.errors import SettingError

PREFIX = "STRONGROOM_"
GIB = 1024**3


def _setting(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings of one room.

    Each comes from, in falling order: an argument, ``STRONGROOM_<NAME>`` in the environment, ``settings.toml`` in the
    room's directory, the default below.
    """

    catalog_url: str = _setting("", "SQLAlchemy URL of the catalog; empty is SQLite in the room's directory")
    vault_url: str = _setting("", "where objects are kept: file://, s3://, az:// or gs://; empty is the room's directory")
    index_url: str = _setting("", "where the segments table is kept; empty is the room's directory")
    models_dir: str = _setting("", "model store; empty is the user's cache directory, shared by all rooms")
    text_model: str = _setting("minilm-l6-int8", "text embedding model: a name in `strongroom models list`")
    picture_model: str = _setting(
        "efficientnet-lite0", "picture model: a name in the zoo, or a directory with an ONNX CLIP model"
    )
    ocr_model: str = _setting("rapidocr", "reader of text in pictures: rapidocr, or none")
    speech_model: str = _setting(
        "whisper-base-int8", "speech to text: a name in the zoo, a directory with a CTranslate2 Whisper model, or none"
    )
    speech_language: str = _setting("", "language that recordings are in, such as en; empty hears it from each")
    entity_model: str = _setting(
        "en-core-web-sm",
        "finder of people, organisations and places in texts: a name in the zoo, or none for no entities at all",
    )
    chat_url: str = _setting(
        "",
        "base URL of an OpenAI-compatible endpoint whose language model writes the answers, such as "
        "http://127.0.0.1:11434/v1; empty quotes the sources instead. Its key is read from STRONGROOM_CHAT_KEY alone",
    )
    chat_model: str = _setting("", "what that endpoint calls the language model")
    describe_model: str = _setting(
        "", "what that endpoint calls a vision model that describes every picture in words; empty describes none"
    )
    chat_seconds: float = _setting(120.0, "seconds that the language model may take for one answer")
    office: str = _setting("auto", "office reader: libreoffice, builtin, or auto (LibreOffice where it is installed)")
    plugins: bool = _setting(default=True, text="whether analyzers from installed packages are loaded")
    workers: int = _setting(0, "worker processes; 0 is one a core")
    batch: int = _setting(16, "contents handed to a worker at a time")
    file_seconds: float = _setting(300.0, "seconds that one content may take before its worker is stopped")
    stretch_seconds: float = _setting(60.0, "seconds of work on one long recording after which it is saved how far it is read")
    follow_rate: float = _setting(0.0, "contents a second that are read at the most while files arrive; 0 is no bound")
    copy_sources: str = _setting(
        "",
        "servers from which blob clients may have copied: hosts such as *.blob.core.windows.net, and networks such as "
        "10.0.0.0/8 for private ones, with commas between; empty is none but this one",
    )
    webhook_hosts: str = _setting(
        "", "hosts to which alerts of saved searches may be posted, written as for copy_sources; empty is none"
    )
    change_feed: bool = _setting(default=False, text="whether what happens to blobs is written down for `strongroom changes`")
    file_memory: int = _setting(3 * GIB // 2, "bytes of memory that a worker may hold before it is stopped")
    member_depth: int = _setting(8, "how deep archives within archives (and mail within mail) are opened")
    member_count: int = _setting(100_000, "members that one content may have")
    member_bytes: int = _setting(64 * GIB, "bytes that the members of one content may have together")
    member_ratio: float = _setting(200.0, "how many times larger than the archive its members may be, beyond 64 MiB")
    serve_header_bytes: int = _setting(32 << 10, "bytes that a request's first line and headers may have together")
    serve_target_bytes: int = _setting(16 << 10, "bytes that a request's URL may have")
    serve_header_seconds: float = _setting(20.0, "seconds within which a request's headers must have come")
    serve_body_seconds: float = _setting(60.0, "seconds for which a client may send nothing of a body, or read nothing")
    serve_keep_alive_seconds: int = _setting(75, "seconds for which a connection without a request stays open")
    serve_connections: int = _setting(1000, "connections that the server holds at a time")
    serve_uploads: int = _setting(64, "requests with a body that are worked on at a time; others wait")
    serve_threads: int = _setting(16, "requests without a body that are worked on at a time; others wait")
    serve_wait_seconds: float = _setting(30.0, "seconds for which a request waits for its turn")
    page_rate: float = _setting(100.0, "requests a second that one actor, and one address, may make to the page and the API")
    page_burst: float = _setting(1000.0, "requests that they may make at once before that counts")
    bearer_issuer: str = _setting("", "whose bearer tokens are believed: the `iss` of them; several with commas between")
    bearer_audience: str = _setting(
        "https://storage.azure.com,e406a681-f3d4-42a8-90b6-c2b029497af1,https://{account}.blob.core.windows.net",
        "for whom bearer tokens must be: the `aud` of them; {account} stands for the account that is asked",
    )
    bearer_jwks: str = _setting("", "the issuer's public keys (JWKS): a path, or an https:// URL")

    def __post_init__(self) -> None:
        """Refuse values that no room can have.

        Raises:
            SettingError: Names the setting and what it can be.
        """
        if self.office not in ("auto", "libreoffice", "builtin"):
            raise SettingError(f"office is {self.office!r}: it can be auto, libreoffice or builtin")
        if self.ocr_model not in ("rapidocr", "none"):
            raise SettingError(f"ocr_model is {self.ocr_model!r}: it can be rapidocr or none")
        if self.speech_language and not (self.speech_language.isascii() and self.speech_language.islower()):
            raise SettingError(f"speech_language is {self.speech_language!r}: it can be empty, or a code such as en or de")
        positive = ("batch", "chat_seconds", "file_seconds", "stretch_seconds", "file_memory")
        for name in (*positive, *(f.name for f in fields(self) if f.name.startswith(("member_", "serve_", "page_")))):
            if getattr(self, name) <= 0:
                raise SettingError(f"{name} is {getattr(self, name)}: it must be greater than 0")
        if self.follow_rate < 0:
            raise SettingError(f"follow_rate is {self.follow_rate}: it must be 0 (no bound) or more")
        self._check_chat()
        if bool(self.bearer_issuer) != bool(self.bearer_jwks):
            raise SettingError("bearer_issuer and bearer_jwks go together: whose tokens are believed, and with which keys")
        if self.workers < 0:
            raise SettingError(f"workers is {self.workers}: it must be 0 (one a core) or more")

    def _check_chat(self) -> None:
        if bool(self.chat_url) != bool(self.chat_model or self.describe_model):
            raise SettingError(
                "chat_url and chat_model (or describe_model) go together: where the model is, and what it is called there"
            )
        if not self.chat_url:
            return
        if "@" in self.chat_url:
            raise SettingError("chat_url holds a name or a password: give the key in the variable STRONGROOM_CHAT_KEY instead")
        try:
            url = urlsplit(self.chat_url)
            good = url.scheme in ("http", "https") and bool(url.hostname) and not url.query and url.port != 0
        except ValueError:
            good = False
        if not good:
            raise SettingError(f"chat_url is {self.chat_url!r}: it must be a URL such as http://127.0.0.1:11434/v1")

    @property
    def models(self) -> list[str]:
        """The models that analyses use."""
        return [
            self.text_model,
            self.picture_model,
            self.ocr_model,
            self.speech_model,
            self.entity_model,
            *filter(None, [self.describe_model]),
        ]

    @property
    def worker_count(self) -> int:
        """Worker processes to start."""
        return self.workers or len(os.sched_getaffinity(0))


def _convert(name: str, kind: object, value: object) -> object:
    if kind is bool and isinstance(value, str):
        if value.lower() in ("1", "true", "yes", "on"):
            return True
        if value.lower() in ("0", "false", "no", "off"):
            return False
        raise SettingError(f"{name} is {value!r}: it can be true or false")
    if isinstance(kind, type) and isinstance(value, kind):
        return value
    try:
        return kind(value)  # type: ignore[operator]
    except (TypeError, ValueError) as error:
        raise SettingError(f"{name} is {value!r}: it must be of type {getattr(kind, '__name__', kind)}") from error


def load_settings(file: Path | None, environ: Mapping[str, str], **arguments: object) -> Settings:
    """Put the settings of a room together.

    Args:
        file: The room's ``settings.toml``; it need not exist.
        environ: The environment.
        arguments: Settings given by the caller; None means not given.

    Raises:
        SettingError: A value cannot be, or a name in the file is unknown.
    """
    known = {f.name: f for f in fields(Settings)}
    given: dict[str, object] = {}
    if file is not None and file.exists():
        try:
            given.update(tomllib.loads(file.read_text("utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingError(f"{file} is not valid TOML: {error}") from error
    given.update({name: environ[PREFIX + name.upper()] for name in known if PREFIX + name.upper() in environ})
    given.update({name: value for name, value in arguments.items() if value is not None})
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise SettingError(f"no such setting: {', '.join(unknown)}; `strongroom settings` lists them all")
    return replace(Settings(), **{name: _convert(name, known[name].type, value) for name, value in given.items()})  # type: ignore[arg-type]
