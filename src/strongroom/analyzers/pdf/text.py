"""The text of one page: cleaned, and with a way back from each character to its place on the page."""

import re
import unicodedata
from bisect import bisect_right
from ctypes import byref, c_double, c_int
from itertools import pairwise
from typing import Any

import pypdfium2.raw as pdfium

from strongroom.domain.locator import Box

_GRID = 1_000_000
"""Steps across a page when its coordinates are asked of PDFium."""
_MOST_RECTANGLES = 400
"""Rectangles looked at for one passage."""
_SAMPLE = 48
"""Characters whose mapping is tested."""
_WRONG, _BLIND = 0.3, 0.5
"""Of the characters: so many that stand for nothing, or so many of the sample without a mapping, make a layer garbage."""
_PLAIN, _FEWEST, _VOWELS = 0.95, 0.25, 0.6
"""Of a text that reads well: plain characters at least, and vowels among its letters from and to."""
_SAME_LINE, _GAP = 0.5, 2.5
"""Two rectangles are one line when they share so much of their height, and lie within so many heights of each other."""

_LIGATURES = {
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st",
}  # fmt: skip
_ODD = re.compile(
    "\r\n|\ufffe|\u00ad|[\ufb00-\ufb06]|[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]{2,}|[\u00a0\u2000-\u200a\u202f\u205f]"
    "|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\ufeff]+|[\ud800-\udfff]"
)
_UNMAPPED = re.compile("[\ue000-\uf8ff\ufffd\x00-\x08\x0e-\x1f]")


class PageFrame:
    """Where things are shown on one page; it must not outlive the page."""

    def __init__(self, page: Any) -> None:
        """Take an open ``pypdfium2.PdfPage``."""
        self._page = page
        self._affine: tuple[float, ...] | None = None

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """Turn a rectangle in the page's own units (origin at the bottom left) into a box on the page as it is shown."""
        if self._affine is None:
            self._affine = _affine(self._page)
        return placed(self._affine, left, bottom, right, top)


class PageText(PageFrame):
    """The text layer of one page; it must not outlive the page."""

    def __init__(self, page: Any) -> None:
        """Load the text of a page.

        Args:
            page: An open ``pypdfium2.PdfPage``.
        """
        super().__init__(page)
        self._text_page = page.get_textpage()
        self.raw: str = self._text_page.get_text_range(errors="replace") if self._text_page.count_chars() else ""
        self.text, self._clean, self._dirty = cleaned(self.raw)

    def close(self) -> None:
        """Give the memory back."""
        self._text_page.close()

    @property
    def count(self) -> int:
        """Characters that are not white space."""
        return sum(map(len, self.text.split()))

    def is_garbage(self) -> bool:
        """Say whether the layer's characters stand for nothing: glyphs without a mapping to Unicode."""
        head = self.raw[:4000]
        solid = sum(map(len, head.split()))
        if not solid:
            return False
        if len(_UNMAPPED.findall(head)) > _WRONG * solid:
            return True
        sample = [at for at in range(0, len(head), max(1, len(head) // _SAMPLE)) if not head[at].isspace()]
        index = pdfium.FPDFText_GetCharIndexFromTextIndex
        unmapped = pdfium.FPDFText_HasUnicodeMapError
        blind: int = sum(unmapped(self._text_page, index(self._text_page, at)) == 1 for at in sample)
        return blind > _BLIND * len(sample) and not reads_well(head)

    def boxes(self, start: int, end: int) -> tuple[Box, ...]:
        """Give the lines of a part of the text as boxes on the page as it is shown (rotated, cropped).

        Args:
            start: First character in `text`.
            end: One past the last.
        """
        index = pdfium.FPDFText_GetCharIndexFromTextIndex
        first = index(self._text_page, self._place(start))
        last = index(self._text_page, self._place(end - 1))
        if first < 0 or last < first:
            return ()
        count = pdfium.FPDFText_CountRects(self._text_page, first, last - first + 1)
        left, top, right, bottom = c_double(), c_double(), c_double(), c_double()
        edges = byref(left), byref(top), byref(right), byref(bottom)
        return merged(
            [
                self.box(left.value, bottom.value, right.value, top.value)
                for i in range(min(count, _MOST_RECTANGLES))
                if pdfium.FPDFText_GetRect(self._text_page, i, *edges)
            ]
        )

    def _place(self, at: int) -> int:
        """Give the place in the raw text of a character of the cleaned one."""
        i = bisect_right(self._clean, at) - 1
        return min(self._dirty[i] + at - self._clean[i], max(0, len(self.raw) - 1))


def reads_well(text: str) -> bool:
    """Say whether a text looks like words in Latin letters, as guessed ones often do: with vowels, and little else."""
    bare = "".join(char for char in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(char))
    letters = [char for char in bare if char.isascii() and char.isalpha()]
    plain = sum(char.isascii() and (char.isalnum() or char.isspace() or char in ".,;:!?/'\"()-") for char in bare)
    vowels = sum(char in "aeiouy" for char in letters)
    return plain >= _PLAIN * len(bare) and _FEWEST * len(letters) <= vowels <= _VOWELS * len(letters) and bool(letters)


def cleaned(raw: str) -> tuple[str, list[int], list[int]]:
    """Join hyphenated words, spell out ligatures, and make odd spaces plain.

    Args:
        raw: As PDFium gives it: lines end in CR LF, and U+FFFE stands for a hyphen at the end of a line.

    Returns:
        The text, and two lists of equal length: where runs of it start, and where these start in the raw text.
    """
    parts: list[str] = []
    clean, dirty = [0], [0]
    at = length = 0
    for match in _ODD.finditer(raw):
        start, end = match.span()
        plain = _plain(match.group(), raw, start, end)
        parts += (raw[at:start], plain)
        length += start - at + len(plain)
        clean.append(length)
        dirty.append(end)
        at = end
    parts.append(raw[at:])
    return "".join(parts), clean, dirty


def _plain(odd: str, raw: str, start: int, end: int) -> str:
    if odd == "\r\n":
        return "\n"
    if odd == "\ufffe":
        before, after = raw[max(0, start - 2) : start], raw[end : end + 1]
        return "" if len(before) == 2 and before.isalpha() and after.islower() else "-"  # noqa: PLR2004
    if odd in _LIGATURES:
        return _LIGATURES[odd]
    if "\ud800" <= odd <= "\udfff":
        return "\ufffd"
    return " " if odd[0] in " \t" or odd.isspace() else ""


def _affine(page: Any) -> tuple[float, ...]:
    """Ask PDFium where three points of the page are shown; rotation and crop box are in the answer."""
    points = []
    x, y = c_int(), c_int()
    for across, up in ((0, 0), (1000, 0), (0, 1000)):
        pdfium.FPDF_PageToDevice(page, 0, 0, _GRID, _GRID, 0, across, up, byref(x), byref(y))
        points.append((x.value / _GRID, y.value / _GRID))
    (x0, y0), (x1, y1), (x2, y2) = points
    return x0, (x1 - x0) / 1000, (x2 - x0) / 1000, y0, (y1 - y0) / 1000, (y2 - y0) / 1000


def placed(affine: tuple[float, ...], left: float, bottom: float, right: float, top: float) -> Box:
    """Apply the way from page units to fractions, and clip at the page's edges."""
    x0, xa, xb, y0, ya, yb = affine
    xs = (x0 + xa * left + xb * bottom, x0 + xa * right + xb * top)
    ys = (y0 + ya * left + yb * bottom, y0 + ya * right + yb * top)
    return _clip(min(xs)), _clip(min(ys)), _clip(max(xs)), _clip(max(ys))


def _clip(value: float) -> float:
    if value <= 0.0:
        return 0.0
    return 1.0 if value >= 1.0 else int(value * 100_000 + 0.5) / 100_000


def merged(boxes: list[Box]) -> tuple[Box, ...]:
    """Join boxes that follow each other on one line (PDFium starts a new one where the font changes)."""
    if not boxes:
        return ()
    lines = [boxes[0]]
    for _, box in pairwise(boxes):
        last = lines[-1]
        height = min(last[3] - last[1], box[3] - box[1])
        shared = min(last[3], box[3]) - max(last[1], box[1])
        if height > 0 and shared >= _SAME_LINE * height and box[0] - last[2] <= _GAP * height and box[0] >= last[0]:
            lines[-1] = (last[0], min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3]))
        else:
            lines.append(box)
    return tuple(lines)
