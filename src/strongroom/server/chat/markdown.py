"""Answers as Markdown, which chat programs draw: what a document says is escaped, so that it can neither link nor load."""

import re
from collections.abc import Sequence

from strongroom.domain.analysis import Coverage
from strongroom.domain.answer import Answer, Citation, Sentence
from strongroom.server.door.links import source_of
from strongroom.server.json_form import plain

MARKUP = re.compile(r"([\\`*_\[\]<>|~$])")
AT_START = re.compile(r"^(\d{0,9})([#+=.)-])")
ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|www|data|javascript)(?=[:.])")
NOTHING = "Nothing found that answers this."


def escaped(text: str) -> str:
    """Give text so that Markdown shows it as it is, on one line; web addresses are broken, so that none is made a link."""
    flat = " ".join(str(plain(text)).split())
    broken = ADDRESS.sub(lambda match: match[0] + "\N{WORD JOINER}", flat)
    return AT_START.sub(r"\1\\\2", MARKUP.sub(r"\\\1", broken))


class Footnotes:
    """Sources of an answer, numbered as they are first cited."""

    def __init__(self, base: str) -> None:
        """Begin with none.

        Args:
            base: Where people reach the page, for links.
        """
        self._base = base
        self._numbers: dict[str, int] = {}
        self.sources: list[Citation] = []
        """In the order of their numbers."""

    def number(self, citation: Citation) -> int:
        """Give the number of a source."""
        if citation.segment_id not in self._numbers:
            self.sources.append(citation)
            self._numbers[citation.segment_id] = len(self.sources)
        return self._numbers[citation.segment_id]

    def sentence(self, said: Sentence) -> str:
        """Give a sentence with its footnotes' marks."""
        text = f"“{escaped(said.text)}”" if said.support == "quoted" else escaped(said.text)
        marks = "".join(f"[{number}]" for number in dict.fromkeys(map(self.number, said.citations)))
        borne = " *(no source bears this out)*" if said.support == "unsupported" else ""
        return f"{text}{' ' if marks else ''}{marks}{borne}"

    def notes(self) -> str:
        """Give the footnotes, with links to the viewer."""
        return _listed("Sources", self._base, self.sources)

    def link(self, citation: Citation) -> str:
        """Give the address of a source."""
        return source_of(self._base, citation)


def ending(answer: Answer, notes: Footnotes, base: str) -> str:
    """Give what follows the sentences: the footnotes, or that nothing was found; and how much was read."""
    parts = [notes.notes()] if answer.found else [NOTHING, _listed("What came nearest, and is no answer", base, answer.nearest)]
    return "\n\n".join(part for part in (*parts, _read(answer.coverage)) if part)


def _listed(title: str, base: str, sources: Sequence[Citation]) -> str:
    if not sources:
        return ""
    lines = [f"{n}. [{escaped(one.place)}]({source_of(base, one)})" for n, one in enumerate(sources, 1)]
    return "\n".join([f"**{title}:**", "", *lines])


def _read(coverage: Coverage) -> str:
    counts = {"pending": coverage.pending, "failed": coverage.failed, "not read here": coverage.skipped}
    missing = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    return f"*Read {coverage.searched:,} of {coverage.total:,} files{missing and '; '}{missing}.*"
