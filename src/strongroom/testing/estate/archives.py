"""Good archives and mail, made by code; what is inside says the word."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import tempfile
from email.message import EmailMessage
from pathlib import Path
from random import Random

from strongroom.testing.estate import documents, pictures
from strongroom.testing.estate.documents import prose, zipped

WHEN = 1_577_836_800
"""2020-01-01, the time of everything made here."""


def zip_(rng: Random, word: str) -> bytes:
    """A zip with folders."""
    return zipped({"notes/a.txt": documents.text(rng, word), "b.csv": documents.csv(rng, "other"), "empty.txt": b""})


def nested(rng: Random, word: str) -> bytes:
    """A zip in a tar in a zip."""
    inner = zipped({"deep.txt": documents.text(rng, word)})
    return zipped({"middle.tar": tarred({"inner.zip": inner}), "picture.png": pictures.png(rng, word)})


def tarred(files: dict[str, bytes], more: tuple[tarfile.TarInfo, ...] = (), mode: str = "w") -> bytes:
    """Give a tar of some files, and of entries that have no data."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), WHEN
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    return out.getvalue()


def tar(rng: Random, word: str) -> bytes:
    """A tar."""
    return tarred({"a/one.txt": documents.text(rng, word), "a/two.html": documents.html(rng, "other")})


def tar_gz(rng: Random, word: str) -> bytes:
    """A tar, compressed by gzip."""
    return gzip.compress(tar(rng, word), mtime=0)


def gz(rng: Random, word: str) -> bytes:
    """A text, compressed by gzip."""
    return gzip.compress(documents.text(rng, word), mtime=0)


def bz2_(rng: Random, word: str) -> bytes:
    """A text, compressed by bzip2."""
    return bz2.compress(documents.text(rng, word))


def xz(rng: Random, word: str) -> bytes:
    """A text, compressed by xz."""
    return lzma.compress(documents.text(rng, word))


def sevenzip(rng: Random, word: str) -> bytes:
    """A 7z archive."""
    import py7zr

    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, py7zr.SevenZipFile(out, "w") as archive:
        for name, data in (("a.txt", documents.text(rng, word)), ("b.json", documents.json_(rng, "other"))):
            path = Path(folder, name)
            path.write_bytes(data)
            path.chmod(0o644)
            os.utime(path, (WHEN, WHEN))
            archive.write(path, name)
    return out.getvalue()


def message(rng: Random, word: str, parts: dict[str, bytes]) -> EmailMessage:
    """Give a mail with attachments."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "Anna Example <anna@example.org>", "ben@example.org"
    mail["Subject"], mail["Date"] = f"About {word}", "Wed, 01 Jan 2020 12:00:00 +0100"
    mail["Message-ID"] = f"<{rng.getrandbits(64):x}@example.org>"
    mail.set_content(prose(rng, word))
    for name, data in parts.items():
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    if parts:
        mail.set_boundary(f"=={rng.getrandbits(64):x}==")
    return mail


def eml(rng: Random, word: str) -> bytes:
    """A mail with a PDF and a picture attached."""
    return message(rng, word, {"plan.pdf": documents.pdf(rng, "plan"), "photo.jpg": pictures.jpeg(rng, "x")}).as_bytes()


def mbox(rng: Random, word: str) -> bytes:
    """A mailbox of three mails."""
    mails = [message(rng, said, {}).as_bytes() for said in (word, "second", "third")]
    return b"".join(b"From anna@example.org Wed Jan  1 12:00:00 2020\n" + mail + b"\n\n" for mail in mails)
