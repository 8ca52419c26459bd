"""The viewer without a browser: each kind of file in its form, at its match; damaged, hostile and huge ones too."""

import io
import re
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from html import unescape
from random import Random

import pytest
from PIL import Image
from starlette.testclient import TestClient

from front_door import Front, open_front
from strongroom.domain.progress import silent
from strongroom.server.web.viewer.about import facts
from strongroom.server.web.viewer.grid import column
from strongroom.testing.estate.documents import docx, pdf

LINES = "".join(f"Line {n} of the log.\n" if n != 777 else "The lighthouse keeper saw a porpoise.\n" for n in range(1, 2001))
CSV = "ship,port\n" + "".join(f"Calypso {n},Harbour {n % 7}\n" for n in range(1, 1001))
XML = "<log>" + "".join(f"<entry n='{n}'>nothing</entry>\n" for n in range(900)) + "<entry>a narwhal</entry></log>"
HOSTILE = (
    "<html><head><style>body{display:none}</style></head><body onload=alert(1)>"
    "<p>The pumps &amp; the <b>invoice</b> &lt;i&gt;</p>"
    "<img src='https://tracker.example/x.gif'><script>alert(1)</script><a href='javascript:alert(1)'>pay</a><br></body></html>"
)


def mail(subject: str, message_id: str, *, answers: str = "") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ann <ann@example.org>", "bob@example.org", subject
    message["Date"], message["Message-ID"] = "Tue, 14 Apr 1987 09:30:00 +0100", message_id
    if answers:
        message["In-Reply-To"] = answers
    message.set_content("The pumps are here.")
    message.add_alternative(HOSTILE, subtype="html")
    message.add_attachment(b"two pumps", maintype="text", subtype="plain", filename='a "b" <c>.txt')
    return bytes(message)


def files() -> Iterator[tuple[str, bytes]]:
    """Give names and bytes of what is looked at."""
    yield "log.txt", LINES.encode()
    yield "ships.csv", CSV.encode()
    yield "log.xml", XML.encode()
    yield "first.eml", mail("Pumps", "<1@example.org>")
    yield "second.eml", mail("Re: Pumps", "<2@example.org>", answers="<1@example.org>")
    posts = (
        mail("Gulls", "<3@example.org>"),
        mail("Ferry", "<4@example.org>"),
        mail("Re: Gulls", "<5@example.org>", answers="<3@example.org>"),
    )
    yield "box.mbox", b"".join(b"From ann@example.org Tue Apr 14 09:30:00 1987\n" + post + b"\n\n" for post in posts)
    yield "paper.pdf", pdf(Random(7), "lighthouse")
    yield "letter.docx", docx(Random(7), "anchor")
    yield "broken.pdf", b"%PDF-1.7 broken"
    yield "empty.txt", b""
    yield "blob.bin", bytes(range(256)) * 8
    yield 'folder/<img src=x onerror="alert(1)">.txt', b"A name that means ill."
    turned = Image.Exif()
    turned[0x0112] = 6
    out = io.BytesIO()
    Image.new("RGB", (64, 32), "teal").save(out, "JPEG", exif=turned)
    yield "turned.jpg", out.getvalue()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(250):
            archive.writestr(f"page-{n:03}.txt", f"Page {n}.")
    yield "pack.zip", out.getvalue()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    settings = {"ocr_model": "none", "speech_model": "none", "office": "builtin", "workers": 1}
    with open_front(tmp_path_factory.mktemp("viewer") / "room", **settings) as opened:
        opened.room.create_container("papers")
        for name, data in files():
            opened.room.upload("papers", name, data)
        opened.room.analyze(on_progress=silent)
        yield opened


@pytest.fixture
def client(front: Front) -> TestClient:
    return front.by_session()


def sha_of(front: Front, name: str) -> str:
    return front.room.blob("papers", name).sha256 or ""


def seen(front: Front, client: TestClient, name: str, **query: object) -> str:
    """Give what the viewer shows of a file."""
    answer = client.get(f"/view/{sha_of(front, name)}", params=query)
    assert answer.status_code == 200, answer.text
    assert not re.search(r"<[^>]+\s(style|on\w+)=", answer.text), "nothing inline"
    assert len(re.findall(r"<h1\b", answer.text)) == 1
    return str(answer.text)


def best(front: Front, name: str, query: str) -> str:
    """Give the segment of a file that matches best."""
    hit = next(hit for hit in front.room.search(query, limit=50).hits if hit.content == sha_of(front, name))
    return hit.matches[0].segment_id


def test_a_text_stands_open_at_its_match_with_its_line_numbers(front: Front, client: TestClient):
    shown = seen(front, client, "log.txt", q="porpoise", segment=best(front, "log.txt", "porpoise"))
    start = int(re.findall(r'<ol class="lines" start="(\d+)"', shown)[0])
    assert start < 777 < start + 400
    assert "saw a <mark>porpoise</mark>" in shown
    assert '<li class="at">' in shown
    assert "Lines before" in shown
    assert "Next lines" in shown
    assert f'start="{start + 400}"' in seen(front, client, "log.txt", line=start + 400)


def test_markup_stands_open_at_the_line_of_its_match(front: Front, client: TestClient):
    shown = seen(front, client, "log.xml", q="narwhal", segment=best(front, "log.xml", "narwhal"))
    assert "&lt;entry&gt;a <mark>narwhal</mark>" in shown


def test_a_table_shows_rows_beneath_its_first_and_turns_to_the_next(front: Front, client: TestClient):
    shown = seen(front, client, "ships.csv")
    assert shown.count('<th scope="row">') == 200
    onward = unescape(re.findall(r'href="([^"]+)"[^>]*>Next 200 rows', shown)[0])
    assert onward.endswith("row=201")
    later = seen(front, client, "ships.csv", row=201)
    assert re.search(r'class="first-row">\s*<th scope="row">1</th><th scope="col">ship</th>', later)
    assert "Calypso 200" in later
    found = seen(front, client, "ships.csv", q='"Calypso 901"', segment=best(front, "ships.csv", '"Calypso 901"'))
    assert '<td class="hit"><mark>Calypso 901</mark>' in found
    assert [column(number) for number in (1, 26, 27, 702, 703)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_a_message_does_no_harm_and_leads_to_its_attachment_and_its_answer(front: Front, client: TestClient):
    shown = seen(front, client, "first.eml", q="invoice")
    letter = shown[shown.index('<div class="html">') : shown.index("As plain text")]
    assert "The pumps &amp; the <b><mark>invoice</mark></b> &lt;i&gt;" in letter
    assert not re.search(r"script|onload|tracker|display:none|javascript", letter)
    assert "1 picture from elsewhere left out" in shown
    assert "a &#34;b&#34; &lt;c&gt;.txt" in shown
    assert f"/view/{sha_of(front, 'second.eml')}" in shown
    assert "Conversation of 2 messages" in shown


def test_pages_have_their_measures_and_an_absent_page_is_told(front: Front, client: TestClient):
    shown = seen(front, client, "paper.pdf", q="lighthouse")
    assert re.search(r'<img width="\d+" height="\d+" src="/api/v1/contents/[0-9a-f]{64}/pages/1/picture\?mark=', shown)
    assert "page 9999 does not exist" in seen(front, client, "paper.pdf", page=9999)


def test_what_has_no_pages_is_shown_by_what_it_says(front: Front, client: TestClient):
    assert "<mark>anchor</mark>" in seen(front, client, "letter.docx", q="anchor").lower()
    assert "Nothing here shows this kind of file" in seen(front, client, "blob.bin")
    assert "The file is empty" in seen(front, client, "empty.txt")


def test_a_damaged_file_says_why_and_can_be_read_again_by_whom_may(front: Front, client: TestClient):
    shown = seen(front, client, "broken.pdf")
    assert 'role="alert"' in shown
    assert '<strong class="bad">failed</strong>: ' in shown
    assert "Read it again" in shown
    front.room.add_user("reads", role="reader", containers=["papers"])
    assert "Read it again" not in seen(front, front.by_session("reads"), "broken.pdf")


def test_a_turned_picture_has_the_measures_of_how_it_stands(front: Front, client: TestClient):
    assert '<img width="32" height="64"' in seen(front, client, "turned.jpg")


def test_an_archive_lists_what_lies_in_it_some_at_a_time(front: Front, client: TestClient):
    shown = seen(front, client, "pack.zip")
    assert "250 files inside" in shown
    assert "page-199.txt" in shown
    assert "page-200.txt" not in shown
    assert "page-249.txt" in seen(front, client, "pack.zip", after=200)


def test_a_mailbox_lists_its_messages_by_conversation(front: Front, client: TestClient):
    shown = unescape(seen(front, client, "box.mbox", q="ferry"))
    assert "3 messages, here in 2 conversations" in shown
    answers = shown.partition('aria-label="Answers"')[2].partition("</ol>")[0]
    assert "Re: Gulls" in answers
    assert "<mark>Ferry</mark>" not in answers
    assert "<mark>Ferry</mark>" in shown
    assert "Ann <ann@example.org>" in shown
    assert "No message was found" not in shown


def test_a_name_that_means_ill_is_only_a_name(front: Front, client: TestClient):
    name = 'folder/<img src=x onerror="alert(1)">.txt'
    answer = client.get(f"/view/{sha_of(front, name)}", params={"q": '"><script>alert(1)</script>', "find": "<b>"})
    assert answer.status_code == 200
    assert "<img src=x" not in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=" + "9" * 400, "page=%E0%A5%A7", "t=nan", "t=inf", "t=-1", "t=" + "1" * 400, "segment=x",
     "segment=" + "0" * 32, "row=999999999", "line=999999999", "after=999999999", "sheet=none", "find=type:nothing", "q=size>x",
     "find=" + "x" * 9000, "page=2&t=5&row=3&line=1&after=1&sheet=&segment="],
)  # fmt: skip
def test_any_address_is_answered(front: Front, client: TestClient, query: str):
    for name, _ in files():
        for path in ("", "/inside", "/like"):
            answer = client.get(f"/view/{sha_of(front, name)}{path}?{query}&part=1")
            assert answer.status_code in (200, 400), (name, path, answer.text)


def test_searching_inside_gives_the_passages(front: Front, client: TestClient):
    sha = sha_of(front, "log.txt")
    assert client.get(f"/view/{sha}/inside", params={"q": "porpoise"}).text.count("<li>") == 1
    assert "No passage here has these words" in client.get(f"/view/{sha}/inside", params={"q": "giraffe"}).text


def test_properties_are_told_as_a_reader_would_say_them(front: Front):
    said = dict(facts(front.room.card("papers/turned.jpg")))
    assert said["Pixels"] == "64 by 32"
    assert said["Turned"] == "a quarter to the right"
    assert "Phash" not in said
