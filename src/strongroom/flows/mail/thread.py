"""Which messages belong to one conversation.

Ids tell it where they are named (RFC 5322, 3.6.4); where programs have lost them, the same people under the same subject do.
Candidates are found by the words of the subject, so a conversation whose subject was changed comes in parts.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import getaddresses

from strongroom.domain.content import Name
from strongroom.domain.findings import PROPERTIES
from strongroom.domain.mail import Post
from strongroom.domain.media import MAIL
from strongroom.domain.scope import Scope
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import analyses, names
from strongroom.storage.tables import View
from strongroom.storage.tables.predicates import both, granted, one_of

MOST = 200
"""Messages of one conversation."""
SUBJECT_CHARACTERS = 200
ITSELF, REFERENCE, SUBJECT = "itself", "reference", "subject"
_ANSWER = re.compile(
    r"\s*(?:(?:re|fw|fwd|aw|wg|antw|sv|vs|vb|tr|rv|enc|res|ref|odp|ynt|回复|转发|答复)\s*(?:\[\d+\])?\s*[:：]\s*)+",  # noqa: RUF001
    re.IGNORECASE,
)
"""What programs of many languages put before the subject of an answer."""
_ID = re.compile(r"<[^<>\s]+>")

Said = Mapping[str, object]
"""Properties of a message."""


def subject_of(text: str) -> str:
    """Give a subject without what answers put before it."""
    return " ".join(_ANSWER.sub("", text, count=1).split()).casefold()


def thread(parts: Parts, sha256: str, scope: Scope) -> tuple[Post, ...]:
    """Give the messages of the conversation that one is part of, itself among them, oldest first.

    Args:
        parts: An open room.
        sha256: The message.
        scope: What may be seen.
    """
    with parts.catalog.read() as tx:
        mine = analyses.properties(tx, [sha256]).get(sha256, {})
    found = _candidates(parts, subject_of(_text(mine, "subject")), scope) - {sha256}
    with parts.catalog.read() as tx:
        named = names.names(tx, [sha256, *sorted(found)], scope, limit=1)
        said = analyses.properties(tx, list(named))
    reasons = _related(sha256, {sha: said.get(sha, {}) for sha in named})
    posts = [_post(sha, named[sha][0], said.get(sha, {}), by) for sha, by in reasons.items()]
    return tuple(sorted(posts, key=lambda post: (_when(post.date), post.sha256)))


def threads(said: Mapping[str, Said], named: Mapping[str, Name]) -> tuple[tuple[Post, ...], ...]:
    """Give messages as conversations, in the order in which each begins; the messages of each oldest first.

    Args:
        said: Properties of each message, by content.
        named: A name of each.
    """
    left, found = dict(said), []
    while left:
        reasons = _related(next(iter(left)), left)
        posts = [_post(sha, named[sha], left.pop(sha), by) for sha, by in reasons.items()]
        found.append(tuple(sorted(posts, key=lambda post: (_when(post.date), post.sha256))))
    return tuple(found)


def _candidates(parts: Parts, subject: str, scope: Scope) -> set[str]:
    """Give messages whose headers hold the words of a subject, word after word."""
    if not re.search(r"\w", subject):
        return set()
    phrase = subject[:SUBJECT_CHARACTERS].rsplit(" ", 1)[0] if len(subject) > SUBJECT_CHARACTERS else subject
    where = both(one_of("type", [MAIL]), one_of("kind", [PROPERTIES]), granted(scope.containers))

    def read(view: View) -> set[str]:
        rows = view.words((), phrases=(phrase,), columns=("content_sha256",), where=where, limit=MOST)
        return set(rows.column("content_sha256").to_pylist())

    return parts.table.read(read)


def _related(sha256: str, said: Mapping[str, Said]) -> dict[str, str]:
    """Give those messages that belong to one, each with why."""
    reasons = {sha256: ITSELF}
    known = _ids(said.get(sha256, {}))
    left = {sha: _ids(one) for sha, one in said.items() if sha != sha256}
    while near := [sha for sha, ids in left.items() if ids & known]:
        for sha in near:
            reasons[sha] = REFERENCE
            known |= left.pop(sha)
    mine = said.get(sha256, {})
    subject, people = subject_of(_text(mine, "subject")), _people(mine)
    for sha in left if subject else ():
        if subject_of(_text(said[sha], "subject")) == subject and _people(said[sha]) & people:
            reasons[sha] = SUBJECT
    return reasons


def _ids(said: Said) -> set[str]:
    return {found for name in ("message-id", "in-reply-to", "references") for found in _ID.findall(_text(said, name))}


def _people(said: Said) -> set[str]:
    given = [_text(said, name) for name in ("from", "to", "cc")]
    return {address.casefold() for _, address in getaddresses(given) if "@" in address}


def _text(said: Said, name: str) -> str:
    value = said.get(name, "")
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _post(sha256: str, name: Name, said: Said, by: str) -> Post:
    answered = _ID.findall(_text(said, "in-reply-to")) or _ID.findall(_text(said, "references"))
    return Post(
        sha256=sha256,
        name=name,
        subject=_text(said, "subject"),
        sender=_text(said, "from"),
        to=_text(said, "to"),
        date=date_of(said),
        message_id=next(iter(_ID.findall(_text(said, "message-id"))), ""),
        answers=answered[-1] if answered else "",
        by=by,
    )


def date_of(said: Said) -> datetime | None:
    """Give the date that a message states, None where it states none."""
    try:
        return datetime.fromisoformat(_text(said, "date"))
    except ValueError:
        return None


def _when(date: datetime | None) -> float:
    if date is None:
        return float("inf")
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
