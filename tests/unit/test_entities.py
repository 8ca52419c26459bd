"""Spellings that surely mean the same share a key; others never do."""

import pytest

from strongroom.domain.entities import ADDRESS, AMOUNT, DATE, NUMBER, ORGANISATION, PERSON, PLACE, day, key_of


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        (ORGANISATION, ["Harbour Office", "the Harbour Office", "HARBOUR OFFICE", "The Harbour  Office's", "Harbour-Office"]),
        (ORGANISATION, ["Meridian Shipping Ltd", "Meridian Shipping Ltd.", "Meridian Shipping, Limited"]),
        (ORGANISATION, ["Smith & Sons Inc.", "Smith and Sons Incorporated"]),
        (PERSON, ["Dr A. Miller", "A. Miller", "Dr. A Miller", "Prof. Dr. A. Miller"]),
        (PLACE, ["The Netherlands", "netherlands".title()]),
        (DATE, ["3 March 2021", "March 3rd, 2021", "2021-03-03", "03.03.2021", "3. März 2021", "03/03/2021"]),
        (AMOUNT, ["€4,500", "4.500 EUR", "4,500.00 euros", "EUR 4500"]),
        (AMOUNT, ["$3.2 million", "USD 3,200,000", "3.2m dollars"]),
        (NUMBER, ["DE89 3704 0044 0532 0130 00", "DE89370400440532013000"]),
        (NUMBER, ["+44 20 7946 0958", "+44 (20) 7946-0958"]),
        (NUMBER, ["A.Miller@Harbour.example", "a.miller@harbour.example"]),
        (ADDRESS, ["12 High Street, London", "12 HIGH STREET London"]),
    ],
)
def test_spellings_of_one_thing_share_a_key(kind: str, spellings: list[str]):
    assert len({key_of(kind, one) for one in spellings}) == 1


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (ORGANISATION, "Meridian Shipping Ltd", "Meridian Shipping GmbH"),
        (ORGANISATION, "Meridian Shipping Ltd", "Meridian Shipping"),
        (PERSON, "Mr Miller", "Mrs Miller"),
        (PERSON, "A. Miller", "Anna Miller"),
        (PERSON, "A. Miller", "Miller"),
        (DATE, "03/04/2021", "3 April 2021"),
        (AMOUNT, "4500 euros", "4500 dollars"),
        (AMOUNT, "€4.50", "€450"),
        (NUMBER, "+44 20 7946 0958", "020 7946 0958"),
    ],
)
def test_what_may_be_two_things_stays_apart(kind: str, one: str, other: str):
    assert key_of(kind, one) != key_of(kind, other)


def test_a_date_is_one_of_the_calendar():
    assert day("31 February 2021") is None
    assert day("13/03/2021") == "2021-03-13"
    assert day("03/04/2021") is None
    assert day("März 2021") == "2021-03"
    assert day("soon") is None


def test_what_has_no_letter_or_digit_has_no_key():
    assert not key_of(ORGANISATION, " — ")
    assert not key_of(NUMBER, "+" * 3) or key_of(NUMBER, "+++") == "+"
