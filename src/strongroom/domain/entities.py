"""What is named in texts: people, organisations, places, dates, amounts, addresses and numbers, with their spellings.

Spellings are one entity only where they surely mean the same: the key that they share is made from the spelling alone, so
that any of them finds it. A surname is never joined with a whole name, nor a name with its abbreviation.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

PERSON, ORGANISATION, PLACE = "person", "organisation", "place"
DATE, AMOUNT, ADDRESS, NUMBER = "date", "amount", "address", "number"
KINDS = (ORGANISATION, PERSON, PLACE, DATE, AMOUNT, ADDRESS, NUMBER)
"""Every kind. Numbers are those of phones, bank accounts, e-mail addresses, and of references, invoices and files."""
NAMES = (ORGANISATION, PERSON, PLACE)
"""The kinds that a model finds; patterns find the others."""

LONGEST = 120
"""Characters of a spelling; what is longer is none."""
ANALYZER = "entities"
"""What the catalog calls the reading that finds them."""
WITHHOLDING = "person_names"
"""The name in a container's metadata that says what becomes of people's names there."""
WITHHELD = "none"
"""Its value where they are neither stored nor shown."""

_LEGAL = {
    "limited": "ltd",
    "incorporated": "inc",
    "corporation": "corp",
    "company": "co",
    "gesellschaft mit beschränkter haftung": "gmbh",
    "aktiengesellschaft": "ag",
}
"""Legal forms that are written in two ways; a form is never left out, for those are two companies."""
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "miss", "prof", "professor", "doctor", "sir", "dame", "herr", "frau"})
_JOINED = re.compile(r"(?<=\w)['\u2019]s\b")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_LEAST_NAMES = 2
"""Words without which a person's title stays: ``Mr Miller`` and ``Mrs Miller`` are two people."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Named:
    """Something that a text names."""

    kind: str
    """One of `KINDS`."""
    text: str
    """As the text has it, in one line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """How often one content names something in one spelling."""

    named: Named
    """What, and how it is spelt."""
    count: int
    """How often."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """What some contents name, with all its spellings."""

    kind: str
    """One of `KINDS`."""
    name: str
    """Its most frequent spelling."""
    contents: int
    """How many contents name it."""
    mentions: int
    """How often they do."""
    spellings: tuple[str, ...]
    """Its spellings, the most frequent first; not more than ten."""


def key_of(kind: str, text: str) -> str:
    """Give what all spellings have in common that surely mean the same; empty for what names nothing.

    Args:
        kind: One of `KINDS`.
        text: A spelling.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    if kind == NUMBER:
        return _number(plain)
    if kind == AMOUNT:
        return _amount(plain)
    if kind == DATE:
        return day(plain) or " ".join(plain.split())
    words = _WORD.findall(_JOINED.sub("", plain).replace("&", " and "))
    if kind in (ORGANISATION, PLACE) and len(words) > 1 and words[0] == "the":
        words = words[1:]
    if kind == ORGANISATION:
        words = [_LEGAL.get(word, word) for word in words]
    if kind == PERSON:
        bare = [word for word in words if word not in _TITLES]
        words = bare if len(bare) >= _LEAST_NAMES else words
    return " ".join(words)


def folded(text: str) -> str:
    """Give the words of a text as they stand in keys, to look for a part of one."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar", "february feb februar", "march mar märz maerz", "april apr", "may mai", "june jun juni",
            "july jul juli", "august aug", "september sep sept", "october oct oktober okt", "november nov",
            "december dec dezember dez",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
"""The names of months, English and German, as a pattern."""

_DAY_FIRST = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?({MONTH})\.?,?\s+(\d{{4}})")
_MONTH_FIRST = re.compile(rf"({MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})")
_MONTH_ONLY = re.compile(rf"({MONTH})\.?,?\s+(\d{{4}})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_FORMS = {_ISO: (1, 2, 3), _DAY_FIRST: (3, 2, 1), _MONTH_FIRST: (3, 1, 2), _DOTTED: (3, 2, 1)}
"""Forms of a whole date, and where year, month and day stand in it."""
_MONTHS_A_YEAR = 12


def day(text: str) -> str | None:
    """Give a date as ``YYYY-MM-DD`` or ``YYYY-MM``; None where it is none, or could be two (``03/04/2021``)."""
    plain = " ".join(text.casefold().split())
    for form, parts in _FORMS.items():
        if found := form.fullmatch(plain):
            year, month, number = (found[part] for part in parts)
            return _real(int(year), _MONTHS.get(month) or int(month), int(number))
    if found := _MONTH_ONLY.fullmatch(plain):
        return f"{found[2]}-{_MONTHS[found[1]]:02}" if _real(int(found[2]), 1, 1) else None
    if found := _SLASHED.fullmatch(plain):
        one, two, year = int(found[1]), int(found[2]), int(found[3])
        if one == two or max(one, two) > _MONTHS_A_YEAR:
            return _real(year, min(one, two), max(one, two))
    return None


def _real(year: int, month: int, number: int) -> str | None:
    try:
        return date(year, month, number).isoformat()
    except ValueError:
        return None


_CURRENCIES = {
    "€": "eur", "eur": "eur", "euro": "eur", "euros": "eur", "$": "usd", "us$": "usd", "usd": "usd", "dollar": "usd",
    "dollars": "usd", "£": "gbp", "gbp": "gbp", "pound": "gbp", "pounds": "gbp", "chf": "chf", "francs": "chf",
    "franken": "chf", "¥": "jpy", "jpy": "jpy", "yen": "jpy", "cad": "cad", "aud": "aud", "sek": "sek", "nok": "nok",
    "dkk": "dkk", "pln": "pln",
}  # fmt: skip
CURRENCY = "|".join(re.escape(one) for one in sorted(_CURRENCIES, key=len, reverse=True))
"""Signs and words of currencies, as a pattern."""
_SCALES = {"k": 3, "thousand": 3, "tausend": 3, "m": 6, "mn": 6, "million": 6, "mio": 6, "millionen": 6, "bn": 9, "billion": 9}
SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
"""Words for thousands and millions, as a pattern."""
_PARTS = re.compile(
    rf"(?P<before>{CURRENCY})?\s*(?P<number>\d[\d.,'\u2019 ]*)\s*(?:(?P<scale>{SCALE})\b)?\.?\s*(?P<after>{CURRENCY})?"
)
_THOUSANDS = 3


def _amount(folded: str) -> str:
    found = _PARTS.fullmatch(" ".join(folded.split()))
    currency = found and (found["before"] or found["after"])
    if found is None or not currency:
        return " ".join(folded.split())
    digits, cents = _digits(found["number"])
    moved = _SCALES.get(found["scale"] or "", 0)
    whole = digits + cents[:moved].ljust(moved, "0")
    rest = cents[moved:].rstrip("0")
    return f"{_CURRENCIES[currency]} {whole.lstrip('0') or '0'}{'.' + rest if rest else ''}"


def _digits(number: str) -> tuple[str, str]:
    """Give the digits before and after the decimal sign; three digits behind the only sign are thousands."""
    text = re.sub(r"[ '\u2019]", "", number).rstrip(".,")
    last = max(text.rfind("."), text.rfind(","))
    sign = text[last] if last >= 0 else ""
    is_decimal = last >= 0 and text.count(sign) == 1 and len(text) - last - 1 != _THOUSANDS
    whole, cents = (text[:last], text[last + 1 :]) if is_decimal else (text, "")
    return re.sub(r"[.,]", "", whole), cents


def _number(folded: str) -> str:
    if "@" in folded:
        return "".join(folded.split())
    plus = "+" if folded.startswith("+") else ""
    return plus + "".join(re.findall(r"[^\W_]", folded))
