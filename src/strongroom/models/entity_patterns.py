"""Dates, amounts, addresses and numbers in texts, found by their form, in any language."""

import re
from collections.abc import Iterator

from strongroom.domain.entities import ADDRESS, AMOUNT, CURRENCY, DATE, MONTH, NUMBER, SCALE, Named, day

_I = re.IGNORECASE
_DATES = re.compile(
    r"(?<![\w.])(?:\d{4}-\d{2}-\d{2}|\d{1,2}\.\s?\d{1,2}\.\s?\d{4}|\d{1,2}/\d{1,2}/\d{4}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?[ \n](?:of )?(?:{MONTH})\.?,?[ \n]\d{{4}}"
    rf"|(?:{MONTH})\.?[ \n](?:\d{{1,2}}(?:st|nd|rd|th)?,?[ \n])?\d{{4}})(?![\w-]|\.\d)",
    _I,
)
_FIGURE = r"\d{1,3}(?:[.,'\u2019 ]\d{3}){1,5}(?:[.,]\d{1,2})?|\d{1,15}(?:[.,]\d{1,2})?"
_MONEY = re.compile(
    rf"(?<![\w.,])(?:(?:{CURRENCY})\s?(?:{_FIGURE})(?:\s?(?:{SCALE})\b)?"
    rf"|(?:{_FIGURE})\s?(?:(?:{SCALE})\b\.?\s?)?(?:{CURRENCY})(?![\w]))",
    _I,
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}\b", _I)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_PHONE = re.compile(r"(?<![\w+./-])(?:\+|00)[1-9]\d{0,2}(?:[ ./()-]{0,3}\d{1,5}){2,6}(?![\w@])")
_PHONE_HERE = re.compile(r"(?<![\w+./-])\(?0\d{2,4}\)?[ /-]{1,3}\d{3,8}(?:[ -]\d{2,6}){0,3}(?![\w@.]\d|\w)")
_REFERENCE = re.compile(
    r"\b(?:ref(?:erence)?|invoice|case|file|contract|order|account|docket|aktenzeichen|az|rechnung|vertrag|kundennummer)"
    r"(?:(?:[ .:#\u2013-]|\bno\b|\bnr\b|\bnumber\b|nummer\b){1,6})((?=[A-Z0-9/._-]{0,30}\d)[A-Z0-9][A-Z0-9/._-]{2,30}[A-Z0-9])",
    _I,
)
_STREETS = (
    "street|st|road|rd|avenue|ave|lane|drive|square|place|quay|terrace|boulevard|blvd|highway|court|crescent|row|way|wharf"
)
_ADDRESS = re.compile(
    rf"\b\d{{1,5}}[a-z]?,? (?:[A-Z][\w'\u2019-]{{1,30}} ){{1,4}}(?i:{_STREETS})\b\.?(?:, ?[A-Z][\w'\u2019-]{{1,30}}){{0,2}}"
    r"(?:,? (?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]{2} \d{5}(?:-\d{4})?|\d{5}))?"
)
_ADDRESS_DE = re.compile(
    r"\b[A-ZÄÖÜ][\wäöüß-]{1,40}(?:straße|strasse|str\.|platz|allee|gasse|damm|ufer|weg)"
    r" \d{1,4} ?[a-z]?\b(?:, ?\d{5} [A-ZÄÖÜ][\wäöüß-]{1,40})?"
)
_LEAST_DIGITS, _MOST_DIGITS = 7, 15
"""Of a phone number with its country (E.164)."""


def find(text: str) -> Iterator[Named]:
    """Give what a text names by form: each in order within its form, as the text has it.

    Args:
        text: Any length; every form is bounded, so that time grows with the length alone.
    """
    for match in _DATES.finditer(text):
        if day(match[0]) or "/" in match[0]:
            yield _named(DATE, match[0])
    for match in _MONEY.finditer(text):
        yield _named(AMOUNT, match[0])
    for form in (_ADDRESS, _ADDRESS_DE):
        for match in form.finditer(text):
            yield _named(ADDRESS, match[0])
    yield from (_named(NUMBER, match[0]) for match in _MAIL.finditer(text))
    yield from _numbers(text)


def _numbers(text: str) -> Iterator[Named]:
    taken: list[tuple[int, int]] = []
    for match in _IBAN.finditer(text):
        taken.append(match.span())  # where a digit is wrong, it is still no phone number
        if is_iban(match[0]):
            yield _named(NUMBER, match[0])
    for match in _REFERENCE.finditer(text):
        if not day(match[1]):
            taken.append(match.span(1))
            yield _named(NUMBER, match[1])
    for form in (_PHONE, _PHONE_HERE):
        for match in form.finditer(text):
            digits = sum(map(str.isdigit, match[0]))
            free = all(match.end() <= start or match.start() >= end for start, end in taken)
            if free and _LEAST_DIGITS <= digits <= _MOST_DIGITS:
                taken.append(match.span())
                yield _named(NUMBER, match[0])


def is_iban(text: str) -> bool:
    """Say whether the check digits of an IBAN are right (ISO 13616: modulo 97)."""
    bare = text.replace(" ", "")
    turned = bare[4:] + bare[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def _named(kind: str, text: str) -> Named:
    return Named(kind=kind, text=" ".join(text.split()))
