"""Expressions over a blob's index tags, as Find Blobs by Tags and ``x-ms-if-tags`` take them.

https://learn.microsoft.com/rest/api/storageservices/find-blobs-by-tags
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import NamedTuple, TypeAlias

from strongroom.domain.condition import TagTest
from strongroom.errors import QueryError

COMPARISONS = {"=": eq, "<>": ne, ">=": ge, "<=": le, ">": gt, "<": lt}
CONTAINER = "@container"

LONGEST_NAME, LONGEST_VALUE = 128, 256
MOST_NAMES = 10
"""Different tags that one search may name."""
DEEPEST = 64
"""Parentheses within parentheses."""

_ALLOWED = re.compile(r"[A-Za-z0-9 +\-./:=_]*")
_BARE = re.compile(r"[A-Za-z0-9_]+")
_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"]|"")*")|(?P<value>'(?:[^']|'')*')|(?P<op>>=|<=|<>|=|>|<)|(?P<paren>[()])"""
    r"""|(?P<bare>[^\s=<>()'"]+))"""
)
_SIDES = {">": "least", ">=": "least", "<": "most", "<=": "most"}


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
class Every:
    """Several expressions of which all must hold."""

    parts: "tuple[Expression, ...]"
    """At least one."""

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Say whether all hold."""
        return all(one.holds(tags) for one in self.parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Either:
    """Several expressions of which one must hold."""

    parts: "tuple[Expression, ...]"
    """At least one."""

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Say whether one holds."""
        return any(one.holds(tags) for one in self.parts)


Expression: TypeAlias = Comparison | Every | Either


def read_test(text: str) -> TagTest:
    """Read a condition such as ``"year" >= '1990' AND ("kind" <> 'scan' OR "state" = 'done')`` as a test of tags.

    Names and values longer than a tag's may be named, as by Azurite: they are like none that is there.

    Raises:
        QueryError: It is none; the message says where.
    """
    return _Reader(text, is_search=False).whole().holds


def read_search(text: str) -> tuple[Comparison, ...]:
    """Read a search such as ``"year" >= '1990' AND @container = 'letters'``: comparisons that must all hold.

    Azure's rules: no ``OR`` and no ``<>``, at most ten tags, and of one tag either one comparison or a range.

    Raises:
        QueryError: It is none; the message says where.
    """
    found = tuple(_comparisons(_Reader(text, is_search=True).whole()))
    _check_ranges(found)
    names = {one.name for one in found} - {CONTAINER}
    if not names:
        raise QueryError("Error parsing query: name at least one tag")
    if len(names) > MOST_NAMES:
        raise QueryError(f"Error parsing query: there can be at most {MOST_NAMES} unique tags in a query")
    return found


def _comparisons(of: Expression) -> list[Comparison]:
    return [of] if isinstance(of, Comparison) else [one for part in of.parts for one in _comparisons(part)]


def _check_ranges(found: tuple[Comparison, ...]) -> None:
    sides: dict[str, set[str]] = {}
    for one in found:
        known = sides.setdefault(one.name, set())
        side = _SIDES.get(one.operator, "both")
        if known and (side == "both" or side in known or "both" in known):
            raise QueryError("Error parsing query: can't have multiple conditions for a single tag unless they define a range")
        known.add(side)


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise _wrong(at, f"unexpected '{text[at : at + 20]}'")
        kind = str(match.lastgroup)
        found.append(_Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return found


def _wrong(at: int, message: str) -> QueryError:
    return QueryError(f"Error parsing query at or near character position {at + 1}: {message}")


class _Reader:
    """Recursive descent over tokens; it recurses for parentheses alone."""

    def __init__(self, text: str, *, is_search: bool) -> None:
        self._tokens, self._end, self._is_search = _tokens(text), len(text), is_search
        self._at, self._depth = 0, 0

    def whole(self) -> Expression:
        found = self._either()
        if self._at < len(self._tokens):
            raise self._unexpected()
        return found

    def _peek(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _Token("end", "", self._end)

    def _take(self) -> _Token:
        found = self._peek()
        self._at += 1
        return found

    def _unexpected(self) -> QueryError:
        found = self._peek()
        return _wrong(found.at, f"unexpected '{found.text}'" if found.text else "unexpected end of the query")

    def _is_word(self, word: str) -> bool:
        found = self._peek()
        return found.kind == "bare" and found.text.upper() == word

    def _either(self) -> Expression:
        parts = [self._every()]
        while self._is_word("OR"):
            if self._is_search:
                raise _wrong(self._peek().at, "unexpected or")
            self._at += 1
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else Either(parts=tuple(parts))

    def _every(self) -> Expression:
        parts = [self._one()]
        while self._is_word("AND"):
            self._at += 1
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Every(parts=tuple(parts))

    def _one(self) -> Expression:
        if self._peek().text != "(" or self._peek().kind != "paren":
            return self._comparison()
        if self._depth == DEEPEST:
            raise _wrong(self._peek().at, "too many parentheses within each other")
        self._at += 1
        self._depth += 1
        found = self._either()
        self._depth -= 1
        if self._peek().kind != "paren" or self._peek().text != ")":
            raise _wrong(self._peek().at, "expected a ')' to close the expression group")
        self._at += 1
        return found

    def _comparison(self) -> Comparison:
        name = self._name()
        operator = self._peek()
        if operator.kind != "op":
            raise _wrong(operator.at, "expected an operator")
        if self._is_search and operator.text == "<>":
            raise _wrong(operator.at, "unexpected <>")
        self._at += 1
        return Comparison(name=name, operator=operator.text, value=self._value())

    def _name(self) -> str:
        if self._peek().kind not in ("quoted", "bare"):
            raise self._unexpected()
        kind, text, at = self._take()
        name = text[1:-1].replace('""', '"') if kind == "quoted" else text
        if name.startswith("@"):
            if not self._is_search or name != CONTAINER:
                raise _wrong(at, f"unsupported parameter '{name}'")
            return name
        if not name or (self._is_search and len(name) > LONGEST_NAME):
            raise _wrong(at, f"tag must be between 1 and {LONGEST_NAME} characters in length")
        if not (_ALLOWED if kind == "quoted" else _BARE).fullmatch(name):
            raise _wrong(at, f"unexpected '{name}'")
        return name

    def _value(self) -> str:
        if self._peek().kind != "value":
            raise _wrong(self._peek().at, "expecting tag value")
        _, text, at = self._take()
        value = text[1:-1].replace("''", "'")
        if self._is_search and len(value) > LONGEST_VALUE:
            raise _wrong(at, f"tag value must be between 0 and {LONGEST_VALUE} characters in length")
        if not _ALLOWED.fullmatch(value):
            bad = next(one for one in value if not _ALLOWED.fullmatch(one))
            raise _wrong(at, f"'{bad}' not permitted in tag name or value")
        return value
