"""The query language: plain words, exact phrases, exclusions and filters.

`parse` reads what a person typed; docs/reference/query-language.md is the page for people. Anything that is not a
filter is words, so that a time (``10:30``), a URL or a label with a hyphen is searched as it stands.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from strongroom.domain import times
from strongroom.domain.media import TYPE_ALIASES, TYPES
from strongroom.errors import QueryError, UsageError

CHOICES = ("type", "container", "ext", "lang", "entity")
"""Filters whose values are names: several of one key are alternatives, but a file must hold all of its entities."""

_OPEN = {'"': '"', "\u201c": "\u201d", "\u201e": "\u201c\u201d", "\u00ab": "\u00bb"}
_FILTER = re.compile(r"(type|container|ext|lang|entity|before|after|size|duration)(:[<>]=?|:|[<>]=?)", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", re.ASCII)
_SIZE = re.compile(r"(\d{1,19}(?:\.\d{1,6})?)([a-z]*)", re.ASCII | re.IGNORECASE)
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*", re.ASCII)
_CONTAINER = re.compile(r"\$?[a-z0-9-]{1,63}", re.ASCII)
_LETTERS = "kmgtp"
UNITS = {"": 1, "b": 1} | {
    f"{letter}{ending}": base ** (power + 1)
    for power, letter in enumerate(_LETTERS)
    for ending, base in (("", 1000), ("b", 1000), ("ib", 1024))
}
"""Bytes of each size unit: ``kB`` is 1,000 and ``KiB`` is 1,024."""


LONGEST = 1_000_000_000.0
"""Seconds below which a bound on durations must be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """One end of a range of durations."""

    seconds: float
    """Where it is, in whole microseconds."""
    inclusive: bool
    """Whether a recording of just this duration is let through."""

    def __str__(self) -> str:
        """Give the number as it is typed."""
        return f"{self.seconds:.6f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A word or a phrase that was asked for."""

    text: str
    """As typed, without the quotation marks."""
    exact: bool = False
    """Whether it stood in quotation marks, so that it must occur just so."""

    def __str__(self) -> str:
        """Give the term as it would be typed."""
        return f'"{self.text}"' if self.exact else self.text


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What one filter key lets through."""

    only: tuple[str, ...] = ()
    """Any of these; empty lets all through."""
    without: tuple[str, ...] = ()
    """None of these."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A parsed query; `str` of it is canonical and parses to an equal query."""

    terms: tuple[Term, ...] = ()
    """What is asked for, in the order typed."""
    without: tuple[Term, ...] = ()
    """What a hit must not hold."""
    types: Choice = field(default_factory=Choice)
    """``type:`` plain types, aliases resolved."""
    containers: Choice = field(default_factory=Choice)
    """``container:`` names of containers."""
    extensions: Choice = field(default_factory=Choice)
    """``ext:`` lower-case extensions without the dot."""
    languages: Choice = field(default_factory=Choice)
    """``lang:`` ISO 639 codes."""
    entities: Choice = field(default_factory=Choice)
    """``entity:`` names of people, organisations, places and so on, in any spelling."""
    before: datetime | None = None
    """Dated before this instant (UTC)."""
    after: datetime | None = None
    """Dated at this instant (UTC) or later."""
    size_min: int | None = None
    """At least so many bytes."""
    size_max: int | None = None
    """At most so many bytes."""
    duration_min: Bound | None = None
    """Recordings longer than this."""
    duration_max: Bound | None = None
    """Recordings shorter than this."""

    @property
    def words(self) -> tuple[str, ...]:
        """The words that may occur in any form and order."""
        return tuple(term.text for term in self.terms if not term.exact)

    @property
    def phrases(self) -> tuple[str, ...]:
        """The phrases that must occur."""
        return tuple(term.text for term in self.terms if term.exact)

    @property
    def meaning(self) -> str:
        """The text to embed: what is asked for, without filters and exclusions."""
        return " ".join(term.text for term in self.terms)

    @property
    def _choices(self) -> tuple[Choice, ...]:
        return (self.types, self.containers, self.extensions, self.languages, self.entities)

    def __str__(self) -> str:
        """Give the canonical text."""
        parts = [str(term) for term in self.terms] + [f"-{term}" for term in self.without]
        for key, choice in zip(CHOICES, self._choices, strict=True):
            parts += [f'{key}:"{value}"' for value in choice.only] + [f'-{key}:"{value}"' for value in choice.without]
        dates = (("before", self.before), ("after", self.after))
        parts += [f"{key}:{instant.date().isoformat()}" for key, instant in dates if instant is not None]
        parts += [f"size>={self.size_min}"] if self.size_min is not None else []
        parts += [f"size<={self.size_max}"] if self.size_max is not None else []
        lengths = ((">", self.duration_min), ("<", self.duration_max))
        parts += [f"duration{sign}{'=' if bound.inclusive else ''}{bound}" for sign, bound in lengths if bound is not None]
        return " ".join(parts)


@dataclass(slots=True)
class _Draft:
    """A query while it is read."""

    terms: list[Term] = field(default_factory=list)
    without: list[Term] = field(default_factory=list)
    only: dict[str, list[str]] = field(default_factory=lambda: {key: [] for key in CHOICES})
    barred: dict[str, list[str]] = field(default_factory=lambda: {key: [] for key in CHOICES})
    before: list[datetime] = field(default_factory=list)
    after: list[datetime] = field(default_factory=list)
    least: list[int] = field(default_factory=list)
    most: list[int] = field(default_factory=list)
    longer: list[Bound] = field(default_factory=list)
    shorter: list[Bound] = field(default_factory=list)

    def finish(self) -> Query:
        choices = [
            Choice(only=tuple(dict.fromkeys(self.only[key])), without=tuple(dict.fromkeys(self.barred[key]))) for key in CHOICES
        ]
        types, containers, extensions, languages, entities = choices
        return Query(
            terms=tuple(self.terms),
            without=tuple(dict.fromkeys(self.without)),
            types=types,
            containers=containers,
            extensions=extensions,
            languages=languages,
            entities=entities,
            before=max(self.before, default=None),
            after=min(self.after, default=None),
            size_min=min(self.least, default=None),
            size_max=max(self.most, default=None),
            duration_min=min(self.longer, key=lambda bound: (bound.seconds, not bound.inclusive), default=None),
            duration_max=max(self.shorter, key=lambda bound: (bound.seconds, bound.inclusive), default=None),
        )


def parse(text: str) -> Query:
    """Read a query.

    Args:
        text: What a person typed; any text is a query.

    Returns:
        The query. Repeated filters of one key are alternatives; filters of different keys must all hold.

    Raises:
        QueryError: A filter has a value that it cannot have; the message says what it can be.
    """
    text = text.encode("utf-8", "replace").decode("utf-8")
    draft = _Draft()
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        negative = text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace()
        start = at + negative
        quoted = _quoted(text, start)
        if text[start] in _OPEN:
            at = start + 1 if quoted is None else quoted[1]
            if quoted is not None and re.search(r"\w", quoted[0]):
                (draft.without if negative else draft.terms).append(Term(text=" ".join(quoted[0].split()), exact=True))
            continue
        at = _filter(draft, text, start, negative=negative) or _word(draft, text, start, negative=negative)
    return draft.finish()


def _quoted(text: str, start: int) -> tuple[str, int] | None:
    """Give what stands in quotation marks at ``start``, and where it ends; None where no pair closes."""
    closing = _OPEN.get(text[start]) if start < len(text) else None
    ends = [end for mark in closing or "" if (end := text.find(mark, start + 1)) >= 0]
    return (text[start + 1 : min(ends)].replace('"', " "), min(ends) + 1) if ends else None


def _end(text: str, start: int) -> int:
    return next((at for at in range(start, len(text)) if text[at].isspace()), len(text))


def _word(draft: _Draft, text: str, start: int, *, negative: bool) -> int:
    end = _end(text, start)
    word = text[start:end]
    if negative and not re.search(r"\w", word):
        draft.terms.append(Term(text=f"-{word}"))
    else:
        (draft.without if negative else draft.terms).append(Term(text=word))
    return end


def _filter(draft: _Draft, text: str, start: int, *, negative: bool) -> int | None:
    """Read a filter at ``start``; None where there is none."""
    match = _FILTER.match(text, start)
    if match is None:
        return None
    key, operator = match[1].lower(), match[2]
    end = _end(text, match.end())
    quoted = _quoted(text, match.end())
    raw = text[match.end() : end]
    value, end = quoted if quoted is not None else (raw, end)
    if not raw or (operator != ":" and key not in _RANGES):
        return None  # prose, as in "after: the war", or an arrow
    if key in CHOICES:
        parts = [part for part in value.split(",") if part.strip()] if key in _LISTS else []
        parts = parts or [value]
        (draft.barred if negative else draft.only)[key] += [name for part in parts for name in _CHECKS[key](part.strip())]
    elif key in _RANGES:
        _RANGES[key](draft, operator.removeprefix(":"), value, negative=negative)
    else:
        (draft.before if (key == "before") != negative else draft.after).append(_date(key, value))
    return end


def _type(value: str) -> tuple[str, ...]:
    name = value.lower()
    if name in TYPES:
        return (name,)
    if name in TYPE_ALIASES:
        return TYPE_ALIASES[name]
    raise QueryError(f"type:{value} is not a type: it can be {', '.join((*TYPES, *TYPE_ALIASES))}")


def _container(value: str) -> tuple[str, ...]:
    if not _CONTAINER.fullmatch(value.lower()):
        raise QueryError(f"container:{value} cannot be: a container's name is 3 to 63 of a-z, 0-9 and hyphens")
    return (value.lower(),)


def _extension(value: str) -> tuple[str, ...]:
    name = value.lower().removeprefix(".").strip()
    if not name or set('/"') & set(name) or name != " ".join(name.split()):
        raise QueryError(f"ext:{value} cannot be: it is the ending of a file's name, such as ext:pdf")
    return (name,)


def _language(value: str) -> tuple[str, ...]:
    match = _LANGUAGE.fullmatch(value.lower())
    if match is None:
        raise QueryError(f"lang:{value} is not a language: it can be a code of ISO 639, such as en, de or fr")
    return (match[1],)


def _entity(value: str) -> tuple[str, ...]:
    name = " ".join(value.replace('"', " ").split())
    if not re.search(r"\w", name):
        raise QueryError(f'entity:{value} names nothing: write it as entity:Hamburg or entity:"Harbour Office"')
    return (name,)


_CHECKS = {"type": _type, "container": _container, "ext": _extension, "lang": _language, "entity": _entity}
_LISTS = ("type", "container", "ext", "lang")
"""Filters that take several values with commas between; a name may have one of its own."""


def _date(key: str, value: str) -> datetime:
    match = _DATE.fullmatch(value.strip())
    with suppress(ValueError):  # the 30th of February
        if match is not None:
            return datetime(int(match[1]), int(match[2] or 1), int(match[3] or 1), tzinfo=UTC)
    raise QueryError(f"{key}:{value} is not a date: it can be YYYY, YYYY-MM or YYYY-MM-DD")


_OPPOSITES = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def _size(draft: _Draft, operator: str, value: str, *, negative: bool) -> None:
    match = _SIZE.fullmatch(value.replace(" ", ""))
    unit = UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None or not operator:
        raise QueryError(f"size{operator or ':'}{value} cannot be: write it as size>10MB, size<=500kB or size>1GiB")
    whole, _, part = match[1].partition(".")
    count = int(whole) * unit + (int(part) * unit // 10 ** len(part) if part else 0)
    operator = _OPPOSITES[operator] if negative else operator
    if operator == "<" and count == 0:
        raise QueryError("nothing is smaller than 0 bytes: write it as size<10MB")
    if operator.startswith(">"):
        draft.least.append(min(count + (operator == ">"), 2**63 - 1))
    else:
        draft.most.append(min(count - (operator == "<"), 2**63 - 1))


def _duration(draft: _Draft, operator: str, value: str, *, negative: bool) -> None:
    try:
        seconds = round(times.seconds(value.replace(" ", "")), 6) if operator else LONGEST
    except UsageError:
        seconds = LONGEST
    if not seconds < LONGEST:
        raise QueryError(
            f"duration{operator or ':'}{value} cannot be: write it as duration>10m, duration<=1h30m, duration>1:30:00, "
            "or in seconds as duration>90"
        )
    operator = _OPPOSITES[operator] if negative else operator
    if operator == "<" and seconds == 0:
        raise QueryError("nothing is shorter than 0 seconds: write it as duration<10m")
    bound = Bound(seconds=seconds, inclusive=operator.endswith("="))
    (draft.longer if operator.startswith(">") else draft.shorter).append(bound)


_RANGES = {"size": _size, "duration": _duration}
