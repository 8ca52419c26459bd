"""Words of a text as the word index sees them, near enough to mark what matched and to prove a phrase.

The index folds case and diacritics and stems English (Porter 2); so does this.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

_STOP_WORDS = """
a an and are as at be but by for from had has have he her his i if in into is it its me my no not of on or our she so
such that the their then there these they this to was we were what when where which who will with you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""English words that say nothing alone; a query leaves them out unless it has no others. Phrases keep them."""

WORDS_A_QUERY = 64
"""How many different words of a query are searched for; a pasted page is cut here."""

_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0730-\u074a\u07a6-\u07b0\u0900-\u0963\u0966-\u0dff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
"""Accents and vowel signs that follow their letter; Python's ``\\w`` leaves them out."""
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""Scripts written without spaces: there a word has no border to hold on to."""


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Give text without case and diacritics."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if not unicodedata.combining(character))


@cache
def _stemmer() -> Any:
    import snowballstemmer  # type: ignore[import-untyped]

    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Give the stem of a folded word."""
    return str(_stemmer().stemWord(word))


def words(text: str) -> list[tuple[str, int, int]]:
    """Give the words of a text, each with where it starts and ends."""
    return [(match[0], *match.span()) for match in _WORD.finditer(text)]


def telling(words_: Iterable[str]) -> list[str]:
    """Give the words worth searching for: each once, without stop words unless there are no others."""
    once = list(dict.fromkeys(words_))
    kept = [word for word in once if fold(word.strip(".,;:!?()")) not in STOP_WORDS]
    return (kept or once)[:WORDS_A_QUERY]


@lru_cache(maxsize=1024)
def _pattern(phrase: str) -> re.Pattern[str] | None:
    parts = _WORD.findall(fold(phrase))
    if not parts:
        return None
    opening = "" if _UNSPACED.match(parts[0][0]) else r"(?<![^\W_])"
    closing = "" if _UNSPACED.match(parts[-1][-1]) else r"(?![^\W_])"
    return re.compile(opening + r"[\W_]+".join(re.escape(part) for part in parts) + closing)


def holds(text: str, phrase: str) -> bool:
    """Say whether a text holds a phrase word for word, whatever the case, the diacritics and what stands between words."""
    pattern = _pattern(phrase)
    return pattern is not None and pattern.search(fold(text)) is not None


def folded(text: str) -> tuple[str, list[int]]:
    """Give folded text, and for each of its characters (and its end) the place in the text that it comes from."""
    if text.isascii():
        return text.lower(), list(range(len(text) + 1))
    pieces, places = [], []
    for place, character in enumerate(text):
        piece = fold(character)
        pieces.append(piece)
        places += [place] * len(piece)
    return "".join(pieces), [*places, len(text)]


def spans(text: str, phrase: str) -> list[tuple[int, int]]:
    """Give where a phrase stands in a text."""
    pattern = _pattern(phrase)
    if pattern is None:
        return []
    plain, places = folded(text)
    return [(places[match.start()], places[match.end() - 1] + 1) for match in pattern.finditer(plain)]


def unspaced(word: str) -> bool:
    """Say whether a word is of a script that is written without spaces."""
    return _UNSPACED.search(word) is not None
