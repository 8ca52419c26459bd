"""Where sentences end, in many scripts, by rules: linear time, no model, no table of a language to load.

Libraries were weighed: pysbd is unmaintained and takes seconds for a megabyte; the neural splitters need torch. A wrong border
costs a passage a clause, so a rule that is right nearly always and quick always is the better bargain here.
"""

# ruff: noqa: RUF001, SIM905 - the marks of many scripts resemble each other, and word lists read best as prose
import re
from collections.abc import Iterator

_OWN_SPACE = "。！？｡．‼⁇⁈⁉।॥؟۔։።፧។៕။།༎᠃᠉꓿"
"""Marks that end a sentence whatever follows them: Chinese, Japanese, Indic, Arabic, Armenian, Ethiopic, Khmer, ..."""
_CLOSERS = "\"'”’»›)\\]}」』）】》〉*_"
_END = re.compile(rf"[{_OWN_SPACE}]+[{_CLOSERS}]*|[.!?…‽]+[{_CLOSERS}]*(?=\s)")
_NEXT = re.compile(r"[\s\"'“‘«‹(\[¿¡*_–—-]*(\w?)")
_WORD = re.compile(r"[^\s(\[\"'“‘«]*$")

_NEVER = frozenset(
    """adm al approx apt art aufl ave bd bldg blvd brig bros bzw ca capt cf cmdr col cols comdr cpl dept dh dipl dr ed eds eg
    engr esp est evtl ex exs fam fig figs fr frl ft gen ggf gov hon hr hrsg ie inh insp int jg kap lt ltn maj max med min
    mio mlle mme mmes mr mrs ms mt mrd n nos nr op ord p pp par pfc pg ph pres prof pt pvt rep reps resp rev rt sec sen sens
    sgt sir sog sp spp sr sra sres srta st sta ste str supt surg tel trans u.a uz vgl viz vol vols vs z.b zb z.t zzgl e.g i.e
    d.h u.s u.k m.e u.u i.d.r a.d b.c op.cit avda cf dña exmo ilmo núm pág págs prov tfno art-nr abs ziff anm""".split()
)
"""Abbreviations (without the last dot) that a sentence hardly ends with: a name or a number follows."""
_SOMETIMES = frozenset(
    "etc usw inc ltd co corp plc llc jr bc ad am pm a.m p.m gmbh jan feb apr jun jul aug sep sept oct nov dec no".split()
)
"""Abbreviations that may end a sentence: they do when a capital letter follows."""
_MONTHS = frozenset(
    "januar februar märz april mai juni juli august september oktober november dezember jänner january february march may "
    "june july october december quartal jahrhundert jh".split()
)
_SHORT = 24
"""Characters looked at before and after a dot."""


def ends(text: str, start: int, stop: int, least: int = 0) -> Iterator[int]:
    """Give each place where a sentence ends, closing quotes and brackets included.

    Args:
        text: Any text.
        start: First character to look at.
        stop: One past the last; what lies beyond it is not seen.
        least: Ends before it are not wanted.

    Yields:
        Positions one past a sentence's last character, rising.
    """
    for match in _END.finditer(text, max(start, least - 1), stop):
        mark = text[match.start()]
        if mark in _OWN_SPACE or _is_end(text, match.start(), match.end(), start, stop):
            yield match.end()


def _is_end(text: str, dot: int, end: int, start: int, stop: int) -> bool:
    following = _NEXT.match(text, end, min(stop, end + _SHORT))
    first = following.group(1) if following else ""
    if first.islower():
        return False
    if text[dot] != "." or ".." in text[max(start, dot - 1) : end]:
        return True
    word_match = _WORD.search(text[max(start, dot - _SHORT) : dot])
    word = word_match.group() if word_match else ""
    if word.isdecimal():
        return not _is_number_of_something(text, dot - len(word), len(word), text[end : min(stop, end + _SHORT)], start)
    lowered = word.lower().strip(".")
    if len(lowered) == 1 and word[0].isupper():
        return False
    if lowered in _NEVER:
        return False
    return not (lowered in _SOMETIMES and not first.isupper())


def _is_number_of_something(text: str, at: int, length: int, following: str, start: int) -> bool:
    """Tell ``1. First item`` and ``3. Oktober`` from a sentence that ends with a number."""
    if length > len("999"):
        return False
    line = text.rfind("\n", start, at) + 1 or start
    if not text[line:at].strip(" \t#>*-"):
        return True
    words = following.split(None, 1)
    return bool(words) and words[0].strip(".,;").lower() in _MONTHS
