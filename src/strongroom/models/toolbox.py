"""All models of a room, each loaded when first asked for."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from strongroom.domain.settings import Settings
from strongroom.models.chat import load_chat
from strongroom.models.filetypes import FileTypes
from strongroom.models.languages import LanguageIdentifier
from strongroom.models.ocr import NoOcr, RapidOcr
from strongroom.models.speech import load_speech
from strongroom.models.store import ModelStore
from strongroom.models.terms import load_terms
from strongroom.models.text import load_text_embedder
from strongroom.models.voices import load_voices
from strongroom.ports.chat import ChatModel
from strongroom.ports.tools import (
    EntityModel,
    LanguageDetector,
    OcrModel,
    PictureModel,
    SpeechModel,
    TermModel,
    TextEmbedder,
    VoiceDetector,
)

T = TypeVar("T")


class Toolbox:
    """The models of a room (`strongroom.ports.Tools`), and the file types. Threads may share it."""

    def __init__(self, settings: Settings, store: ModelStore | None = None, *, threads: int = 1) -> None:
        """Take the settings; nothing is loaded yet.

        Args:
            settings: Say which models.
            store: Where they are; None is the one that the settings name.
            threads: Processor threads that one model may use: one in a worker, more where a single query waits.
        """
        self._settings = settings
        self._store = store or ModelStore.of(settings)
        self._threads = threads
        self._loaded: dict[str, Any] = {}
        self._lock = threading.RLock()

    def _once(self, name: str, load: Callable[[], T]) -> T:
        if name not in self._loaded:
            with self._lock:
                if name not in self._loaded:
                    self._loaded[name] = load()
        loaded: T = self._loaded[name]
        return loaded

    @property
    def text(self) -> TextEmbedder:
        """The text embedder."""
        return self._once("text", lambda: load_text_embedder(self._settings, self._store, self._threads))

    @property
    def questions(self) -> TextEmbedder:
        """The text embedder for single questions, on one thread.

        Of ten tokens a second thread takes away no time, and costs a fifth to two fifths more of it; and who asks does not
        wait for sentences that are being embedded for others. The vectors are the same.
        """
        if self._threads == 1:
            return self.text
        return self._once("questions", lambda: load_text_embedder(self._settings, self._store, 1))

    @property
    def pictures(self) -> PictureModel:
        """The picture model."""
        return self._once("pictures", self._load_pictures)

    def _load_pictures(self) -> PictureModel:
        from strongroom.models.pictures import load_picture_model

        return load_picture_model(self._settings, self._store, self.text, self._threads)

    @property
    def ocr(self) -> OcrModel:
        """The reader of text in pictures."""
        return self._once("ocr", lambda: NoOcr() if self._settings.ocr_model == "none" else RapidOcr(self._threads))

    @property
    def voices(self) -> VoiceDetector:
        """The detector of speech."""
        return self._once("voices", lambda: load_voices(self._store))

    @property
    def speech(self) -> SpeechModel | None:
        """The writer of what is said; None where the settings want none."""
        return self._once("speech", lambda: load_speech(self._settings, self._store, self._threads))

    @property
    def languages(self) -> LanguageDetector:
        """The language detector."""
        return self._once("languages", LanguageIdentifier)

    @property
    def filetypes(self) -> FileTypes:
        """The teller of file types."""
        return self._once("filetypes", FileTypes)

    @property
    def names(self) -> EntityModel | None:
        """The finder of names; None where it is not pulled, or not wanted."""
        return self._once("names", self._load_names)

    def _load_names(self) -> EntityModel | None:
        from strongroom.models.entities import load_names

        return load_names(self._settings, self._store)

    @property
    def terms(self) -> TermModel | None:
        """What tells how much of a question a text takes up; None where it is not pulled."""
        return self._once("terms", lambda: load_terms(self._store))

    @property
    def chat(self) -> ChatModel | None:
        """The language model that writes answers; None where the settings name none."""
        return self._once("chat", lambda: load_chat(self._settings))

    @property
    def office(self) -> str:
        """Which office reader the room wants: ``auto``, ``libreoffice`` or ``builtin``."""
        return self._settings.office
