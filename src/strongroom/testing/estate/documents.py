"""Good documents, made by code: each says a word that is found nowhere else."""

import io
import json
import zipfile
from collections.abc import Mapping
from random import Random

FIXED = (2020, 1, 1, 0, 0, 0)
VOCABULARY = (
    *("harbour", "minutes", "council", "letter", "invoice", "ferry", "lighthouse"),
    *("witness", "budget", "survey", "ledger", "parcel", "bridge", "timber"),
    *("engine", "station", "orchard", "winter", "account", "clerk", "signal"),
    *("quarry", "border", "river", "meadow", "cargo", "permit", "archive"),
    *("storm"),
)
OOXML = "http://schemas.openxmlformats.org"


def prose(rng: Random, word: str, sentences: int = 6) -> str:
    """Give some sentences, one of which says the word."""
    told = []
    for _ in range(sentences):
        words = rng.choices(VOCABULARY, k=rng.randint(6, 14))
        told.append(" ".join(words).capitalize() + ".")
    told[rng.randrange(sentences)] = f"The {rng.choice(VOCABULARY)} of {word} was opened."
    return " ".join(told)


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """Give a zip of some files, without times of its own."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, FIXED), data, stored)
    return out.getvalue()


def text(rng: Random, word: str) -> bytes:
    """Plain text in UTF-8."""
    return (prose(rng, word) + "\n\nSmørrebrød, naïve façade, Ωmega.\n").encode()


def text_utf16(rng: Random, word: str) -> bytes:
    """Plain text in UTF-16 with a byte order mark."""
    return prose(rng, word).encode("utf-16")


def text_latin1(rng: Random, word: str) -> bytes:
    """Plain text in ISO 8859-1."""
    return (prose(rng, word, 12) + " Größe, café, señor, Åse, déjà vu, über, façade, naïve.\n").encode("latin-1")


def text_koi8(rng: Random, word: str) -> bytes:
    """Russian text in KOI8-R."""
    line = "Протокол заседания совета гавани хранится в архиве города. "
    return (line * 6 + prose(rng, word, 2) + "\n" + line * 6).encode("koi8-r")


def text_sjis(rng: Random, word: str) -> bytes:
    """Japanese text in Shift JIS."""
    line = "港の記録は市の公文書館に保管されています。議事録を確認してください。"
    return (line * 6 + prose(rng, word, 2) + "\n" + line * 6).encode("shift_jis")


def markdown(rng: Random, word: str) -> bytes:
    """Markdown."""
    return f"# Minutes of {word}\n\n* {prose(rng, word, 2)}\n* second\n\n> {prose(rng, word, 2)}\n".encode()


def csv(rng: Random, word: str) -> bytes:
    """A table in CSV."""
    rows = [f'{i},"{rng.choice(VOCABULARY)}, {rng.choice(VOCABULARY)}",{rng.uniform(0, 1e4):.2f}' for i in range(20)]
    return "\r\n".join(["id,what,amount", *rows, f"99,{word},1.50"]).encode()


def html(rng: Random, word: str) -> bytes:
    """A web page."""
    body = f"<h1>{word}</h1><p>{prose(rng, word)}</p><script>var hidden = 1;</script>"
    return f"<!DOCTYPE html><html lang='en'><head><title>{word}</title></head><body>{body}</body></html>".encode()


def json_(rng: Random, word: str) -> bytes:
    """JSON."""
    return json.dumps({"title": word, "lines": [prose(rng, word, 1) for _ in range(5)], "n": rng.random()}, indent=1).encode()


def xml(rng: Random, word: str) -> bytes:
    """XML."""
    return f'<?xml version="1.0"?>\n<minutes id="{rng.randrange(10**6)}"><item>{prose(rng, word)}</item></minutes>\n'.encode()


def source(rng: Random, word: str) -> bytes:
    """Source code."""
    name = rng.choice(VOCABULARY)
    function = f"def {name}(a: int) -> int:\n    return a + {rng.randrange(99)}\n"
    return f'"""{prose(rng, word, 2)}"""\n\nimport os\n\n\n{function}'.encode()


def rtf(rng: Random, word: str) -> bytes:
    """Rich text."""
    return (r"{\rtf1\ansi\deff0{\fonttbl{\f0 Times;}}\f0\fs24 " + prose(rng, word) + r"\par}").encode()


def pdf(rng: Random, word: str, kids: str | None = None) -> bytes:
    """A PDF of one to three pages.

    Args:
        rng: Chooses.
        word: Said on the first page.
        kids: In the place of the page tree's children, to make a broken one.
    """
    pages = rng.randint(1, 3)
    first = 4
    objects = [b"<</Type/Catalog/Pages 2 0 R>>"]
    tree = kids or " ".join(f"{first + 2 * i} 0 R" for i in range(pages))
    objects.append(f"<</Type/Pages/Kids[{tree}]/Count {pages}>>".encode())
    objects.append(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    for i in range(pages):
        said = prose(rng, word if i == 0 else "nothing", 3).split(". ")
        shown = "".join(f"({line}.) Tj 0 -16 Td " for line in said)
        stream = f"BT /F1 11 Tf 40 780 Td {shown}ET".encode()
        page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>"
        page += f"/Contents {first + 2 * i + 1} 0 R>>"
        objects += [page.encode(), b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream)]
    return _pdf_file(objects)


def _pdf_file(objects: list[bytes]) -> bytes:
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, data in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, data)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))


def ooxml(main: str, kind: str, parts: Mapping[str, str], inner: str = "") -> bytes:
    """Give an Office Open XML package around its main part.

    Args:
        main: Path of the main part.
        kind: Its content type, without the common beginning.
        parts: Every part by its path.
        inner: Relationships of the main part.
    """
    common = "application/vnd.openxmlformats-officedocument."
    others = {"xl/worksheets/sheet1.xml": "spreadsheetml.worksheet", "ppt/slides/slide1.xml": "presentationml.slide"}
    typed = {main: kind, **{path: other for path, other in others.items() if path in parts}}
    overrides = "".join(f'<Override PartName="/{path}" ContentType="{common}{one}+xml"/>' for path, one in typed.items())
    rels = f'<Relationship Id="rId1" Type="{OOXML}/officeDocument/2006/relationships/officeDocument" Target="{main}"/>'
    folder, name = main.rsplit("/", 1)
    files = {
        "[Content_Types].xml": f'<?xml version="1.0"?><Types xmlns="{OOXML}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        "_rels/.rels": f'<?xml version="1.0"?><Relationships xmlns="{OOXML}/package/2006/relationships">{rels}</Relationships>',
        **parts,
    }
    if inner:
        related = f'<?xml version="1.0"?><Relationships xmlns="{OOXML}/package/2006/relationships">{inner}</Relationships>'
        files[f"{folder}/_rels/{name}.rels"] = related
    return zipped(files)


def docx(rng: Random, word: str, head: str = "", said: str | None = None) -> bytes:
    """A Word document; `head` goes before its root element and `said` in the place of its text, to make a hostile one."""
    body = f"<w:p><w:r><w:t>{said or prose(rng, word)}</w:t></w:r></w:p>"
    root = f'<w:document xmlns:w="{OOXML}/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>'
    document = f'<?xml version="1.0"?>{head}{root}'
    return ooxml("word/document.xml", "wordprocessingml.document.main", {"word/document.xml": document})


def xlsx(rng: Random, word: str) -> bytes:
    """A spreadsheet of one sheet."""
    cells = ""
    for row, said in enumerate([word, *rng.choices(VOCABULARY, k=10)], 1):
        cells += (
            f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{said}</t></is></c><c r="B{row}"><v>{row * 1.5}</v></c></row>'
        )
    main, links = f"{OOXML}/spreadsheetml/2006/main", f"{OOXML}/officeDocument/2006/relationships"
    parts = {
        "xl/workbook.xml": f'<?xml version="1.0"?><workbook xmlns="{main}" xmlns:r="{links}">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?><worksheet xmlns="{main}">'
        f"<sheetData>{cells}</sheetData></worksheet>",
    }
    inner = f'<Relationship Id="rId1" Type="{links}/worksheet" Target="worksheets/sheet1.xml"/>'
    return ooxml("xl/workbook.xml", "spreadsheetml.sheet.main", parts, inner)


def pptx(rng: Random, word: str) -> bytes:
    """A presentation of one slide, made by python-pptx where it is installed."""
    from pptx import Presentation
    from pptx.util import Inches

    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = word
    slide.shapes.add_textbox(Inches(1), Inches(2), Inches(5), Inches(2)).text_frame.text = prose(rng, word, 3)
    out = io.BytesIO()
    made.save(out)
    with zipfile.ZipFile(out) as archive:  # written again, so that no time of making is in it
        return zipped({name: archive.read(name) for name in archive.namelist()})


def odt(rng: Random, word: str) -> bytes:
    """An OpenDocument text."""
    names = "".join(f' xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"' for one in ("office", "text", "manifest"))
    mime = "application/vnd.oasis.opendocument.text"
    body = f"<office:body><office:text><text:p>{prose(rng, word)}</text:p></office:text></office:body>"
    content = f'<office:document-content{names} office:version="1.2">{body}</office:document-content>'
    entry = '<manifest:file-entry manifest:full-path="{}" manifest:media-type="{}"/>'
    return zipped(
        {
            "mimetype": mime,
            "content.xml": f'<?xml version="1.0"?>{content}',
            "META-INF/manifest.xml": f'<?xml version="1.0"?><manifest:manifest{names} manifest:version="1.2">'
            + entry.format("/", mime)
            + entry.format("content.xml", "text/xml")
            + "</manifest:manifest>",
        }
    )


def epub(rng: Random, word: str) -> bytes:
    """An electronic book of one chapter."""
    container = '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    container += '<rootfiles><rootfile full-path="b.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">{word}</dc:identifier>'
        f"<dc:title>{word}</dc:title><dc:language>en</dc:language></metadata>"
        '<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="c"/></spine></package>'
    )
    chapter = f"<head><title>{word}</title></head><body><p>{prose(rng, word)}</p></body>"
    chapter = f'<html xmlns="http://www.w3.org/1999/xhtml">{chapter}</html>'
    return zipped(
        {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "b.opf": package, "c.xhtml": chapter}
    )
