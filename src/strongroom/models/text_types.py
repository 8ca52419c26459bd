"""Which kind of text a text is: by what it says first, then by its name."""

import codecs
import csv
import io
import json
import re

from strongroom.domain.media import EML

SAMPLE = 16_384
"""Bytes that are looked at."""

_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\f\r\b\x1b\x1a") + b"\x7f"
_SHORT = 64
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)

ENDINGS = {
    "md": "text/markdown",
    "markdown": "text/markdown",
    "rst": "text/x-rst",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "tab": "text/tab-separated-values",
    "html": "text/html",
    "htm": "text/html",
    "xhtml": "text/html",
    "json": "application/json",
    "geojson": "application/json",
    "ipynb": "application/json",
    "jsonl": "application/x-ndjson",
    "ndjson": "application/x-ndjson",
    "xml": "application/xml",
    "xsl": "application/xml",
    "xsd": "application/xml",
    "rss": "application/xml",
    "svg": "image/svg+xml",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "toml": "application/toml",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "eml": EML,
    "css": "text/css",
    "js": "application/javascript",
    "mjs": "application/javascript",
    "ts": "text/x-typescript",
    "py": "text/x-python",
    "pyi": "text/x-python",
    "c": "text/x-c",
    "h": "text/x-c",
    "cc": "text/x-c++",
    "cpp": "text/x-c++",
    "hpp": "text/x-c++",
    "cs": "text/x-csharp",
    "java": "text/x-java",
    "kt": "text/x-kotlin",
    "go": "text/x-go",
    "rs": "text/x-rust",
    "rb": "text/x-ruby",
    "php": "text/x-php",
    "pl": "text/x-perl",
    "lua": "text/x-lua",
    "r": "text/x-r",
    "swift": "text/x-swift",
    "scala": "text/x-scala",
    "sql": "text/x-sql",
    "sh": "text/x-shellscript",
    "bash": "text/x-shellscript",
    "bat": "text/x-batch",
    "ps1": "text/x-powershell",
    "tex": "text/x-tex",
    "diff": "text/x-diff",
    "patch": "text/x-diff",
    "ini": "text/x-ini",
    "cfg": "text/x-ini",
}
_UNPROVEN = frozenset(("application/json", "application/x-ndjson", "application/xml", "image/svg+xml", "text/html", EML))
"""Endings that prove nothing alone: their contents say what they are, or the text is plain."""

_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_HTML_LOOSE = re.compile(r"<(?:title|meta|div|table|p|h1|span|script|style|center|font|a)\b", re.IGNORECASE)
_HTML_ENDINGS = ("html", "htm", "xhtml")
_XML_ENDINGS = ("xml", "svg", "xsl", "xsd", "rss")
_ROOT = re.compile(r"<(?:[\w.-]{1,99}:)?([A-Za-z_][\w.-]{0,99})(?=[\s>/])")
_ASIDES = (("<!--", "-->"), ("<?", "?>"))
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60}):(?:[ \t]|\r?$)")
_MAIL_PROOFS = frozenset(("from", "to", "subject", "sender", "received", "return-path", "delivered-to", "message-id"))
_MAIL_HEADERS = _MAIL_PROOFS | {"cc", "bcc", "date", "reply-to", "mime-version", "in-reply-to", "references", "content-type"}
_SHELLS = re.compile(r"#!\s*\S*?(?:/|env\s+)(?:ba|da|z|k)?sh\b")


def text_of(head: bytes, size: int) -> str | None:
    """Decode the first bytes if they are text; None where they are not, or where that is unsure.

    Args:
        head: The first bytes.
        size: Bytes of the whole.
    """
    sample = head[:SAMPLE]
    for mark, encoding in _BOMS:
        if sample.startswith(mark):
            return _decoded(sample[len(mark) :], encoding)
    if b"\0" in sample:
        return _without_mark(sample)
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(sample, final=len(sample) >= size)
    except UnicodeDecodeError:
        legible = len(sample) >= _SHORT or sum(byte < 128 for byte in sample) > 0.7 * len(sample)  # noqa: PLR2004 - mostly ASCII
        return sample.decode("latin-1") if legible and not controls else None
    return text if controls <= len(sample) // 100 else None


def _decoded(sample: bytes, encoding: str) -> str | None:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
    return text if text.count("\ufffd") <= len(text) // 20 and "\0" not in text else None


def _without_mark(sample: bytes) -> str | None:
    """Decode UTF-16 that has no byte order mark: Latin text in it has a NUL at every other byte."""
    pairs = len(sample) // 2
    if pairs < 4:  # noqa: PLR2004 - too little to tell
        return None
    for encoding, zeros, others in (("utf-16-le", sample[1::2], sample[::2]), ("utf-16-be", sample[::2], sample[1::2])):
        if zeros.count(0) > 0.7 * pairs and not others.count(0):
            text = _decoded(sample, encoding)
            return text if text is not None and all(c.isprintable() or c.isspace() for c in text) else None
    return None


def text_type(text: str, name: str, *, whole: bool) -> str:
    """Give the media type of a text.

    Args:
        text: Its beginning.
        name: Its name; its ending says what the text cannot.
        whole: Whether that is all of it.
    """
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    named = ENDINGS.get(ending)
    proven = named is not None and named not in _UNPROVEN
    found = _markup(text, ending, proven=proven and ending not in _HTML_ENDINGS)
    if found is None and not proven:
        found = _mail(text, sure=named == EML) or _json(text, whole=whole)
    if found or (named and proven):
        return found or str(named)
    return _sniffed(text)


def _markup(text: str, ending: str, *, proven: bool) -> str | None:
    if not text[:256].lstrip().startswith("<"):
        return None
    declared = text.lstrip().startswith("<?xml")
    body = _after_asides(text)
    doctype = body[:9].lower() == "<!doctype"
    if _HTML.match(body) and not (doctype and declared and "svg" in body[:200]):
        return "text/html"
    root = _ROOT.match(_after_doctype(body) if doctype else body)
    if root and (root[1].lower() == "svg" or declared or ending in _XML_ENDINGS or doctype):
        return {"svg": "image/svg+xml", "html": "text/html"}.get(root[1].lower(), "application/xml")
    if declared:
        return "application/xml"
    if proven or not _HTML_LOOSE.match(body):
        return None
    return "text/html" if ending in _HTML_ENDINGS or "<html" in body[:2048].lower() else None


def _after_asides(text: str) -> str:
    """Skip comments and processing instructions at the beginning."""
    at = len(text) - len(text.lstrip())
    while aside := next((pair for pair in _ASIDES if text.startswith(pair[0], at)), None):
        end = text.find(aside[1], at + len(aside[0]))
        if end < 0:
            return ""
        at = end + len(aside[1])
        while at < len(text) and text[at].isspace():
            at += 1
    return text[at:]


def _after_doctype(text: str) -> str:
    end, inner = text.find(">"), text.find("[")
    if 0 <= inner < end:
        end = text.find("]>", inner) + 1
    return _after_asides(text[end + 1 :]) if end > 0 else ""


def _mail(text: str, *, sure: bool) -> str | None:
    """Recognise a message by its header block (RFC 5322): header lines only, two of them of mail."""
    names: set[str] = set()
    for line in text.splitlines()[:60]:
        if not line.strip():
            break
        match = _HEADER.match(line)
        if match:
            names.add(match[1].lower())
        elif not names or not line.startswith((" ", "\t")):
            if not sure:
                return None
            break
    mail = names & _MAIL_HEADERS
    return EML if names & _MAIL_PROOFS and len(mail) >= (1 if sure else 2) else None


def _json(text: str, *, whole: bool) -> str | None:
    start = text.lstrip()
    if not start.startswith(("{", "[")):
        return None
    if whole and _loads(text):
        return "application/json"
    lines = [line for line in text.splitlines()[:6] if line.strip()]
    if len(lines) > 1 and all(_loads(line) for line in lines[:2]):
        return "application/x-ndjson"
    return "application/json" if not whole and re.match(r'\{\s*"|\[\s*(?:["{\[\d-]|true|false|null)', start) else None


def _loads(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _sniffed(text: str) -> str:
    if text.startswith("#!"):
        first = text.splitlines()[0]
        return "text/x-shellscript" if _SHELLS.match(first) else "text/x-python" if "python" in first else "text/plain"
    if text.startswith("BEGIN:VCARD"):
        return "text/vcard"
    if text.startswith("BEGIN:VCALENDAR"):
        return "text/calendar"
    return _table(text) or "text/plain"


def _table(text: str) -> str | None:
    """Recognise rows of equal length: five at least, three cells each."""
    lines = text[:4096].splitlines()[:12]
    if len(lines) < 6:  # noqa: PLR2004 - five rows, and one that may be cut
        return None
    for delimiter, kind in (("\t", "text/tab-separated-values"), (",", "text/csv"), (";", "text/csv")):
        if lines[0].count(delimiter) < 2:  # noqa: PLR2004 - three cells
            continue
        try:
            lengths = {len(row) for row in csv.reader(io.StringIO("\n".join(lines[:-1])), delimiter=delimiter, strict=True)}
        except csv.Error:
            continue
        if len(lengths) == 1:
            return kind
    return None
