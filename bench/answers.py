"""How often the right passage is quoted first, and how often "nothing found" is said where nothing answers.

Run: ``python bench/answers.py [--debian DIR] [--half fit|test] [--show]``. The documents are ``bench/papers`` (letters,
minutes, news, a contract, a report, notes) and what other packages bring: licences, descriptions of data sets
(scikit-learn), docstrings of Python, and texts of the Debian packages debian-history, doc-debian and freeciv-data, which
lie under ``--debian`` if they are not installed (``apt-get download`` and ``dpkg -x`` put them there). READMEs of installed
packages are among them too, so that there is more to read than what is asked about. The questions are in
``bench/questions.tsv``: the document, what the quoted passage must hold (``-`` where no document answers it), and the
question.

The weights that are shipped were fitted on all of these questions, so what this prints flatters them; what they do on documents
that they have not seen, ``bench/answers_fit.py --judge`` prints.
"""

import argparse
import gzip
import importlib
import inspect
import re
import shutil
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import strongroom
from strongroom.domain.answer import Answer, AnswerEvent, Looked

HERE = Path(__file__).parent
DEBIAN = {
    "debian-history-detailed.html": "debian-history/docs/detailed.en.html",
    "debian-history-releases.html": "debian-history/docs/releases.en.html",
    "debian-constitution.txt": "debian/constitution.txt.gz",
    "debian-social-contract.txt": "debian/social-contract.txt.gz",
    "debian-faq.txt": "debian/FAQ/debian-faq.en.txt.gz",
    "debian-dedications-2.2.txt": "debian-history/dedication/dedication-2.2.txt",
    "debian-dedications-5.0.txt": "debian-history/dedication/dedication-5.0.txt",
    "debian-dedications-9.0.txt": "debian-history/dedication/dedication-9.0.txt",
    "freeciv-howto.txt": "freeciv-data/HOWTOPLAY.gz",
    "base-files-faq.txt": "base-files/FAQ",
    "base-passwd-users.txt": "base-passwd/users-and-groups.txt.gz",
}
LICENCES = ("Apache-2.0", "MPL-2.0", "Artistic", "CC0-1.0")
MODULES = ("random", "difflib", "textwrap", "csv", "argparse", "decimal", "zipfile", "tarfile", "sched", "shelve")
READMES = 60


@dataclass(frozen=True, kw_only=True)
class Question:
    """One line of the list."""

    document: str
    key: str | None
    text: str

    @property
    def is_fit(self) -> bool:
        """Whether its document is of the half that scores were fitted on."""
        return sha256(self.document.encode()).digest()[0] % 2 == 0

    @property
    def fold(self) -> int:
        """Which of six parts its document is of."""
        return sha256(f"{self.document}x".encode()).digest()[1] % 6


def questions() -> list[Question]:
    """Read the list."""
    lines = [line.split("\t") for line in (HERE / "questions.tsv").read_text("utf-8").splitlines()]
    return [Question(document=document, key=None if key == "-" else key, text=text) for document, key, text in lines]


def documents(debian: Path) -> Iterator[tuple[str, str]]:
    """Give the names and the texts of all documents."""
    for file in sorted((HERE / "papers").iterdir()):
        yield file.name, file.read_text("utf-8")
    for name in LICENCES:
        yield f"{name}.txt", Path("/usr/share/common-licenses", name).read_text("utf-8")
    import sklearn

    for file in sorted((Path(sklearn.__file__).parent / "datasets" / "descr").glob("*.rst")):
        yield f"sklearn-{file.stem}.txt", file.read_text("utf-8")
    for name in MODULES:
        yield f"python-{name}.txt", _docstrings(name)
    for name, path in DEBIAN.items():
        found = next(place for root in (debian, Path("/usr/share/doc")) if (place := root / path).exists())
        yield name, _text(found)
    readmes = sorted(file for file in Path("/usr/share/doc").glob("*/README*") if 2_000 < file.stat().st_size < 60_000)
    for file in readmes[:READMES]:
        yield f"readme-{file.parent.name}.txt", _text(file)


def _text(file: Path) -> str:
    raw = file.read_bytes()
    return (gzip.decompress(raw) if file.suffix == ".gz" else raw).decode("utf-8", "replace")


def _docstrings(name: str) -> str:
    module = importlib.import_module(name)
    parts = [inspect.getdoc(module) or ""]
    for title, thing in sorted(vars(module).items()):
        if inspect.isclass(thing) and thing.__module__ == name:
            parts += [f"class {title}", inspect.getdoc(thing) or ""]
            parts += [f"{title}.{verb}: {inspect.getdoc(act)}" for verb, act in vars(thing).items() if inspect.isfunction(act)]
        elif inspect.isroutine(thing):
            parts.append(f"{title}: {inspect.getdoc(thing)}")
    return "\n\n".join(part for part in parts if part)


def make_room(path: Path, debian: Path) -> None:
    """Make the room that is asked, if it is not there."""
    if (path / "room" / "settings.toml").exists():
        return
    shutil.rmtree(path, ignore_errors=True)
    (path / "in").mkdir(parents=True)
    for name, text in documents(debian):
        (path / "in" / name).write_text(text, "utf-8")
    with strongroom.init(path / "room") as room:
        room.add([f"{path / 'in'}/"], to="papers")
        room.analyze()


def plain(text: str) -> str:
    """Give a text without line ends."""
    return " ".join(text.split())


def judged(question: Question, answer: Answer, texts: dict[str, str]) -> str:
    """Say how an answer is: right, nothing, wrong; for a question without one: nothing, invented."""
    if question.key is None:
        return "invented" if answer.found else "nothing"
    if not answer.found:
        return "nothing"
    first = answer.sentences[0].citations[0]
    passage = texts[first.segment_id]
    return "right" if re.search(question.key, plain(first.quote + " " + passage), re.IGNORECASE) else "wrong"


def main() -> None:
    """Ask every question and print the shares."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--room", type=Path, default=Path.home() / ".cache" / "strongroom" / "bench-answers")
    parser.add_argument("--debian", type=Path, default=Path("/usr/share/doc"))
    parser.add_argument("--half", choices=("fit", "test"))
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    make_room(given.room, given.debian)
    texts: dict[str, str] = {}

    def keep(event: AnswerEvent) -> None:
        if isinstance(event, Looked):
            texts.update((source.segment_id, source.quote) for source in event.sources)

    tally: dict[tuple[str, str], list[str]] = defaultdict(list)
    took = []
    with strongroom.open(given.room / "room") as room:
        for question in questions():
            half = "fit" if question.is_fit else "test"
            if given.half not in (None, half):
                continue
            begun = time.perf_counter()
            answer = room.ask(question.text, on_event=keep)
            took.append(time.perf_counter() - begun)
            verdict = judged(question, answer, texts)
            tally[half, "answerable" if question.key else "unanswerable"].append(verdict)
            if given.show and verdict in ("wrong", "invented", *(["nothing"] if question.key else [])):
                print(f"{verdict:9} {question.text}  [{question.document}]")
                for sentence in answer.sentences[:1]:
                    print(f"          {sentence.citations[0].name.blob}: {sentence.text[:160]}")
    for (half, kind), verdicts in sorted(tally.items()):
        good = verdicts.count("right" if kind == "answerable" else "nothing")
        shares = ", ".join(f"{name} {verdicts.count(name)}" for name in sorted(set(verdicts)))
        print(f"{half:5} {kind:12} {good / len(verdicts):.3f} of {len(verdicts)}: {shares}")
    print(f"a question took {statistics.median(took) * 1000:.0f} ms (median), {max(took) * 1000:.0f} ms (longest)")


if __name__ == "__main__":
    main()
