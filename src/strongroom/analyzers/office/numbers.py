"""Numbers as a sheet shows them: the common part of the number formats of ECMA-376 18.8.31, the rest as stored."""

import re
from datetime import datetime, timedelta
from functools import lru_cache

BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 14: "mm/dd/yyyy", 15: "d-mmm-yy",
    16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "m/d/yyyy h:mm",
    37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 45: "mm:ss",
    46: "[h]:mm:ss", 47: "mm:ss.0", 49: "@",
}  # fmt: skip
"""Formats that a file names by number alone."""

_TOKEN = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|AM/PM|A/P|yyyy|yy|mmmmm|mmmm|mmm|mm|m|dddd|ddd|dd|d|hh|h|ss|s|0+|.', re.IGNORECASE
)
_DATE = re.compile(r"[ymdhs]", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]', re.IGNORECASE)
_DIGITS = re.compile(r"[#0?][#0?,]*(?:\.([#0?]*))?,*")
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]')
_LAST_DAY = 2_958_465.99


def shown(value: float, code: str, *, base_1904: bool = False) -> str:
    """Give a number as it is shown.

    Args:
        value: The number.
        code: Its format, such as ``#,##0.00`` or ``dd.mm.yyyy``.
        base_1904: Whether days are counted from 1904.
    """
    sections = _sections(code)
    section = sections[0]
    if value < 0 and len(sections) > 1:
        section, value = sections[1], -value
    elif value == 0 and len(sections) > 2:  # noqa: PLR2004
        section = sections[2]
    if _DATE.search(_QUOTED.sub("", section)) and "general" not in section.lower():
        return _date(value, section, base_1904=base_1904)
    return _number(value, section)


@lru_cache(maxsize=1024)
def is_date(code: str) -> bool:
    """Say whether a format shows a number of days as a date or a time."""
    section = _sections(code)[0]
    return bool(_DATE.search(_QUOTED.sub("", section))) and "general" not in section.lower()


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[str, ...]:
    found = [""]
    for piece in re.findall(r'"[^"]*"|\\.|\[[^\]]*\]|.', code, re.DOTALL):
        if piece == ";":
            found.append("")
        else:
            found[-1] += piece
    return tuple(found)


def general(value: float) -> str:
    """Give a number as the format General does: up to eleven digits."""
    if value == int(value) and abs(value) < 1e11:  # noqa: PLR2004
        return str(int(value))
    return f"{value:.10g}".replace("e", "E")


def _number(value: float, section: str) -> str:
    plain = _LITERAL.sub(lambda match: match.group(1) or match.group(2) or match.group(3) or "", section)
    digits = _DIGITS.search(_QUOTED.sub("", section))
    if digits is None:
        if "general" in plain.lower() or plain in ("", "@"):
            return re.sub("general|@", lambda _: general(value), plain, flags=re.IGNORECASE) or general(value)
        return plain
    pattern = digits.group()
    scaled = value * 100 ** section.count("%") / 1000 ** (len(pattern) - len(pattern.rstrip(",")))
    places = digits.group(1) or ""
    if re.search(r"E[+-]", section):
        text = f"{scaled:.{len(places)}E}"
    elif "?/" in section or "#/" in section:
        return general(value)
    else:
        text = f"{scaled:{',' if ',' in pattern.rstrip(',') else ''}.{len(places)}f}"
        spare = len(places) - len(places.rstrip("#"))
        while spare and text.endswith("0"):
            text, spare = text[:-1], spare - 1
        text = text.rstrip(".")
        least = pattern.partition(".")[0].count("0")
        text = text.zfill(least + len(text) - len(text.partition(".")[0])) if least > 1 else text
    return re.sub(r"[#0?][#0?,]*(?:\.[#0?]*)?,*(?:E[+-][0#?]+)?", lambda _: text, plain, count=1).strip()


def _date(value: float, section: str, *, base_1904: bool) -> str:
    if not 0 <= value <= _LAST_DAY:
        return general(value)
    days = value + (1462 if base_1904 else 0)
    start = datetime(1899, 12, 30) if days >= 60 else datetime(1899, 12, 31)  # noqa: DTZ001, PLR2004 - a sheet's time has no zone
    at = start + timedelta(seconds=round(days * 86400))
    tokens = _TOKEN.findall(section)
    half = any(token.upper() in ("AM/PM", "A/P") for token in tokens)
    out: list[str] = []
    last = ""
    for i, token in enumerate(tokens):
        kind = token.lower()
        if kind[0] == "m" and kind in ("m", "mm") and (last == "h" or _before_seconds(tokens[i + 1 :])):
            out.append(f"{at.minute:02}" if kind == "mm" else str(at.minute))
        else:
            out.append(_piece(at, kind, token, value, half=half))
        if (letter := kind.lstrip("[")[:1]) in "ymdhs":
            last = letter
    return "".join(out).strip()


def _before_seconds(tokens: list[str]) -> bool:
    following = next((token.lower() for token in tokens if token[0].lower() in "ymdhs"), "")
    return following.startswith("s")


def _piece(at: datetime, kind: str, token: str, value: float, *, half: bool) -> str:
    hour = (at.hour % 12 or 12) if half else at.hour
    pieces = {
        "yyyy": f"{at.year:04}", "yy": f"{at.year % 100:02}", "mmmmm": f"{at:%b}"[0], "mmmm": f"{at:%B}", "mmm": f"{at:%b}",
        "mm": f"{at.month:02}", "m": str(at.month), "dddd": f"{at:%A}", "ddd": f"{at:%a}", "dd": f"{at.day:02}",
        "d": str(at.day), "hh": f"{hour:02}", "h": str(hour), "ss": f"{at.second:02}", "s": str(at.second),
        "am/pm": f"{at:%p}", "a/p": f"{at:%p}"[:1], "[h]": str(int(value * 24)), "[hh]": str(int(value * 24)),
        "[m]": str(int(value * 1440)), "[mm]": str(int(value * 1440)),
    }  # fmt: skip
    if kind in pieces:
        return pieces[kind]
    if len(token) > 1:
        return token.strip('"') if token[0] == '"' else token[1:] if token[0] == "\\" else ""
    return "" if kind in "@;" else token
