"""How well German, French and Spanish texts are found by the default text model and by the multilingual one, and at what cost.

Run: ``strongroom models pull multilingual-e5-small-q4``, then ``python bench/languages.py``. The texts are manual pages that
are installed in several languages: of each the first 80 words of its description, to be found by the line that says what it
is for. Debian: man-db, and any packages with translated pages, such as dpkg and apt.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

import strongroom
from strongroom.domain.settings import Settings
from strongroom.models.store import ModelStore
from strongroom.models.text import load_text_embedder
from strongroom.models.zoo import E5_SMALL_Q4, MINILM

LANGUAGES = {"de": "BESCHREIBUNG", "fr": "DESCRIPTION", "es": "DESCRIPCI[ÓO]N", "en": "DESCRIPTION"}
"""How the section is headed; English last, since only pages that are there in another language are taken."""
WORDS = 80
Page = tuple[str, str]
"""What it is for, and how its description begins."""


def read(file: Path, heading: str) -> Page | None:
    """Give a manual page; None where it has not the usual sections."""
    told = {**os.environ, "MANWIDTH": "2000", "LC_ALL": "C.UTF-8", "MANROFFOPT": "-c"}
    done = subprocess.run(["man", "--nh", "--nj", "-l", file], capture_output=True, env=told, check=False)
    sections = re.split(r"^(?=\S)", re.sub(".\b", "", done.stdout.decode("utf-8", "replace")), flags=re.MULTILINE)
    about = next((re.split(r" [-–—] ", one, maxsplit=1)[1] for one in sections[1:3] if re.search(r" [-–—] ", one)), "")  # noqa: RUF001
    description = next((one for one in sections if re.match(heading, one)), "")
    asked, text = about.split("\n")[0].strip(), " ".join(description.split()[1 : WORDS + 1])
    return (asked, text) if len(asked) >= 12 and len(text) >= 120 else None


def pages() -> dict[str, dict[str, Page]]:
    """Give the pages of each language, none twice."""
    found: dict[str, dict[str, Page]] = {}
    for language, heading in LANGUAGES.items():
        folder = Path("/usr/share/man") / ("" if language == "en" else language)
        files = sorted(file for section in "18" for file in folder.glob(f"man{section}/*.gz"))
        if language == "en":
            files = [file for file in files if any(file.stem in others for others in found.values())]
        with ThreadPoolExecutor(2) as pool:
            read_pages = list(pool.map(lambda file, heading=heading: read(file, heading), files))
        once = {page: file.stem for file, page in zip(files, read_pages, strict=True) if page}
        found[language] = {name: page for page, name in once.items()}
    return found


def name_of(language: str, page: str) -> str:
    """Give a file's name without the page's, which would be found by its words."""
    return f"{language}/{hash_of(page)}.txt"


def hash_of(page: str) -> str:
    """Give a short name that says nothing."""
    return f"{int.from_bytes(page.encode()) % 999_999_937:09d}"


def judged(model: str, found: dict[str, dict[str, Page]], folder: Path) -> Iterator[list[str]]:
    """Fill a room and yield a line of figures for each language."""
    for language, of_language in found.items():
        (folder / "files" / language).mkdir(parents=True, exist_ok=True)
        for page, (_, text) in of_language.items():
            (folder / "files" / name_of(language, page)).write_text(text, "utf-8")
    with strongroom.init(folder / model, text_model=model, entity_model="none", workers=1) as room:
        room.add([f"{folder / 'files'}/"], to="pages")
        room.analyze()
        for language, of_language in found.items():
            places, elsewhere = [], []
            for page, (asked, _) in of_language.items():
                hits = ["/".join(str(hit.names[0]).split("/")[-2:]) for hit in room.search(asked, limit=10).hits]
                right = name_of(language, page)
                places.append(hits.index(right) if right in hits else np.inf)
                if others := {name_of(other, page) for other in found if other != language and page in found[other]}:
                    elsewhere.append(bool(others & {*hits}))
            at = np.array(places)
            yield [
                model,
                language,
                str(len(at)),
                f"{(at == 0).mean():.3f}",
                f"{(at < 10).mean():.3f}",
                f"{(1 / (1 + at)).mean():.3f}",
                f"{np.mean(elsewhere):.3f}",
            ]


def speed(model: str, texts: list[str]) -> float:
    """Give the texts that a second of one core embeds."""
    embedder = load_text_embedder(Settings(text_model=model), ModelStore())
    embedder.embed(texts[:16])
    started = time.process_time()
    embedder.embed(texts)
    return len(texts) / (time.process_time() - started)


def main() -> None:
    """Print both tables."""
    found = pages()
    models = (MINILM.name, E5_SMALL_Q4.name)
    table = Table("model", "language", "pages", "first", "in ten", "MRR", "in another language in ten")
    with TemporaryDirectory() as scratch:
        for model in models:
            for line in judged(model, found, Path(scratch)):
                table.add_row(*line)
    Console().print(table)
    for language in found:
        texts = [text for _, text in found[language].values()][:100]
        Console().print(language, {model: f"{speed(model, texts):.0f} passages/s" for model in models})


if __name__ == "__main__":
    main()
