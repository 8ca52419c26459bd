"""Where words stand on a page, found when a page is shown."""

import re
from collections.abc import Sequence
from pathlib import Path

import pypdfium2.raw as pdfium

from strongroom.analyzers.pdf.notes import flat
from strongroom.analyzers.pdf.opening import LOCK, opened
from strongroom.analyzers.pdf.text import PageText
from strongroom.domain.locator import Box

_MOST = 1000
"""Matches drawn on one page."""


def pattern_of(words: Sequence[str], *, whole: bool = True) -> re.Pattern[str] | None:
    """Give what matches words and phrases, whatever their letter case and line breaks; None where there are none.

    Args:
        words: Words or phrases.
        whole: Whether only whole words match.
    """
    phrases = [r"\s+".join(map(re.escape, word.split())) for word in words if word.strip()]
    if not phrases:
        return None
    either = "(?:" + "|".join(sorted(phrases, key=len, reverse=True)) + ")"
    return re.compile(rf"(?<!\w){either}(?!\w)" if whole else either, re.IGNORECASE)


def match_boxes(file: Path | str | bytes, page: int, words: Sequence[str]) -> list[Box]:
    """Find words on a page.

    Args:
        file: A PDF: path or bytes.
        page: Counted from 1.
        words: Words or phrases; letter case and line breaks do not matter, and only whole words match.

    Returns:
        A box for each line of each match in reading order, as fractions of the page as it is shown; empty where the page
        has none of them, no text layer, or does not exist.

    Raises:
        AnalysisError: The document cannot be opened.
    """
    pattern = pattern_of(words)
    if pattern is None:
        return []
    with LOCK, opened(file) as document:
        if not 1 <= page <= len(document):
            return []
        if document.get_formtype() != pdfium.FORMTYPE_NONE:
            document.init_forms()
        leaf = flat(document, document[page - 1], page - 1)
        text = PageText(leaf)
        found: list[Box] = []
        for match in pattern.finditer(text.text):
            found += text.boxes(*match.span())
            if len(found) >= _MOST:
                break
        text.close()
        leaf.close()
        return found
