"""The built-in analyzers; each uses only what a plug-in may import."""

from strongroom.analyzers.archive import ArchiveAnalyzer
from strongroom.analyzers.bounds import Bounds
from strongroom.analyzers.image import ImageAnalyzer
from strongroom.analyzers.image_ocr import ImageOcrAnalyzer
from strongroom.analyzers.mail import MailAnalyzer
from strongroom.analyzers.media.facts import MediaAnalyzer
from strongroom.analyzers.media.speech import SpeechAnalyzer
from strongroom.analyzers.media.video import VideoAnalyzer
from strongroom.analyzers.media.video_ocr import VideoOcrAnalyzer
from strongroom.analyzers.media.waveform import SoundAnalyzer
from strongroom.analyzers.office.analyzer import OfficeAnalyzer
from strongroom.analyzers.pdf.analyzer import PdfAnalyzer
from strongroom.analyzers.pdf.ocr import PdfOcrAnalyzer
from strongroom.analyzers.text import TextAnalyzer
from strongroom.ports.analyzer import Analyzer


def built_in(bounds: Bounds | None = None, *, office: str = "auto") -> tuple[Analyzer, ...]:
    """Give every analyzer of a room without plug-ins.

    Args:
        bounds: On what an archive or mailbox may unfold to; None for the defaults.
        office: Which office reader the room wants, as in its settings.
    """
    return (
        TextAnalyzer(),
        MailAnalyzer(bounds),
        ArchiveAnalyzer(bounds),
        PdfAnalyzer(),
        OfficeAnalyzer(office=office),
        PdfOcrAnalyzer(),
        ImageAnalyzer(),
        ImageOcrAnalyzer(),
        MediaAnalyzer(),
        SoundAnalyzer(),
        VideoAnalyzer(),
        VideoOcrAnalyzer(),
        SpeechAnalyzer(),
    )
