"""Mail: messages, Outlook messages and mailboxes; headers, body and attachments are found, each for what it is."""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.analyzers import eml, eml_large, letter, mbox, tnef
from strongroom.analyzers.bounds import ODDITIES, Bounds, Meter
from strongroom.domain.analysis import AnalyzerSpec
from strongroom.domain.findings import Finding, Problem, Segment
from strongroom.domain.media import EML, MAIL_TYPES, MBOX, MSG, TNEF
from strongroom.errors import AnalysisError, StorageError, Unreadable
from strongroom.ports.source import Source
from strongroom.ports.tools import Tools

_LARGEST = 64 * 1024**2
"""Bytes of a message that are read, beside long runs of base64: parsing takes up to nine times the memory."""


class MailAnalyzer:
    """Reads eml, msg, mbox and winmail.dat."""

    spec = AnalyzerSpec(name="mail", version=1, accepts=(*MAIL_TYPES, "application/vnd.ms-tnef"))

    def __init__(self, bounds: Bounds | None = None) -> None:
        """Take the bounds to keep.

        Args:
            bounds: What one mailbox may unfold to; the defaults of the settings where None.
        """
        self._bounds = bounds or Bounds()

    def analyze(self, source: Source, tools: Tools) -> Iterator[Finding]:
        """Yield headers as properties, the body as passages, attachments and messages as members.

        Raises:
            Unreadable: It is no mail.
            Encrypted: The body is encrypted; the headers were yielded.
            LimitExceeded: It holds too much, or it is a mailbox that lies too deep (a letter is read wherever it lies).
        """
        del tools
        bounds = self._bounds if source.media_type == MBOX else replace(self._bounds, depth=source.depth + 1)
        meter = Meter(source, bounds)
        if source.media_type == MSG:
            yield from _outlook(source, meter)
        elif source.media_type == MBOX:
            with source.open() as opened:
                yield from mbox.read(opened, meter)
        else:
            with source.open() as opened:
                if source.media_type == EML:
                    slim = eml_large.slim(opened, _LARGEST)
                    yield from letter.findings(eml.parse(slim.data, slim), meter)
                    is_cut = slim.is_cut
                else:
                    yield from _parcel(opened.read(_LARGEST), meter)
                    is_cut = source.size > _LARGEST
            if is_cut:
                yield Problem(reason=f"only its first {_LARGEST >> 20} MiB were read: it is larger than any mail")


def read(source: Source) -> tuple[letter.Letter, str]:
    """Give one message, and its HTML as it was sent; attachments are not read.

    Args:
        source: An Internet or Outlook message.

    Raises:
        Unreadable: It is no message.
    """
    with source.open() as opened:
        if source.media_type == EML:
            slim = eml_large.slim(opened, _LARGEST)
            return eml.parse(slim.data, slim), eml.html(slim.data, slim)
        import olefile

        from strongroom.analyzers import outlook

        try:
            with olefile.OleFileIO(opened) as ole:
                return outlook.parse(ole), outlook.html(ole)
        except (AnalysisError, StorageError):
            raise
        except ODDITIES as error:
            raise Unreadable(f"it is not an Outlook message, or damaged ({error})") from error


def _outlook(source: Source, meter: Meter) -> Iterator[Finding]:
    import olefile

    from strongroom.analyzers import outlook

    with source.open() as opened:
        try:
            with olefile.OleFileIO(opened) as ole:
                yield from letter.findings(outlook.parse(ole), meter)
        except (AnalysisError, StorageError):
            raise
        except ODDITIES as error:
            raise Unreadable(f"it is not an Outlook message, or damaged ({error})") from error


def _parcel(data: bytes, meter: Meter) -> Iterator[Finding]:
    if not tnef.is_tnef(data):
        raise Unreadable("it is not TNEF data")
    wrapped = letter.Attachment(name=None, media_type=TNEF, data=data)
    empty = letter.Letter(headers={}, date=None, body="", names=(), attachments=[wrapped])
    yield from (one for one in letter.findings(empty, meter) if not isinstance(one, Segment) or one.text)
