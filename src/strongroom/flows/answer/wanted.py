"""What a question wants - a name, a time, a sum, a length, a place, a reason -, and whether a text has such a thing."""

# ruff: noqa: E501, SIM905 - tables with a line a kind; word lists read best as prose
import re
from collections.abc import Mapping
from dataclasses import dataclass

from strongroom.index.tokens import fold

_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sep|sept|"
    "oct|nov|dec"
)
_COUNT = (
    r"(?:\d[\d.,'\u2019]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|"
    r"seventy|eighty|ninety|hundred|thousand|million|billion|dozen|half|quarter|several|double|single|both|no|none|couple)"
)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _amount(units: str) -> re.Pattern[str]:
    """Give the pattern of a count that one of some units follows within a word or two."""
    return _words(rf"\b{_COUNT}[\s-]*(?:\w+[\s-]+){{0,2}}?(?:{units})\b")


_SPAN = "seconds?|minutes?|min|hours?|h|days?|nights?|weeks?|fortnights?|months?|quarters?|years?|decades?|centur(?:y|ies)|ms|s"
_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "count": _words(rf"\b{_COUNT}\b"),
    "money": re.compile(
        rf"[$\u00a3\u20ac\u00a5]\s?\d|\b{_COUNT}[\s-]*(?:\w+[\s-]+){{0,2}}?(?:pounds?|shillings?|pence|penny|halfpence|euros?|dollars?|cents?|"
        r"francs?|marks?|kroner|crowns?|usd|eur|gbp|chf|guilders?|per cent|percent)\b|%|\bfree of charge\b|\b\d{1,3}(?:,\d{3})+\b",
        re.IGNORECASE,
    ),
    "span": _amount(_SPAN),
    "length": _amount("met(?:re|er)s?|m|cm|mm|km|kilomet\\w+|centimet\\w+|millimet\\w+|feet|foot|ft|inch(?:es)?|yards?|miles?|fathoms?"),
    "weight": _amount("tonnes?|tons?|kg|kilos?|kilograms?|grams?|g|pounds?|lbs?|ounces?|oz|stone"),
    "size": _words(
        rf"\b{_COUNT}[\s-]*(?:\w+[\s-]+){{0,2}}?(?:met(?:re|er)s?|m|cm|mm|km|feet|acres?|hectares?|[kmgt]i?b|bytes?|litres?|pixels?|"
        rf"months?|per cent|percent|rows|pages|words|people|members)\b|%|\d\s?[x\u00d7]\s?\d"
    ),
    "age": _words(rf"\b(?:aged?|old|years?|born|birthday|was {_COUNT}|at {_COUNT})\b"),
    "rate": _words(r"\b(?:every|each|per|daily|weekly|monthly|yearly|annual\w*|hourly|nightly|once|twice|times|always|never|seldom)\b"),
    "share": _words(rf"%|\bper ?cent\b|\b{_COUNT}\s+(?:of|in|out of)\b|\bhalf\b|\bthirds?\b|\b\d+:\d+\b|\bmajority\b"),
    "time": _words(
        rf"\b(?:1[0-9]|20)\d\d\b|\b\d{{1,2}}[:.]\d\d\b|\b(?:{_MONTHS})\b(?=\W+\d)|\b\d+(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTHS})\b|\b(?:in|by|since|until|every|of|early|late|"
        rf"during|from|next|last)\s+(?:{_MONTHS})\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:noon|midnight|midsummer|"
        rf"easter|christmas|michaelmas|lady day|o'clock)\b|\b(?:spring|summer|autumn|winter)\b|\b{_COUNT}\s+(?:{_SPAN})\s+"
        rf"(?:before|after|ago|later|earlier|old|past)\b|\bwhen\b|\bafter\s+{_COUNT}\b|\bwithin\b|\bmore than {_COUNT} (?:{_SPAN})\b"
    ),
    "clock": _words(r"\b\d{1,2}[:.]\d\d\b|\b(?:past|to)\s+(?:\w+)\b|\bo'clock\b|\b(?:noon|midnight|a\.?m\.?|p\.?m\.?)\b"),
    "reason": _words(
        r"\b(?:because|since|so that|so as|so|due to|owing to|caus(?:e|es|ed|ing)|reasons?|therefore|thus|as a result|in order|hence|for fear|"
        r"thanks to|led to|lest|otherwise|to (?:avoid|reduce|keep|give|allow|prevent|protect|show|make|let)|which is why|purpose|"
        r"as (?:it|he|she|they|there|no)|for (?:being|having|\w+ing)|without|needs?)\b"
    ),
    "name": re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-Z][\w'\u2019.-]*[a-z\d][\w'\u2019-]*|\b[A-Z]{2,}\b|\b[A-Z][\w'\u2019-]+ [A-Z][\w'\u2019.-]+"),
    "place": re.compile(
        r"\b(?:in|at|on|near|from|to|into|under|between|outside|inside|behind|through|over|across|of|with|against)\s+(?:the\s+|a\s+|an\s+)?"
        r"(?:\w+\s+)?[A-Z]\w+|\b(?:in|at|on|near|inside|behind|under|from|across)\s+(?:the|a|an|his|her|their)\s+\w+"
    ),
}  # fmt: skip

_ASKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("money", _words(
        r"\bhow much (?:did|does|do|is|was|were|are|may|will|would|can|must|should)?\b.*\b(?:cost|pay|paid|earn|spend|spent|charge|fee|price|rent|tax|"
        r"salary|wages?|money|damage|worth|fine|come to)\w*|\bhow much money\b|\b(?:what|which)\b.*\b(?:price|cost|fee|salary|sum|"
        r"penalty|fine|charge|wages?|earn|pay increase|paid|rent)\b|\bup to what (?:sum|amount)\b|\bfrom which amount\b")),
    ("span", _words(r"\bhow long (?:must|may|can|did|does|do|has|have|had|will|would|should|before|until)\b|\bfor how long\b|\bhow long (?:is|was|are|were) "
                    r"\b.*\b(?:term|period|kept|valid|lease|contract|notice|still|time|fixed|interval)\b|\bhow many (?:days|weeks|months|"
                    r"years|hours|minutes|seconds)\b|\bhow much notice\b|\bhow (?:fast|soon|quickly)\b")),
    ("age", _words(r"\bhow old\b|\b(?:what|which) age\b|\bminimum age\b")),
    ("length", _words(r"\bhow (?:long|tall|high|deep|far|wide|thick)\b|\bwhat (?:height|length|depth|width|distance)\b")),
    ("weight", _words(r"\bhow heavy\b|\bwhat\b.*\bweights?\b")),
    ("size", _words(r"\bhow (?:large|big|small)\b|\b(?:what|which) (?:size|resolution)\b")),
    ("rate", _words(r"\bhow often\b|\bhow frequently\b")),
    ("share", _words(r"\b(?:what|which) (?:share|percentage|proportion|fraction|majority|interest|part)\b")),
    ("count", _words(r"\bhow (?:many|much)\b|\b(?:what|which) (?:number|amount|quorum|temperature)\b|\bwhat is the (?:number|quorum|"
                     r"temperature|dose|telephone number|phone number)\b|\b(?:phone|telephone) number\b")),
    ("clock", _words(r"\b(?:at )?what time\b")),
    ("time", _words(r"\bwhen\b|\b(?:what|which) (?:day|date|year|month|century)\b")),
    ("name", _words(r"\bwho(?:m|se)?\b|\bwhat (?:is|was|were|are) the names?\b|\b(?:which|what) (?:company|firm|person|man|woman|bank|school|"
                    r"ship|storm|conservator|supplier|country|university|town|city|hospital|court)\b")),
    ("place", _words(r"\bwhere\b|\b(?:what|which) (?:town|city|country|place)\b")),
    ("reason", _words(r"\bwhy\b|\bfor what reason\b|\bwhat (?:is|was|were) the (?:cause|reason)\b|\bwhat caused\b")),
)  # fmt: skip
OTHER = "other"
"""What is none of the kinds: "what happened", "how"."""
KINDS = ("name", "time", "count", "place", "reason", "money", "span")
"""The kinds that are asked for often enough to weigh alone."""
TYPED = frozenset(
    "long large big small old deep high tall far wide heavy often fast cost costs price fee pay paid earn salary sum amount number "
    "name time day date year month thick soon money come minimum share size weight height length depth age interest years days weeks "
    "months hours happened happens".split()
)
"""Words of questions that an answer of the right kind takes up: "how deep", "four feet"."""

_FOCUS = _words(
    r"\b(?:how many|how much|what|which|whose)\s+(?!is\b|are\b|was\b|were\b|did\b|does\b|do\b|may\b|must\b|can\b|will\b|should\b|happens?\b|"
    r"happened\b)((?:[\w'\u2019-]+\s+){1,3}?)(?:is|are|was|were|did|do|does|may|must|can|should|will|would|has|have|had|of|for|in|to|at|on|the|"
    r"from|with|it|they|\w+ed)\b|\b(?:what|who) (?:is|are|was|were) (?:the|a|an) ((?:[\w'\u2019-]+\s+){1,3}?)(?:of|for|in|at|to|on|from|when)\b"
)
_KIND = frozenset(
    "name names time day date year month number amount sum price cost kind kinds sort type share long much".split()
)
"""Words that only say what kind of answer is wanted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a question wants."""

    kind: str
    """A key of the patterns above, or ``other``."""
    known: frozenset[str]
    """Folded words of the question: they are no answer to it."""
    focus: frozenset[str]
    """Folded words that say of what the answer is: ``colour`` of "what colour are the petals"."""

    def is_in(self, text: str) -> bool:
        """Say whether a text holds something of the kind that the question does not name itself."""
        pattern = _PATTERNS.get(self.kind)
        if pattern is None:
            return True
        if self.kind in ("reason", "place"):
            return pattern.search(text) is not None
        return any(not self._is_known(match[0]) for match in pattern.finditer(text))

    def _is_known(self, found: str) -> bool:
        return all(fold(piece).strip(".,'\u2019-") in self.known for piece in found.split())


def wanted(question: str, words: frozenset[str]) -> Wanted:
    """Tell what a question wants by how it asks.

    Args:
        question: As asked.
        words: All of its words, folded.
    """
    kind = next((kind for kind, pattern in _ASKS if pattern.search(question)), OTHER)
    found = _FOCUS.search(question)
    focus = {fold(word) for word in (found[1] or found[2] or "").split()} if found else set()
    return Wanted(kind=kind, known=words, focus=frozenset(focus - _KIND))
