"""Two servers' replies to one request, with what must differ taken out, and where they still differ."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError, fromstring

from differential.rest import Answer, Ask, Rest

UNSEEN = {
    "etag": '"0x8D0000000000000"',
    "lease": "00000000-1111-2222-3333-444444444444",
    "snapshot": "2019-01-01T00:00:00.0000000Z",
    "copy": "00000000-5555-6666-7777-888888888888",
    "marker": "",
}
"""What a request says where the server has not said anything to say."""

REFUSED = 300
LENGTHS = frozenset({"content-length", "content-type"})
"""Of an error, whose text is each server's own."""
IGNORED = frozenset({"server", "date", "connection", "keep-alive", "transfer-encoding"})
HTTP_DATE = re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
ETAG = re.compile(r'"?0x[0-9A-Fa-f]+"?')
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One respect in which two replies to a request differ."""

    operation: str
    what: str
    """``answer``, ``body``, ``header NAME`` or ``xml PATH``."""
    ours: str
    theirs: str


class Side:
    """One server, and what it has said in this sequence."""

    def __init__(self, rest: Rest, prefix: str) -> None:
        """Begin a sequence, whose containers all have names that begin so."""
        self._rest, self._prefix = rest, prefix
        self._said: dict[tuple[str, str], str] = {}
        self._symbols: dict[str, dict[str, str]] = defaultdict(dict)

    def ask(self, ask: Ask) -> Answer:
        """Fill a request in, send it, and remember what comes back."""
        box, _, blob = ask.path.partition("/")
        known = {name: self._said.get((ask.path, name), value) for name, value in UNSEEN.items()}
        known |= {"prefix": self._prefix, "box": self._prefix + box, "url": self._rest.url}

        def fill(text: str) -> str:
            return re.sub(r"\{(\w+)\}", lambda found: known[found[1]], text)

        path = f"{self._prefix}{box}" + (f"/{blob}" if blob else "") if box else ""
        answer = self._rest.ask(
            Ask(
                operation=ask.operation,
                method=ask.method,
                path=path,
                query={name: value for name, text in ask.query.items() if (value := fill(text)) or name != "marker"},
                headers={name: fill(text) for name, text in ask.headers.items()},
                body=ask.body,
            )
        )
        self._remember(ask.path, answer)
        return answer

    def _remember(self, path: str, answer: Answer) -> None:
        for name, header in (
            ("etag", "etag"),
            ("lease", "x-ms-lease-id"),
            ("snapshot", "x-ms-snapshot"),
            ("copy", "x-ms-copy-id"),
        ):
            if value := answer.headers.get(header):
                self._said[path, name] = value
        found = re.search(rb"<NextMarker>([^<]+)</NextMarker>", answer.body)
        self._said[path, "marker"] = found[1].decode() if found else ""

    def plain(self, text: str) -> str:
        """Give a value with all that is this server's own put as a symbol."""
        text = text.replace(self._rest.url, "<url>").replace(self._prefix, "")
        if HTTP_DATE.fullmatch(text):
            return "<date>"
        if INSTANT.fullmatch(text):
            return self._symbol("time", text)
        if ETAG.fullmatch(text):
            bare = text.strip('"')
            return text.replace(bare, self._symbol("etag", bare))
        if GUID.fullmatch(text) and text[:8] not in ("11111111", "99999999"):
            return self._symbol("id", text)
        return INSTANT.sub(lambda found: self._symbol("time", found[0]), text)

    def _symbol(self, kind: str, text: str) -> str:
        known = self._symbols[kind]
        return known.setdefault(text, f"<{kind} {len(known) + 1}>")


def differences(ask: Ask, ours: tuple[Side, Answer], theirs: tuple[Side, Answer]) -> Iterator[Difference]:
    """Tell in what two replies differ: in status and error code, or else in whatever follows."""
    mine, other = (_summary(answer) for _, answer in (ours, theirs))
    told = [_facts(ask, *one) for one in (ours, theirs)]
    if mine != other:
        told = [{"answer": mine}, {"answer": other}]
    for what in sorted(told[0].keys() | told[1].keys()):
        mine, other = (one.get(what, "-") for one in told)
        if mine != other:
            yield Difference(operation=ask.operation, what=what, ours=mine, theirs=other)


def _summary(answer: Answer) -> str:
    failed = answer.status >= REFUSED
    return f"{answer.status} {answer.headers.get('x-ms-error-code', '-')}" if failed else str(answer.status)


def _facts(ask: Ask, side: Side, answer: Answer) -> dict[str, str]:
    facts: dict[str, str] = {}
    for name in sorted(answer.headers):
        if name in IGNORED or (answer.status >= REFUSED and name in LENGTHS):
            continue
        facts[f"header {name}"] = _header(side, name, answer.headers[name])
    if answer.status >= REFUSED:
        return facts
    if "xml" in answer.headers.get("content-type", "") and answer.body:
        facts.pop("header content-length", None)
        facts |= dict(_tree(side, answer.body))
    elif ask.method == "GET":
        facts["body"] = f"{len(answer.body)} {answer.body[:20]!r}"
    return facts


def _header(side: Side, name: str, value: str) -> str:
    if name == "x-ms-request-id":
        return "<id>" if GUID.fullmatch(value) else value
    if name == "x-ms-lease-time":
        return "0" if value == "0" else "<seconds>"
    if name == "content-type":
        return value.replace(" ", "").lower()
    return side.plain(value)


def _tree(side: Side, body: bytes) -> Iterator[tuple[str, str]]:
    try:
        root = fromstring(body.decode("utf-8-sig"))
    except ParseError:
        yield "xml", f"no XML: {body[:50]!r}"
        return
    yield from _nodes(side, root, root.tag)


def _nodes(side: Side, element: Element, path: str) -> Iterator[tuple[str, str]]:
    for name, value in sorted(element.attrib.items()):
        yield f"xml {path}@{name}", _ending(side, name, value)
    if not len(element):
        yield f"xml {path}", "<marker>" if element.tag == "NextMarker" and element.text else side.plain(element.text or "")
    seen: dict[str, int] = defaultdict(int)
    for child in _in_order(element):
        seen[child.tag] += 1
        number = f"[{seen[child.tag]}]" if seen[child.tag] > 1 else ""
        yield from _nodes(side, child, f"{path}/{child.tag}{number}")


def _in_order(element: Element) -> list[Element]:
    """Put snapshots before their blob, as Azure lists them and Azurite does not; leave all else as it is."""
    children = list(element)
    if element.tag != "Blobs":
        return children
    names = [child.findtext("Name", "") for child in children]
    return sorted(children, key=lambda child: (names.index(child.findtext("Name", "")), child.findtext("Snapshot", "~")))


def _ending(side: Side, name: str, value: str) -> str:
    if name == "ServiceEndpoint":
        return urlsplit(value).path.rstrip("/")
    return side.plain(value)
