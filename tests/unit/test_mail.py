import base64
import io
import struct
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import pairwise

import olefile
import pytest

from strongroom.analyzers import eml_large
from strongroom.analyzers.mail import MailAnalyzer
from strongroom.domain.findings import Finding, Member, Problem, Property, Segment
from strongroom.domain.media import EML, MBOX, MSG
from strongroom.errors import AnalysisError, Encrypted, LimitExceeded, Unreadable
from strongroom.testing.source import BytesSource

HEAD = (
    b"From: Ada <ada@example.org>\r\nTo: Bob <bob@example.org>\r\nSubject: Cargo\r\nDate: Tue, 02 Mar 2021 10:00:00 +0100\r\n"
)


class Read:
    """What a message gives, members with their bytes, as a consumer takes them."""

    def __init__(self, data: bytes, media_type: str = EML) -> None:
        self.members: dict[str, bytes] = {}
        self.types: dict[str, str | None] = {}
        self.error = ""
        found: list[Finding] = []
        try:
            for one in MailAnalyzer().analyze(BytesSource(data, media_type), None):
                if isinstance(one, Member):
                    self.members[one.path] = b"".join(one.chunks)
                    self.types[one.path] = one.media_type
                found.append(one)
        except Encrypted as error:
            self.error = str(error)
        self.facts = {one.name: one.value for one in found if isinstance(one, Property)}
        self.segments = [one for one in found if isinstance(one, Segment)]
        self.problems = [one.reason for one in found if isinstance(one, Problem)]
        self.body = "\n".join(one.text for one in self.segments if one.kind == "passage")


def test_headers_are_properties_and_found_as_text():
    read = Read(HEAD + b"Cc: c@example.org\r\nMessage-ID: <1@x>\r\nReferences: <2@x>\r\n <3@x>\r\n\r\nThe ship is late.")
    assert read.facts == {
        "from": "Ada <ada@example.org>",
        "to": "Bob <bob@example.org>",
        "cc": "c@example.org",
        "subject": "Cargo",
        "date": "2021-03-02T10:00:00+01:00",
        "message-id": "<1@x>",
        "references": ("<2@x>", "<3@x>"),
    }
    heading, body = read.segments
    assert heading.kind == "properties"
    assert heading.text.startswith("Subject: Cargo\nFrom: Ada <ada@example.org>\nTo: Bob")
    assert body.text == "The ship is late."
    assert body.taken_at == datetime(2021, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?b?IGF1cw==?= Ulm", "Grüße aus Ulm"),
        (b"=?koi8-r?B?8NLP18XSy8E=?=", "Проверка"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("latin-1"), "Grüße"),
        (b"=?no-such-charset?q?plain?=", "plain"),
        (b"=?utf-8?b?!!!?=", "=?utf-8?b?!!!?="),
        (b"folded\r\n over\r\n\tlines", "folded over lines"),
    ],
)
def test_subjects_are_decoded_however_they_are_written(raw: bytes, subject: str):
    assert Read(b"From: a@b\r\nSubject: " + raw + b"\r\n\r\nx").facts["subject"] == subject


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64", base64.b64encode("Größe".encode())),
        (b"Content-Type: text/plain; charset=latin-1\r\nContent-Transfer-Encoding: quoted-printable", b"Gr=F6=DFe"),
        (b"Content-Type: text/plain; charset=utf-8", "Größe".encode("cp1252")),
        (b"Content-Type: text/plain; charset=bogus", "Größe".encode()),
        (b"Content-Type: text/plain", "Größe".encode()),
        (b"X-Nothing: said", "Größe".encode("latin-1")),
        (b"Content-Type: text/html; charset=us-ascii", b"<p>Gr&ouml;&szlig;e</p><script>no</script>"),
        (b"Content-Type: text/html", '<meta charset="iso-8859-2"><p>Größe</p>'.encode("iso-8859-2")),
        (b"Content-Type: text/plain; charset=utf-16le", "Größe".encode("utf-16-le")),
    ],
)
def test_bodies_are_decoded_with_wrong_or_missing_charsets(head: bytes, body: bytes):
    assert Read(HEAD + head + b"\r\n\r\n" + body).body == "Größe"


def composed() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@example.org", "Parts"
    message.set_content("The plain words of this message, which say it all.")
    message.add_alternative("<p>The styled words</p>", subtype="html")
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="Übersicht 2021.pdf")
    message.add_attachment(b"\xff\xd8", maintype="image", subtype="jpeg")
    message.add_attachment(b"one", maintype="text", subtype="csv", filename="../../a.csv")
    message.add_attachment(b"two", maintype="text", subtype="csv", filename="../../a.csv")
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "b@example.org", "Within/out"
    inner.set_content("Inner words")
    message.add_attachment(inner)
    return message


def test_the_plain_part_is_the_body_and_attachments_are_members():
    read = Read(composed().as_bytes())
    assert read.body == "The plain words of this message, which say it all."
    assert list(read.members) == ["Übersicht 2021.pdf", "attachment-2.jpg", ".._.._a.csv", ".._.._a-2.csv", "Within_out.eml"]
    assert read.types["Within_out.eml"] == EML
    assert Read(read.members["Within_out.eml"]).body == "Inner words"
    assert "Übersicht 2021.pdf" in read.segments[0].text


def test_an_empty_plain_part_gives_way_to_html():
    message = EmailMessage()
    message["From"] = "a@example.org"
    message.set_content(" ")
    message.add_alternative("<p>The styled words</p>", subtype="html")
    assert Read(message.as_bytes()).body == "The styled words"


@pytest.mark.parametrize(
    "disposition",
    [
        b"attachment; filename*=utf-8''Pl%C3%A4ne.txt",
        b"attachment; filename*0*=utf-8''Pl%C3; filename*1*=%A4ne.txt",
        b'attachment; filename="=?utf-8?q?Pl=C3=A4ne=2Etxt?="',
        'attachment; filename="Pläne.txt"'.encode(),
        'attachment; filename="Pläne.txt"'.encode("latin-1"),
    ],
)
def test_file_names_are_decoded_however_they_are_written(disposition: bytes):
    part = b"\r\n--x\r\nContent-Type: text/plain\r\nContent-Disposition: " + disposition + b"\r\n\r\nwords\r\n--x--\r\n"
    read = Read(HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + part)
    assert list(read.members) == ["Pläne.txt"]


def test_encrypted_mail_gives_its_headers_and_says_so():
    read = Read(HEAD + b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\r\nxxxx")
    assert "S/MIME" in read.error
    assert read.facts["subject"] == "Cargo"
    assert list(read.members) == ["smime.p7m"]
    assert "PGP" in Read(HEAD + b"\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA\r\n").error


def test_a_truncated_message_gives_what_came_before():
    data = composed().as_bytes()
    read = Read(data[: data.index(b"JVBER") + 4])
    assert read.body.startswith("The plain words")
    assert any("too early" in problem for problem in read.problems)


@pytest.mark.parametrize("media_type", [EML, MSG, MBOX, "application/ms-tnef"])
@pytest.mark.parametrize("data", [b"", b"junk", bytes(range(256)) * 9])
def test_what_is_no_mail_is_unreadable(data: bytes, media_type: str):
    with pytest.raises(Unreadable):
        Read(data, media_type)


def test_deeply_nested_parts_end_in_a_reason():
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(3000))
    with pytest.raises(AnalysisError):
        Read(HEAD + nested + b"\r\nx")


def test_hostile_headers_do_not_stop_a_message():
    for bad in (
        b"Date: 99 Foo 99999\r\n",
        b"To: " + b"(" * 5000 + b"\r\n",
        b"Content-Type: ;;;=\r\n",
        b"From: \x00\xff\r\n" * 3,
    ):
        assert Read(b"Subject: s\r\n" + bad + b"\r\nwords").body == "words"


def test_each_message_of_a_mailbox_is_a_member():
    first = HEAD.replace(b"\r\n", b"\n") + b"\n\n>From here on\nFrom today nothing.\n"
    data = b"From a@b Tue Mar  2 10:00:00 2021\n" + first + b"\nFrom c@d Tue Mar  2 10:00:01 2021\nSubject: two\n\nbody\n"
    read = Read(data, MBOX)
    assert list(read.members) == ["message 1.eml", "message 2.eml"]
    assert read.members["message 1.eml"] == first.replace(b">From", b"From")
    assert read.members["message 2.eml"] == b"Subject: two\n\nbody\n"
    assert read.facts == {"message-count": 2}


def test_a_message_that_is_not_read_is_passed_over():
    data = b"From a@b Tue Mar  2 10:00:00 2021\nSubject: one\n\nbody\n\n" * 3
    found = [one.path for one in MailAnalyzer().analyze(BytesSource(data, MBOX), None) if isinstance(one, Member)]
    assert found == ["message 1.eml", "message 2.eml", "message 3.eml"]


def test_a_mailbox_that_lies_too_deep_is_refused_and_a_letter_is_read_wherever_it_lies():
    with pytest.raises(LimitExceeded):
        list(MailAnalyzer().analyze(BytesSource(b"From a@b\nSubject: s\n\n", MBOX, depth=8), None))
    assert list(MailAnalyzer().analyze(BytesSource(HEAD, EML, depth=8), None))


def attribute(number: int, data: bytes, level: int = 2) -> bytes:
    return struct.pack("<BHHL", level, number, 0x0006, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def wrapped() -> bytes:
    name = "Lange Liste.txt\0".encode("utf-16-le")
    named = struct.pack("<LHHLL", 1, 0x1F, 0x3707, 1, len(name)) + name
    files = (
        attribute(0x9002, bytes(14))
        + attribute(0x8010, b"LANGEL~1.TXT\0")
        + attribute(0x800F, b"one")
        + attribute(0x9005, named)
    )
    files += attribute(0x9002, bytes(14)) + attribute(0x8010, b"b.txt\0") + attribute(0x800F, b"two")
    return struct.pack("<LH", 0x223E9F78, 1) + attribute(0x800C, b"The words\0", 1) + files


def test_a_winmail_dat_is_unwrapped():
    message = EmailMessage()
    message["From"] = "a@example.org"
    message.set_content("See below")
    message.add_attachment(wrapped(), maintype="application", subtype="ms-tnef", filename="winmail.dat")
    read = Read(message.as_bytes())
    assert read.members == {"winmail.dat/Lange Liste.txt": b"one", "winmail.dat/b.txt": b"two"}
    assert read.body == "See below\nThe words"
    assert Read(wrapped(), "application/ms-tnef").body == "The words"


def compound(tree: dict[str, object]) -> bytes:
    """Write an OLE compound file; streams are padded so that none is a mini stream."""
    entries: list[tuple[str, int, int, int, int]] = []
    sectors: list[bytes] = []
    fat: list[int] = []

    def add(name: str, node: object) -> int:
        at = len(entries)
        entries.append((name, 0, 0, 0, 0))
        if isinstance(node, dict):
            children = [add(key, value) for key, value in node.items()]
            links.update(pairwise(children))
            entries[at] = (name, 1 if at else 5, children[0] if children else 0xFFFFFFFF, 0xFFFFFFFE, 0)
            return at
        data = bytes(node).ljust(4096, b"\0")
        start, count = len(sectors), -(-len(data) // 512)
        sectors.extend(data[i * 512 : (i + 1) * 512].ljust(512, b"\0") for i in range(count))
        fat.extend([*range(start + 1, start + count), 0xFFFFFFFE])
        entries[at] = (name, 2, 0xFFFFFFFF, start, len(data))
        return at

    links: dict[int, int] = {}
    add("Root Entry", tree)
    raw = b""
    for at, (name, kind, child, start, size) in enumerate(entries):
        wide = name.encode("utf-16-le") + b"\0\0"
        raw += wide.ljust(64, b"\0") + struct.pack("<HBBLLL", len(wide), kind, 1, 0xFFFFFFFF, links.get(at, 0xFFFFFFFF), child)
        raw += bytes(36) + struct.pack("<LQ", start, size)
    raw = raw.ljust(-(-len(raw) // 512) * 512, b"\0")
    directory = len(sectors)
    count = len(raw) // 512
    sectors.extend(raw[i * 512 : (i + 1) * 512] for i in range(count))
    fat.extend([*range(directory + 1, directory + count), 0xFFFFFFFE])
    tables = -(-(len(fat) + 2) // 126)
    begin = len(fat)
    fat.extend([0xFFFFFFFD] * tables)
    fat.extend([0xFFFFFFFF] * (tables * 128 - len(fat)))
    sectors.extend(struct.pack("<128L", *fat[i * 128 : (i + 1) * 128]) for i in range(tables))
    head = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH6xLLLLLLLLL", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    )
    head += struct.pack("<109L", *[*range(begin, begin + tables), *[0xFFFFFFFF] * (109 - tables)])
    return head + b"".join(sectors)


def prop(number: int, value: bytes, kind: int = 3) -> bytes:
    return struct.pack("<HHL", kind, number, 6) + value.ljust(8, b"\0")


def wide(number: int, text: str) -> dict[str, object]:
    return {f"__substg1.0_{number:04X}001F": text.encode("utf-16-le")}


def note(subject: str, header: int = 32, **more: object) -> dict[str, object]:
    ticks = int((datetime(2021, 3, 2, 9, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
    return {
        "__properties_version1.0": bytes(header) + prop(0x0039, struct.pack("<Q", ticks), 0x40),
        **wide(0x0037, subject),
        **wide(0x0C1A, "Ada"),
        **wide(0x0C1F, "ada@example.org"),
        **more,
    }


def outlook() -> bytes:
    recipient = {
        "__properties_version1.0": bytes(8) + prop(0x0C15, b"\x02"),
        **wide(0x3001, "Bob"),
        **wide(0x39FE, "bob@example.org"),
    }
    file = {"__properties_version1.0": bytes(8), **wide(0x3707, "Pläne.pdf"), "__substg1.0_37010102": b"%PDF" * 2000}
    inner = note("Within", 24, **wide(0x1000, "Inner words"), **{"__attach_version1.0_#00000000": file})
    nested = {"__properties_version1.0": bytes(8), **wide(0x3001, "Within"), "__substg1.0_3701000D": inner}
    return compound(
        note(
            "Größe",
            **wide(0x1000, "The ship\r\nis late."),
            **{
                "__recip_version1.0_#00000000": recipient,
                "__attach_version1.0_#00000000": file,
                "__attach_version1.0_#00000001": nested,
            },
        )
    )


def test_an_outlook_message_is_read():
    read = Read(outlook(), MSG)
    assert read.facts == {
        "subject": "Größe",
        "from": "Ada <ada@example.org>",
        "cc": "Bob <bob@example.org>",
        "date": "2021-03-02T09:00:00+00:00",
    }
    assert read.body == "The ship\nis late."
    assert read.members["Pläne.pdf"] == b"%PDF" * 2000
    assert list(read.members) == ["Pläne.pdf", "Within.eml"]


def test_a_message_in_an_outlook_message_is_mail_of_its_own_and_always_the_same():
    data = Read(outlook(), MSG).members["Within.eml"]
    inner = Read(data)
    assert (inner.facts["subject"], inner.body, inner.facts["date"]) == ("Within", "Inner words", "2021-03-02T09:00:00+00:00")
    assert inner.members == {"Pläne.pdf": b"%PDF" * 2000}
    assert Read(outlook(), MSG).members["Within.eml"] == data


def test_an_outlook_body_in_html_or_rtf_is_not_lost():
    html = "<p>Größe</p>".encode()
    page = prop(0x3FDE, struct.pack("<L", 65001))
    data = note("s")
    data["__properties_version1.0"] = bytes(data["__properties_version1.0"]) + page
    assert Read(compound({**data, "__substg1.0_10130102": html}), MSG).body == "Größe"
    rtf = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )  # the first example of MS-OXRTFCP
    read = Read(compound({**note("s"), "__substg1.0_10090102": rtf}), MSG)
    assert read.members["body.rtf"] == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_a_flipped_byte_anywhere_in_an_outlook_message_ends_in_findings_or_a_reason():
    data = outlook()
    assert olefile.isOleFile(io.BytesIO(data))
    for at in [*range(0, 512, 5), *range(len(data) - 6000, len(data), 97)]:
        try:
            Read(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :], MSG)
        except AnalysisError as error:
            assert str(error)  # noqa: PT017


def with_long_parts(lines: bytes) -> bytes:
    """A message with two encoded files, one of them in a forwarded message, and an encoded body."""
    inner = EmailMessage()
    inner["Subject"] = "Inside"
    inner.set_content("See the chart.")
    inner.add_attachment(lines * 2, maintype="application", subtype="octet-stream", filename="inner.bin")
    outer = EmailMessage()
    outer["Subject"] = "Outside"
    outer.set_content("All the words of the storm. " * 40, cte="base64")
    outer.add_attachment(lines, maintype="application", subtype="octet-stream", filename="outer.bin")
    outer.add_attachment(inner)
    return outer.as_bytes()


@pytest.mark.parametrize("tail", [0, 1, 2, 56, 57])
def test_large_attachments_are_left_in_the_file_and_come_out_whole(monkeypatch: pytest.MonkeyPatch, tail: int):
    data = with_long_parts(bytes(range(256)) * 40 + b"x" * tail)
    plain = Read(data)
    monkeypatch.setattr(eml_large, "_LONG", 100)
    slim = eml_large.slim(io.BytesIO(data), 1 << 20)
    assert len(slim.runs) == 3
    assert len(slim.data) < 4000
    read = Read(data)
    assert read.members == plain.members
    assert read.members["outer.bin"] == bytes(range(256)) * 40 + b"x" * tail
    assert "words of the storm" in read.body
    assert (read.facts, read.body, read.problems) == (plain.facts, plain.body, plain.problems)


def test_a_message_too_large_even_without_its_attachments_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("strongroom.analyzers.mail._LARGEST", 1000)
    read = Read(HEAD + b"\r\n" + b"The ship is late.\r\n" * 200)
    assert "The ship is late." in read.body
    assert "larger than any mail" in read.problems[0]
