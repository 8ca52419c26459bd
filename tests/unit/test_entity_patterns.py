"""Dates, amounts, addresses and numbers are found by their form, and what only looks like one is not."""

import pytest

from strongroom.domain.entities import ADDRESS, AMOUNT, DATE, NUMBER
from strongroom.models.entity_patterns import find, is_iban


def found(text: str, kind: str) -> list[str]:
    return [one.text for one in find(text) if one.kind == kind]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("signed on 3 March 2021 and 2021-04-05.", DATE, ["3 March 2021", "2021-04-05"]),
        ("am 3. März 2021, bis 31.12.2021", DATE, ["3. März 2021", "31.12.2021"]),
        ("version 1.2.2021.4 or 99.99.2021 or 2021-13-40", DATE, []),
        ("€4,500 then 4.500 EUR, $3.2 million and 20 pounds", AMOUNT, ["€4,500", "4.500 EUR", "$3.2 million", "20 pounds"]),
        ("eur or 5 europeans, and 12 apples", AMOUNT, []),
        ("at 12 High Street, London SW1A 1AA.", ADDRESS, ["12 High Street, London SW1A 1AA"]),
        ("Hafenstraße 12, 20457 Hamburg", ADDRESS, ["Hafenstraße 12, 20457 Hamburg"]),
        ("write to a.miller@harbour.example, not to me@home", NUMBER, ["a.miller@harbour.example"]),
        ("call +44 20 7946 0958 or 040 / 1234567", NUMBER, ["+44 20 7946 0958", "040 / 1234567"]),
        ("IBAN DE89 3704 0044 0532 0130 00", NUMBER, ["DE89 3704 0044 0532 0130 00"]),
        ("IBAN DE88 3704 0044 0532 0130 00", NUMBER, []),
        ("Invoice no. 2021/445-A, Ref: HX-99123", NUMBER, ["2021/445-A", "HX-99123"]),
        ("in case of fire, order now", NUMBER, []),
    ],
)
def test_forms(text: str, kind: str, expected: list[str]):
    assert found(text, kind) == expected


def test_a_form_over_a_line_break_is_told_in_one_line():
    assert found("on 3 March\n2021", DATE) == ["3 March 2021"]


def test_an_iban_has_its_check_digits():
    assert is_iban("GB82 WEST 1234 5698 7654 32")
    assert not is_iban("GB82 WEST 1234 5698 7654 23")


@pytest.mark.parametrize("text", ["", "1" * 5000, "A " * 5000, "+1 " * 2000, "ref no " * 2000, "1 Aa " * 2000, "\ud800\0 5"])
def test_odd_texts_are_read(text: str):
    assert isinstance(list(find(text)), list)
