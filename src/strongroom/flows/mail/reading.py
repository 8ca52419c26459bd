"""One message, read for somebody who looks at it."""

from strongroom.analyzers import mail
from strongroom.domain.mail import Mail
from strongroom.domain.media import EML, MBOX, MSG
from strongroom.domain.scope import Scope
from strongroom.errors import Unsupported
from strongroom.flows.mail import safe, thread
from strongroom.flows.parts import Parts
from strongroom.storage.catalog import cards

ATTACHMENTS = 200
CHARACTERS = 1_000_000
"""Of the text; what is longer is cut, and told as a problem."""


def read(parts: Parts, sha256: str, scope: Scope) -> Mail:
    """Give a message, its HTML made safe, with attachments and conversation.

    Args:
        parts: An open room.
        sha256: The content.
        scope: What may be seen.

    Raises:
        Unsupported: It is no message.
        Unreadable: It is damaged.
    """
    with parts.vault.source(sha256) as source:
        if source.media_type == MBOX:
            raise Unsupported(f"the content {sha256} is a mailbox: open one of the messages in it, which its card lists")
        if source.media_type not in (EML, MSG):
            raise Unsupported(f"the content {sha256} is no message: it is {source.media_type}")
        letter, raw = mail.read(source)
    with parts.catalog.read() as tx:
        attachments = cards.inside(tx, sha256, after=0, limit=ATTACHMENTS)
    problems = list(letter.problems)
    html, remote = None, 0
    if len(raw) > safe.LONGEST:
        problems.append(f"its HTML has {len(raw):,} characters and is left out: the text is the same")
    elif raw.strip():
        html, remote = safe.cleaned(raw)
    if len(letter.body) > CHARACTERS:
        problems.append(f"only the first {CHARACTERS:,} of its {len(letter.body):,} characters are shown")
    headers = {name: letter.headers.get(name, "") for name in ("subject", "from", "to", "cc", "bcc", "reply-to", "message-id")}
    return Mail(
        sha256=sha256,
        subject=headers["subject"],
        sender=headers["from"],
        to=headers["to"],
        cc=headers["cc"],
        bcc=headers["bcc"],
        reply_to=headers["reply-to"],
        date=letter.date,
        message_id=headers["message-id"],
        text=letter.body[:CHARACTERS],
        html=html,
        remote_images=remote,
        encrypted=letter.encrypted or None,
        problems=tuple(problems),
        attachments=attachments,
        thread=thread.thread(parts, sha256, scope),
    )
