"""An estate of mixed files, made by code: good ones of every type, corrupt ones and hostile ones, and what each must become."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import TypeAlias

from strongroom.testing.estate import archives, documents, hostile, pictures

Maker: TypeAlias = Callable[[Random, str], bytes]


class Fate(StrEnum):
    """What may become of a file."""

    ANALYSED = "analysed"
    FAILED = "failed"
    SKIPPED = "skipped"
    REFUSED = "refused"
    """It cannot be added, with a reason."""
    IGNORED = "ignored"
    """It is no file."""


GOOD = frozenset({Fate.ANALYSED})
FAILS = frozenset({Fate.FAILED})
EITHER = frozenset({Fate.ANALYSED, Fate.FAILED})
ANY = frozenset({Fate.ANALYSED, Fate.FAILED, Fate.SKIPPED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Planted:
    """One file of the estate."""

    path: Path
    """Where it is."""
    kind: str
    """``good/docx``, ``corrupt/png``, ``hostile/zip-bomb``."""
    fates: frozenset[Fate]
    """What it may become; anything else is a fault of the reader."""
    word: str | None = None
    """A word that is found in it, or inside of it, and nowhere else in the estate."""


GOOD_KINDS: dict[str, tuple[str, Maker]] = {
    "text": ("txt", documents.text),
    "text-utf16": ("txt", documents.text_utf16),
    "text-latin1": ("txt", documents.text_latin1),
    "text-koi8": ("txt", documents.text_koi8),
    "text-sjis": ("txt", documents.text_sjis),
    "markdown": ("md", documents.markdown),
    "csv": ("csv", documents.csv),
    "html": ("html", documents.html),
    "json": ("json", documents.json_),
    "xml": ("xml", documents.xml),
    "source": ("py", documents.source),
    "rtf": ("rtf", documents.rtf),
    "pdf": ("pdf", documents.pdf),
    "docx": ("docx", documents.docx),
    "xlsx": ("xlsx", documents.xlsx),
    "pptx": ("pptx", documents.pptx),
    "odt": ("odt", documents.odt),
    "epub": ("epub", documents.epub),
    "eml": ("eml", archives.eml),
    "mbox": ("mbox", archives.mbox),
    "zip": ("zip", archives.zip_),
    "zip-nested": ("zip", archives.nested),
    "tar": ("tar", archives.tar),
    "tar-gz": ("tar.gz", archives.tar_gz),
    "gz": ("txt.gz", archives.gz),
    "bz2": ("txt.bz2", archives.bz2_),
    "xz": ("txt.xz", archives.xz),
    "7z": ("7z", archives.sevenzip),
    "jpeg": ("jpg", pictures.jpeg),
    "png": ("png", pictures.png),
    "webp": ("webp", pictures.webp),
    "tiff": ("tif", pictures.tiff),
    "gif": ("gif", pictures.gif),
    "bmp": ("bmp", pictures.bmp),
}
"""Extension and maker."""

WORDLESS = frozenset({"jpeg", "png", "webp", "tiff", "gif", "bmp"})
"""Kinds that say no word."""

CORRUPT_KINDS = (
    *("pdf", "docx", "xlsx", "pptx", "odt", "epub", "eml", "zip", "zip-nested", "tar", "tar-gz", "gz", "bz2", "xz", "7z"),
    *("jpeg", "png", "webp", "tiff", "gif", "bmp", "text-utf16", "html", "json", "xml", "rtf"),
)
"""Good kinds that are cut short, or in which bytes are changed."""

HOSTILE_KINDS: dict[str, tuple[str, Maker, frozenset[Fate]]] = {
    "zip-bomb": ("zip", hostile.zip_bomb, FAILS),
    "zip-overlap": ("zip", hostile.zip_overlap, FAILS),
    "zip-nested-bomb": ("zip", hostile.zip_nested_bomb, EITHER),
    "gzip-endless": ("gz", hostile.gzip_endless, FAILS),
    "xz-bomb": ("xz", hostile.xz_bomb, FAILS),
    "zip-deep": ("zip", hostile.zip_deep, GOOD),
    "zip-encrypted": ("zip", hostile.zip_encrypted, FAILS),
    "zip-names": ("zip", hostile.zip_names, EITHER),
    "zip-many": ("zip", hostile.zip_many, EITHER),
    "tar-links": ("tar", hostile.tar_links, GOOD),
    "tar-lie": ("tar", hostile.tar_lie, EITHER),
    "xml-entities": ("xml", hostile.xml_entities, EITHER),
    "xml-outside": ("xml", hostile.xml_outside, EITHER),
    "docx-entities": ("docx", hostile.docx_entities, EITHER),
    "docx-bomb": ("docx", hostile.docx_bomb, EITHER),
    "json-deep": ("json", hostile.json_deep, EITHER),
    "html-deep": ("html", hostile.html_deep, EITHER),
    "text-line": ("txt", hostile.text_line, EITHER),
    "csv-wide": ("csv", hostile.csv_wide, EITHER),
    "pdf-circle": ("pdf", hostile.pdf_circle, EITHER),
    "pdf-lie": ("pdf", hostile.pdf_lie, EITHER),
    "png-huge": ("png", hostile.png_huge, FAILS),
    "gif-frames": ("gif", hostile.gif_frames, EITHER),
    "eml-deep": ("eml", hostile.eml_deep, EITHER),
    "eml-names": ("eml", hostile.eml_names, EITHER),
    "polyglot": ("pdf", hostile.polyglot, GOOD),
    "noise": ("bin", hostile.noise, ANY),
    "ole-noise": ("doc", hostile.ole_noise, ANY),
    "tiff-circle": ("tif", hostile.tiff_circle, ANY),
    "gz-cut": ("txt.gz", hostile.truncated_stream, EITHER),
    "png-as-pdf": ("pdf", pictures.png, GOOD),
    "text-as-jpg": ("jpg", documents.text, ANY),
    "pdf-without-extension": ("", documents.pdf, GOOD),
}
"""Extension, maker and fates."""

ODD_NAMES = (
    b"new\nline.txt",
    b"not-utf8-\xff\xfe-caf\xe9.txt",
    b"x" * 240 + b".txt",
    "\N{CJK UNIFIED IDEOGRAPH-6E2F}\N{GRINNING FACE}.txt".encode(),
    b" leading and trailing .txt ",
    b"-rf",
    b"...",
    b"back\\slash.txt",
    b"per%cent%2e%2e.txt",
    b"escape\x1b[31m.txt",
    b"quote'\"`$(id).txt",
    "e\N{COMBINING ACUTE ACCENT}.txt".encode(),
    "\N{LATIN SMALL LETTER E WITH ACUTE}.txt".encode(),
)
"""Names that a disk allows."""


def write_estate(folder: Path, count: int = 1000, seed: int = 0) -> tuple[Planted, ...]:
    """Write an estate; equal counts and seeds give equal bytes.

    Args:
        folder: Where; it is made.
        count: How many entries in all, at least a hundred and twenty: one of each kind that is not good, the rest good ones
            in turn.
        seed: Of all that is chosen.

    Returns:
        Every entry, in the order of writing.
    """
    rng = Random(seed)  # noqa: S311 - not for secrets
    planted = [*_special(folder, rng), *_odd_names(folder, rng), *_hostile(folder, rng), *_corrupt(folder, rng)]
    kinds = list(GOOD_KINDS)
    for number in range(max(count - len(planted), len(kinds))):
        kind = kinds[number % len(kinds)]
        extension, make = GOOD_KINDS[kind]
        said = word(len(planted))
        path = folder / "good" / f"{number % 17:02}" / f"{kind}-{number:05}.{extension}"
        planted.append(_write(path, make(rng, said), f"good/{kind}", GOOD, None if kind in WORDLESS else said))
    return tuple(planted)


def word(number: int) -> str:
    """Give a word that stands for a number and is in no language."""
    letters = ""
    for _ in range(5):
        number, rest = divmod(number, 20)
        letters += "bcdfghjklmnprstvwxyz"[rest] + "aeiou"[rest % 5]
    return "q" + letters


def _write(path: Path, data: bytes, kind: str, fates: frozenset[Fate], said: str | None = None) -> Planted:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return Planted(path=path, kind=kind, fates=fates, word=said)


def _hostile(folder: Path, rng: Random) -> Iterator[Planted]:
    for kind, (extension, make, fates) in HOSTILE_KINDS.items():
        path = folder / "hostile" / (f"{kind}.{extension}" if extension else kind)
        yield _write(path, make(rng, "hostile"), f"hostile/{kind}", fates)


def _corrupt(folder: Path, rng: Random) -> Iterator[Planted]:
    for kind in CORRUPT_KINDS:
        extension, make = GOOD_KINDS[kind]
        for way in ("cut", "changed"):
            data = bytearray(make(rng, f"corrupt{way}{kind}".replace("-", "")))
            if way == "cut":
                del data[rng.randrange(len(data) // 4, len(data) * 3 // 4) :]
            else:
                for _ in range(max(len(data) // 200, 4)):
                    data[rng.randrange(len(data))] = rng.randrange(256)
            yield _write(folder / "corrupt" / f"{kind}-{way}.{extension}", bytes(data), f"corrupt/{kind}", ANY)


def _odd_names(folder: Path, rng: Random) -> Iterator[Planted]:
    for number, name in enumerate(ODD_NAMES):
        path = folder / "names" / os.fsdecode(name)
        yield _write(path, documents.text(rng, word(900_000 + number)), "name", GOOD, word(900_000 + number))
    deep = folder / "names" / Path(*["deep"] * 40) / "bottom.txt"
    yield _write(deep, documents.text(rng, word(950_000)), "name", GOOD, word(950_000))


def _special(folder: Path, rng: Random) -> Iterator[Planted]:
    """Write what is empty, locked, or no file at all."""
    here = folder / "special"
    for extension in ("", ".txt", ".pdf", ".jpg", ".zip", ".docx"):
        yield _write(here / f"empty{extension}", b"", "special/empty", frozenset({Fate.SKIPPED, Fate.ANALYSED}))
    first = _write(here / "twin.txt", documents.text(rng, word(960_000)), "special/twin", GOOD, word(960_000))
    yield first
    yield _write(here / "twin-again.txt", first.path.read_bytes(), "special/twin", GOOD)
    locked = _write(here / "locked.txt", documents.text(rng, word(970_000)), "special/locked", GOOD)
    locked.path.chmod(0)
    everyone = os.access(locked.path, os.R_OK)  # root reads it nonetheless
    yield Planted(path=locked.path, kind=locked.kind, fates=GOOD if everyone else frozenset({Fate.REFUSED}))
    os.mkfifo(here / "pipe")
    for name, target in (("loop", "loop"), ("nowhere", "missing"), ("up", ".."), ("device", "/dev/zero")):
        (here / name).symlink_to(target)
    for path in sorted(here.iterdir()):
        if path.is_symlink() or stat.S_ISFIFO(path.stat().st_mode):
            yield Planted(path=path, kind="special/no-file", fates=frozenset({Fate.IGNORED}))
    (here / "link.txt").symlink_to("twin.txt")
    yield Planted(path=here / "link.txt", kind="special/link", fates=GOOD)
