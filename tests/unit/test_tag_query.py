"""Expressions over index tags: what they mean, and what is refused."""

import pytest

from strongroom.domain.tag_query import DEEPEST, Comparison, read_search, read_test
from strongroom.errors import QueryError


@pytest.mark.parametrize(
    ("text", "tags", "holds"),
    [
        ("a = '1'", {"a": "1"}, True),
        ("a='1'", {"a": "2"}, False),
        ("\"a b\" = 'x y'", {"a b": "x y"}, True),
        ("a <> '1'", {"a": "2"}, True),
        ("a <> '1'", {}, False),
        ("a > '1' and a <= '3'", {"a": "3"}, True),
        ("a > '1' AND a < '3'", {"a": "3"}, False),
        ("a = '1' or b = '2'", {"b": "2"}, True),
        ("a = '1' OR b = '2' AND c = '3'", {"a": "1"}, True),
        ("(a = '1' OR b = '2') AND c = '3'", {"a": "1"}, False),
        ("(a = '1' OR b = '2') AND c = '3'", {"b": "2", "c": "3"}, True),
        ("android = '1' AND organ = '2'", {"android": "1", "organ": "2"}, True),
        ("a = '' ", {"a": ""}, True),
    ],
)
def test_a_condition_is_held_against_tags(text: str, tags: dict[str, str], *, holds: bool):
    assert read_test(text)(tags) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "astring",
        "a =",
        "a = 1",
        "a = 'x",
        "'a' = 'x'",
        "a = 'x' b = 'y'",
        "a = 'x' AND",
        "(a = 'x'",
        "a = 'x')",
        "a-b = 'x'",
        "a = 'x@'",
        "a = 'it''s'",
        "@container = 'box'",
        "a = 'x' XOR b = 'y'",
        "= 'x'",
    ],
)
def test_what_is_no_condition_is_refused(text: str):
    with pytest.raises(QueryError, match="Error parsing query"):
        read_test(text)


def test_long_expressions_take_no_more_than_their_length():
    alternatives = " AND ".join(f"(a{place} = '1' OR b{place} = '2')" for place in range(200))
    assert read_test(alternatives)({f"b{place}": "2" for place in range(200)}) is True
    assert read_test("(" * DEEPEST + "a = '1'" + ")" * DEEPEST)({"a": "1"}) is True
    with pytest.raises(QueryError, match="parentheses"):
        read_test("(" * 100_000 + "a = '1'" + ")" * 100_000)


def test_a_search_is_comparisons_that_must_all_hold():
    found = read_search("a >= '1' AND (a < '5' AND \"b-c\" = 'x') and @container = 'box'")
    assert found == (
        Comparison(name="a", operator=">=", value="1"),
        Comparison(name="a", operator="<", value="5"),
        Comparison(name="b-c", operator="=", value="x"),
        Comparison(name="@container", operator="=", value="box"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 'x' OR b = 'y'", "unexpected or"),
        ("a <> 'x'", "unexpected <>"),
        ("@container = 'x'", "at least one tag"),
        ("@box = 'x'", "unsupported parameter '@box'"),
        ("'key 1'='v'", "near character position 1"),
        (f"{'k' * 129} = 'x'", "tag must be between 1 and 128 characters in length"),
        (f"k = '{'v' * 257}'", "tag value must be between 0 and 256 characters in length"),
        ("k = 'v @'", "'@' not permitted in tag name or value"),
        (" AND ".join(f"k{place} = 'v'" for place in range(11)), "there can be at most 10 unique tags in a query"),
        *(
            (f"d {one} '1' AND d {other} '2'", "unless they define a range")
            for one, other in [("=", "="), ("=", "<"), (">=", "="), ("<", "<="), (">", ">="), ("<=", "<=")]
        ),
    ],
)
def test_what_cannot_be_searched_for_is_refused(text: str, message: str):
    with pytest.raises(QueryError, match=message):
        read_search(text)


def test_ten_tags_and_the_container_can_be_searched_for():
    assert len(read_search(" AND ".join([*(f"k{place} = 'v'" for place in range(10)), "@container = 'box'"]))) == 11
