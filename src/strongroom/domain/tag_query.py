"""Expressions over a blob's index tags, as Find Blobs by Tags and ``x-ms-if-tags`` take them.

https://learn.microsoft.com/rest/api/storageservices/find-blobs-by-tags
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne

from strongroom.domain.condition import TagTest
from strongroom.errors import QueryError

COMPARISONS = {"=": eq, "<>": ne, ">=": ge, "<=": le, ">": gt, "<": lt}
CONTAINER = "@container"

_TOKEN = re.compile(
    r"""\s*(?:(?P<word>(?:AND|OR)\b)|(?P<name>"[^"]*"|@container|[A-Za-z0-9_.:/+\-]+)|(?P<op>>=|<=|<>|=|>|<)"""
    r"""|'(?P<value>(?:[^']|'')*)'|(?P<paren>[()]))""",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One comparison of a tag, or of the container's name, with a text."""

    name: str
    """The tag's name, or `CONTAINER`."""
    operator: str
    """A key of `COMPARISONS`; texts compare by code point."""
    value: str
    """What it is compared with."""

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Say whether it holds; a tag that is not there compares with nothing."""
        return self.name in tags and bool(COMPARISONS[self.operator](tags[self.name], self.value))


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """A disjunction of conjunctions of comparisons."""

    alternatives: tuple[tuple[Comparison, ...], ...]
    """At least one must hold, and all comparisons of it."""

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Say whether it holds of tags (with the container's name under `CONTAINER`)."""
        return any(all(one.holds(tags) for one in some) for some in self.alternatives)


def read_expression(text: str) -> Expression:
    """Read an expression such as ``"year" >= '1990' AND @container = 'letters'``.

    Raises:
        QueryError: It is none; the message says where.
    """
    tokens = list(_tokens(text))
    reader = _Reader(tokens, text)
    found = reader.alternatives()
    reader.need_end()
    return Expression(alternatives=found)


def read_test(text: str) -> TagTest:
    """Read an expression as a test of tags.

    Raises:
        QueryError: It is none.
    """
    return read_expression(text).holds


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise QueryError(f"the tag expression cannot be read at {text[at : at + 20]!r}: write \"name\" = 'value' AND ...")
        kind = str(found.lastgroup)
        yield kind, found[kind]
        at = found.end()


class _Reader:
    """Recursive descent over tokens."""

    def __init__(self, tokens: list[tuple[str, str]], text: str) -> None:
        self._tokens, self._text, self._at = tokens, text, 0

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self, kind: str) -> str:
        found, value = self._peek()
        if found != kind:
            raise QueryError(f"the tag expression {self._text!r} lacks a {kind} after part {self._at}")
        self._at += 1
        return value

    def need_end(self) -> None:
        self._take("end") if self._peek()[0] != "end" else None

    def alternatives(self) -> tuple[tuple[Comparison, ...], ...]:
        found = list(self._all())
        while self._peek()[0] == "word" and self._peek()[1].upper() == "OR":
            self._at += 1
            found += self._all()
        return tuple(found)

    def _all(self) -> tuple[tuple[Comparison, ...], ...]:
        found = self._one()
        while self._peek()[0] == "word" and self._peek()[1].upper() == "AND":
            self._at += 1
            found = tuple(left + right for right in self._one() for left in found)
        return found

    def _one(self) -> tuple[tuple[Comparison, ...], ...]:
        if self._peek() == ("paren", "("):
            self._at += 1
            found = self.alternatives()
            if self._take("paren") != ")":
                raise QueryError(f"the tag expression {self._text!r} lacks a )")
            return found
        name = self._take("name")
        operator = self._take("op")
        value = self._take("value").replace("''", "'")
        return ((Comparison(name=name.strip('"'), operator=operator, value=value),),)
