"""A message is shown with its attachments and its conversation, and its HTML can do no harm."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import pytest

import strongroom
from strongroom.domain.scope import Actor
from strongroom.errors import ContentNotFound, Unsupported
from strongroom.flows.mail import safe, thread
from strongroom.room import Room
from strongroom.testing.fakes import FixedPolicy

BEGAN = datetime(2021, 3, 4, 9, tzinfo=UTC)
ANN, BOB, EVE = "Ann Ives <ann@example.org>", "Bob <bob@example.org>", "Eve <eve@example.net>"
HOSTILE = """<html><head><style>p{position:fixed}</style><script>alert(1)</script></head><body onload=alert(2)>
<p style="background:url(http://tracker.example/a)">The <b>mooring</b> fees rose.</p>
<img src="http://tracker.example/pixel.gif" alt="logo"><img src="//tracker.example/2.gif"><img src="cid:part1">
<img src="data:image/png;base64,iVBORw0KGgo=" alt="own"><img src="data:image/svg+xml;base64,PHN2Zz4=">
<a href="javascript:alert(3)">bad</a><a href="https://example.org/">good</a><a href="data:text/html,x">worse</a>
<form action="https://evil.example"><input name=q></form><iframe src="https://evil.example"></iframe>
<svg onload=alert(4)><a xlink:href="javascript:alert(5)">x</a></svg><math><mi>x</mi></math>
<table background="http://tracker.example/b.png"><tr><td>cell</td></tr></table><blockquote cite="http://tracker.example/c">q</blockquote>
</body></html>"""


def letter(
    number: int, subject: str, sender: str, to: str, *, answers: tuple[int, ...] = (), html: str = "", **files: bytes
) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, sender, to
    message["Date"] = format_datetime(BEGAN + timedelta(hours=number))
    message["Message-ID"] = f"<{number}@example.org>"
    if answers:
        message["In-Reply-To"] = f"<{answers[-1]}@example.org>"
        message["References"] = " ".join(f"<{one}@example.org>" for one in answers)
    message.set_content(f"Letter number {number} about the mooring fees of the harbour, for everybody to read.")
    if html:
        message.add_alternative(html, subtype="html")
    for name, data in files.items():
        message.add_attachment(data, maintype="text", subtype="plain", filename=name)
    return message.as_bytes()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("mail")
    first = "Mooring fees in spring"
    with strongroom.init(folder / "room", workers=1) as made:
        made.create_container("mail")
        made.create_container("secret")
        files = {
            "1.eml": letter(1, first, ANN, BOB, html=HOSTILE, notes=b"what was said"),
            "2.eml": letter(2, f"Re: {first}", BOB, ANN, answers=(1,)),
            "3.eml": letter(3, f"AW: Re: {first}", ANN, BOB, answers=(1, 2)),
            "4.eml": letter(4, first.upper(), BOB, ANN),
            "5.eml": letter(5, first, EVE, "Zoe <zoe@example.net>"),
            "6.eml": letter(6, "Another thing about mooring fees in spring", ANN, BOB),
            "7.eml": letter(7, "", ANN, BOB),
            "box.mbox": b"From ann@example.org Thu Mar  4 09:00:00 2021\n" + letter(8, "In a box", ANN, BOB) + b"\n",
            "note.txt": b"Not a message, but a note about mooring fees.",
        }
        for name, data in files.items():
            made.upload("mail", name, data)
        made.upload("secret", "9.eml", letter(9, f"Fwd: {first}", BOB, EVE, answers=(1, 2, 3)))
        made.analyze()
        yield made


def test_a_message_is_shown_with_headers_text_and_attachments(room: Room):
    mail = room.mail("mail/1.eml")
    assert (mail.subject, mail.sender, mail.to) == ("Mooring fees in spring", ANN, BOB)
    assert (mail.date, mail.message_id) == (BEGAN + timedelta(hours=1), "<1@example.org>")
    assert mail.text.startswith("Letter number 1")
    assert [one.path for one in mail.attachments.members] == ["notes"]
    assert b"".join(room.open(mail.attachments.members[0].sha256).chunks()).strip() == b"what was said"
    assert (mail.encrypted, mail.problems) == (None, ())
    assert room.mail("mail/2.eml").html is None


def test_html_can_do_no_harm(room: Room):
    mail = room.mail("mail/1.eml")
    assert mail.html is not None
    assert "<b>mooring</b> fees" in mail.html
    assert "<td>cell</td>" in mail.html
    assert 'alt="logo"' in mail.html
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in mail.html
    assert 'href="https://example.org/"' in mail.html
    for bad in (
        *("script", "style", "alert", "tracker", "onload", "<form", "<input", "<iframe", "<svg", "javascript", "evil", "cid:"),
        *("data:text", "svg+xml", "position"),
    ):
        assert bad not in mail.html
    assert mail.remote_images == 2


@pytest.mark.parametrize(
    "html",
    [
        "<img src=' http://x.example/a'>",
        "<img src='HTTP://x.example/a'>",
        "<img srcset='http://x.example/a 2x' src=x>",
        "<video poster='http://x.example/a'><source src='http://x.example/b'></video>",
        "<link rel=stylesheet href='http://x.example/a'>",
        "<meta http-equiv=refresh content='0;url=http://x.example/'>",
        "<base href='http://x.example/'>",
        "<noscript><img src='http://x.example/a'></noscript>",
        "<a href='jAvAsCrIpT:alert(1)'>y</a>",
        "<a href=' java\tscript:alert(1)'>y</a>",
        "<img src=x onerror='alert(1)'>",
        "<template><script>alert(1)</script></template>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>",
        "<div style='width:expression(alert(1))'>y</div>",
        "<input autofocus onfocus=alert(1)>",
    ],
)
def test_tricks_are_taken_out(html: str):
    cleaned, _ = safe.cleaned(html)
    for bad in ("x.example", "alert", "script", "onerror", "style="):
        assert bad not in re.sub(r'(?:title|alt)="[^"]*"', "", cleaned.lower())


def test_a_conversation_is_found_by_ids_and_by_people_under_one_subject(room: Room):
    posts = room.mail("mail/2.eml").thread
    assert [(str(post.name), post.by) for post in posts] == [
        ("mail/1.eml", "reference"),
        ("mail/2.eml", "itself"),
        ("mail/3.eml", "reference"),
        ("mail/4.eml", "subject"),
        ("secret/9.eml", "reference"),
    ]
    assert [post.answers for post in posts][:3] == ["", "<1@example.org>", "<2@example.org>"]
    assert [str(post.name) for post in room.mail("mail/7.eml").thread] == ["mail/7.eml"]


def test_a_conversation_shows_only_what_the_scope_grants(room: Room):
    granted = room.vault.container("mail", room.scope("list")).id
    guest = room.acting(Actor(name="guest"), FixedPolicy([granted]))
    assert "secret/9.eml" not in {str(post.name) for post in guest.mail("mail/1.eml").thread}
    with pytest.raises(ContentNotFound):
        guest.mail(room.card("secret/9.eml").sha256)


def test_what_is_no_message_says_so(room: Room):
    with pytest.raises(Unsupported, match="mailbox"):
        room.mail("mail/box.mbox")
    with pytest.raises(Unsupported, match="text/plain"):
        room.mail("mail/note.txt")
    inside = room.card("mail/box.mbox").members.members[0]
    assert room.mail(inside.sha256).subject == "In a box"


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Re: Fwd:  the   Thing ", "the thing"),
        ("RE[2]: thing", "thing"),
        ("Antw: AW: thing", "thing"),
        ("Reply: thing", "reply: thing"),
        ("回复: 事", "事"),
        ("", ""),
    ],
)
def test_subjects_are_told_from_what_answers_put_before_them(text: str, subject: str):
    assert thread.subject_of(text) == subject
