"""Transcripts as files that players and people read: SubRip, WebVTT, plain text.

WebVTT: https://www.w3.org/TR/webvtt1/. SubRip has no specification; what players agree on is at
https://wiki.videolan.org/SubRip and https://www.matroska.org/technical/subtitles.html. Lengths of lines and of captions follow
https://partnerhelp.netflixstudios.com/hc/en-us/articles/217350977-English-USA-Timed-Text-Style-Guide.
"""

import math
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import itemgetter

from strongroom.domain.times import clock
from strongroom.domain.transcript import Utterance

COLUMNS = 42
"""Columns of a line; a character of East Asian width takes two."""
LINES = 2
"""Lines of a caption."""
LONGEST = 7.0
"""Seconds of a caption."""
SHORTEST = 5 / 6
"""Seconds that a caption stays at the least, where the next one leaves them."""
PARAGRAPH = 600
"""Characters after which plain text begins a paragraph with the next sentence."""
PAUSE = 2.0
"""Seconds of silence that begin one in any case."""
_STOPS = tuple(".?!…。？！")  # noqa: RUF001
_COMMAS = tuple(",;:–—、，；：")  # noqa: RUF001
_BREATH = 0.25
"""Seconds between two words that are a place to cut."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_TAGLIKE = re.compile(r"<(?=[/!a-zA-Z])([^<>]*)>")
_GUILLEMETS = "\u2039\\1\u203a"
_CLOSING = "\"'\u201d\u2019)"
"""What may follow the last stop of a sentence."""
_MILLI = 0.001


@dataclass(frozen=True, kw_only=True, slots=True)
class Caption:
    """What is on the screen at one time."""

    t_start: float
    """Seconds, whole milliseconds."""
    t_end: float
    """The same; later than the start."""
    lines: tuple[str, ...]
    """Without markup; none is empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Token:
    """A stretch of text that is not broken."""

    text: str
    """Without the blanks around it."""
    glue: str
    """What stands between it and the one before: a blank or nothing."""
    t_start: float
    t_end: float


def srt(utterances: Iterable[Utterance]) -> str:
    """Write SubRip: numbered captions that never overlap.

    SubRip has no way to say ``<`` or ``-->`` in a text: brackets that players would take for a tag become single guillemets,
    and arrows one character.
    """
    blocks = []
    for number, caption in enumerate(captions(utterances), 1):
        span = f"{_stamp(caption.t_start, ',')} --> {_stamp(caption.t_end, ',')}"
        lines = [_TAGLIKE.sub(_GUILLEMETS, line.replace("-->", "→")).replace("{\\", "{") for line in caption.lines]
        blocks.append("\n".join([str(number), span, *lines]) + "\n")
    return "\n".join(blocks)


def vtt(utterances: Iterable[Utterance]) -> str:
    """Write WebVTT: captions in order that never overlap, ``&``, ``<`` and ``>`` escaped."""
    blocks = ["WEBVTT\n"]
    for caption in captions(utterances):
        span = f"{_stamp(caption.t_start, '.')} --> {_stamp(caption.t_end, '.')}"
        lines = [line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in caption.lines]
        blocks.append("\n".join([span, *lines]) + "\n")
    return "\n".join(blocks)


def plain(utterances: Iterable[Utterance], *, times: bool = False) -> str:
    """Write paragraphs to read; a pause, another language, or a sentence's end after a while begins a new one.

    Args:
        utterances: In order of time.
        times: Whether each paragraph begins with its time.
    """
    paragraphs: list[tuple[float, str]] = []
    last: Utterance | None = None
    for one in utterances:
        text = _flat(one.text)
        if last is None or _parted(last, one, len(paragraphs[-1][1])):
            paragraphs.append((one.t_start, text))
        else:
            start, before = paragraphs[-1]
            paragraphs[-1] = (start, before + _glue(before, text) + text)
        last = one
    return "\n".join((f"[{clock(start)}] " if times else "") + text + "\n" for start, text in paragraphs if text)


def _flat(text: str) -> str:
    """Give a text in one line, without what would command a terminal or cannot be written."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _parted(last: Utterance, one: Utterance, length: int) -> bool:
    ended = last.text.rstrip(_CLOSING).endswith(_STOPS)
    return one.t_start - last.t_end >= PAUSE or one.language != last.language or (length >= PARAGRAPH and ended)


def captions(utterances: Iterable[Utterance]) -> list[Caption]:
    """Cut utterances into captions of at most two lines and seven seconds, in order, none overlapping another."""
    found: list[Caption] = []
    for one in sorted(utterances, key=lambda one: (one.t_start, one.t_end)):
        for part in _cut(_tokens(one)):
            t_start, t_end = round(part[0].t_start, 3), round(part[-1].t_end, 3)
            found.append(Caption(t_start=max(t_start, 0.0), t_end=t_end, lines=tuple(_wrapped(_joined(part)))))
    return _apart(found)


def _apart(found: Sequence[Caption]) -> list[Caption]:
    """Let each end before the next begins, and stay long enough to be read where there is room."""
    merged: list[Caption] = []
    for one in sorted(found, key=lambda one: one.t_start):
        if merged and one.t_start <= merged[-1].t_start:  # two who speak at once
            end = max(one.t_end, merged[-1].t_end)
            merged[-1] = replace(merged[-1], t_end=end, lines=merged[-1].lines + one.lines)
        else:
            merged.append(one)
    placed = []
    for number, one in enumerate(merged, 1):
        limit = merged[number].t_start if number < len(merged) else math.inf
        end = min(max(one.t_end, round(one.t_start + SHORTEST, 3)), limit)
        placed.append(replace(one, t_end=max(end, round(one.t_start + _MILLI, 3))))
    return placed


def _tokens(one: Utterance) -> list[_Token]:
    """Give the words of an utterance with their times; told from the length of the text where no word is timed."""
    text = _flat(one.text)
    spans = _spans(text)
    if not spans:
        return []
    marks = _marks(text, one) or [(0, one.t_start), (len(text), one.t_end)]
    tokens = []
    for start, end in spans:
        glue = " " if start and text[start - 1] == " " else ""
        t_start, t_end = _time(marks, start, begins=True), _time(marks, end, begins=False)
        tokens.append(_Token(text=text[start:end], glue=glue, t_start=t_start, t_end=max(t_start, t_end)))
    return tokens


def _spans(text: str) -> list[tuple[int, int]]:
    """Give start and end of what is not broken: words, and single characters of scripts without blanks."""
    spans: list[tuple[int, int]] = []
    for word in re.finditer(r"\S+", text):
        start = word.start()
        for at in range(start + 1, start if word[0].isascii() else word.end()):
            if _breaks(text[at - 1], text[at]):
                spans.append((start, at))
                start = at
        spans.append((start, word.end()))
    return spans


def _breaks(before: str, after: str) -> bool:
    """Say whether a line may end between two characters that no blank parts (kinsoku: no line begins with a stop)."""
    if not (_is_wide(before) or _is_wide(after)):
        return False
    return not unicodedata.category(after).startswith(("P", "M")) and unicodedata.category(before) not in ("Ps", "Pi")


def _marks(text: str, one: Utterance) -> list[tuple[int, float]]:
    """Give characters of the text with the times at which they are said: two a word, its first and the one after its last."""
    marks: list[tuple[int, float]] = []
    at = 0
    for word in one.words:
        plain_word = _flat(word.text)
        found = text.find(plain_word, at)
        if not plain_word or found < 0:
            continue
        at = found + len(plain_word)
        marks += [(found, word.t_start), (at, word.t_end)]
    return marks


def _time(marks: Sequence[tuple[int, float]], at: int, *, begins: bool) -> float:
    """Give the time of a character by those of its neighbours."""
    low, high = bisect_left(marks, at, key=itemgetter(0)), bisect_right(marks, at, key=itemgetter(0))
    if low < high:  # two marks are in one place where one word ends and the next begins
        return marks[high - 1 if begins else low][1]
    before, after = marks[max(low - 1, 0)], marks[min(high, len(marks) - 1)]
    if after[0] <= before[0]:
        return before[1]
    return before[1] + (after[1] - before[1]) * (at - before[0]) / (after[0] - before[0])


def _cut(tokens: Sequence[_Token]) -> Iterator[Sequence[_Token]]:
    """Cut in two at the best place, and the parts again, until each fits."""
    if not tokens:
        return
    lines = _wrapped(_joined(tokens))
    if len(tokens) == 1 or (len(lines) <= LINES and tokens[-1].t_end - tokens[0].t_start <= LONGEST):
        yield tokens
        return
    lengths = list(accumulate(len(token.glue) + len(token.text) for token in tokens))
    at = max(range(1, len(tokens)), key=lambda at: _worth(tokens[at - 1], tokens[at], lengths[at - 1] / lengths[-1]))
    yield from _cut(tokens[:at])
    yield from _cut(tokens[at:])


def _worth(before: _Token, after: _Token, share: float) -> float:
    """Say how good a cut between two words is that leaves so large a share of the text before it."""
    last = before.text.rstrip(_CLOSING)
    stop = 0.3 * last.endswith(_STOPS) + 0.15 * last.endswith(_COMMAS)
    pause = after.t_start - before.t_end
    return min(share, 1 - share) + stop + (min(pause, 1.0) if pause >= _BREATH else 0.0)


def _joined(tokens: Sequence[_Token]) -> str:
    return "".join((token.glue if number else "") + token.text for number, token in enumerate(tokens))


def _wrapped(text: str) -> list[str]:
    """Break a text into lines, two of about one length where one does not hold it."""
    width = _width(text)
    if width <= COLUMNS:
        return [text]
    pieces = list(_pieces(text))
    lines = _filled(pieces, COLUMNS)
    if len(lines) > LINES:
        return lines
    low, high = width // LINES, COLUMNS
    while low < high:  # the narrowest that does
        middle = (low + high) // 2
        found = _filled(pieces, middle)
        low, high, lines = (low, middle, found) if len(found) <= LINES else (middle + 1, high, lines)
    return lines


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Give what is not broken, each with what parts it from the one before; what is too long for a line comes in pieces."""
    for start, end in _spans(text):
        glue = " " if start and text[start - 1] == " " else ""
        for at in range(start, end, COLUMNS):
            yield glue if at == start else "", text[at : min(end, at + COLUMNS)]


def _filled(pieces: Sequence[tuple[str, str]], columns: int) -> list[str]:
    lines, room = [""], columns
    for glue, piece in pieces:
        room -= len(glue) + _width(piece)
        if room < 0 and lines[-1]:
            lines.append(piece)
            room = columns - _width(piece)
        else:
            lines[-1] += glue + piece
    return lines


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if _is_wide(character) else 1 for character in text if unicodedata.category(character) != "Mn")


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in ("W", "F")


def _glue(before: str, after: str) -> str:
    return "" if before and after and _is_wide(before[-1]) and _is_wide(after[0]) else " "


def _stamp(of: float, mark: str) -> str:
    return clock(of, 3, mark).rjust(12, "0")


FORMS = {"srt": srt, "vtt": vtt, "txt": plain}
"""By the name that people give a form, and that its files end with."""
