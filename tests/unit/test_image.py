"""The image analyzer on every format and on broken files, with a picture model that only counts."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime

import imagehash
import numpy as np
import pillow_heif
import pytest
from PIL import Image, IptcImagePlugin, PngImagePlugin, TiffImagePlugin
from skimage import data

from strongroom.analyzers import image_reading
from strongroom.analyzers.image import ImageAnalyzer, label_text, perceptual_hash
from strongroom.domain.findings import IMAGE, PROPERTIES, Finding, Problem, Property, Rendition, Segment
from strongroom.errors import LimitExceeded, Unreadable
from strongroom.ports import Look, Pixels
from strongroom.testing.source import BytesSource

pillow_heif.register_heif_opener()
CAT = Image.fromarray(data.chelsea())
COFFEE = Image.fromarray(data.coffee())


class Eye:
    """A picture model that keeps what it saw."""

    dimension, input_size = 3, 128

    def __init__(self) -> None:
        self.saw: list[Pixels] = []

    def look(self, pictures: Sequence[Pixels]) -> list[Look]:
        self.saw += pictures
        vector = np.array([1, 0, 0], np.float32)
        return [Look(labels=(("cat", 0.6), ("lynx", 0.05)), label_vector=vector, image_vector=vector) for _ in pictures]

    def embed_query(self, text: str) -> None:
        return None


class Tools:
    def __init__(self) -> None:
        self.pictures = Eye()


def packed(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def analyzed(raw: bytes, kind: str = "jpeg") -> tuple[list[Finding], Eye]:
    tools = Tools()
    return list(ImageAnalyzer().analyze(BytesSource(raw, f"image/{kind}"), tools)), tools.pictures


def facts(found: list[Finding]) -> dict[str, object]:
    return {finding.name: finding.value for finding in found if isinstance(finding, Property)}


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "gif", "bmp", "heif", "avif", "jpeg2000"])
def test_every_format_gives_one_segment_a_thumbnail_and_its_size(kind: str):
    media = {"heif": "heic", "jpeg2000": "jp2"}.get(kind, kind)
    found, eye = analyzed(packed(CAT, kind), media)
    (segment,) = [finding for finding in found if isinstance(finding, Segment)]
    (picture,) = [finding for finding in found if isinstance(finding, Rendition)]
    assert segment.kind == IMAGE
    assert segment.text == "cat"
    assert max(Image.open(io.BytesIO(picture.data)).size) <= 512
    assert (facts(found)["width"], facts(found)["height"]) == (451, 300)
    assert not [finding for finding in found if isinstance(finding, Problem)]
    small = np.asarray(CAT.resize(eye.saw[0].shape[1::-1]), float)
    assert np.abs(small - eye.saw[0]).mean() < 12


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "RGBA", "YCbCr", "LAB", "I;16", "F", "I"])
def test_every_mode_becomes_upright_rgb(mode: str):
    grey = np.asarray(CAT.convert("L"))
    if mode in ("I;16", "F", "I"):
        image = Image.fromarray(
            {"I;16": grey.astype(np.uint16) * 257, "F": grey / 255.0, "I": grey.astype(np.int32) * 90}[mode].astype(
                {"I;16": np.uint16, "F": np.float32, "I": np.int32}[mode]
            )
        )
    else:
        image = CAT.convert(mode)
    _, eye = analyzed(packed(image, "tiff"), "tiff")
    assert eye.saw[0].dtype == np.uint8
    assert eye.saw[0].shape[2] == 3
    wanted = np.asarray(CAT.convert("L").resize(eye.saw[0].shape[1::-1]), float)
    assert np.corrcoef(wanted.ravel(), eye.saw[0].mean(axis=2).ravel())[0, 1] > (0.5 if mode == "1" else 0.9)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_cmyk_jpegs_are_read(mode: str):
    _, eye = analyzed(packed(CAT.convert(mode), "jpeg"))
    wanted = np.asarray(CAT.convert("L").resize(eye.saw[0].shape[1::-1]), float)
    assert np.corrcoef(wanted.ravel(), eye.saw[0].mean(axis=2).ravel())[0, 1] > 0.95


def test_what_is_transparent_is_white():
    _, eye = analyzed(packed(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), "png"), "png")
    assert (eye.saw[0] == 255).all()


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("kind", ["jpeg", "tiff", "png", "webp"])
def test_the_exif_orientation_is_applied_once(value: int, kind: str):
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    turned = CAT.transpose(Image.Transpose(back[value])) if value > 1 else CAT
    exif = Image.Exif()
    exif[0x0112] = value
    found, eye = analyzed(packed(turned, kind, exif=exif), kind)
    assert np.abs(np.asarray(CAT.resize(eye.saw[0].shape[1::-1]), float) - eye.saw[0]).mean() < 12
    assert facts(found)["orientation"] == value


def test_a_large_jpeg_is_decoded_at_reduced_scale():
    _, eye = analyzed(packed(CAT.resize((4000, 3000)), "jpeg"))
    assert eye.saw[0].shape == (375, 500, 3)


def exif_of_a_camera() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Nikon", "D800", "darktable"
    exif[0x010E], exif[0x013B], exif[0x8298] = "A cat at rest", "Ann Example", "CC0"
    exif.get_ifd(0x8769).update({0x9003: "2021:06:05 14:03:02", 0x9011: "+02:00", 0x8827: 400, 0xA434: "50mm f/1.8"})
    rational = TiffImagePlugin.IFDRational
    exif.get_ifd(0x8825).update(
        {1: "S", 2: (rational(33), rational(30), rational(0)), 3: "E", 4: (rational(18), rational(15), rational(0))}
    )
    return exif


def test_exif_gives_camera_time_place_and_searchable_words():
    found, _ = analyzed(packed(CAT, "jpeg", exif=exif_of_a_camera()))
    told = facts(found)
    assert told["camera"] == "Nikon D800"
    assert told["lens"] == "50mm f/1.8"
    assert told["iso"] == 400
    assert (told["latitude"], told["longitude"]) == (-33.5, 18.25)
    assert told["date"] == "2021-06-05T14:03:02+02:00"
    segments = {finding.kind: finding for finding in found if isinstance(finding, Segment)}
    assert segments[IMAGE].taken_at == datetime(2021, 6, 5, 12, 3, 2, tzinfo=UTC)
    assert "A cat at rest" in segments[PROPERTIES].text
    assert "Ann Example" in segments[PROPERTIES].text


def test_a_camera_alone_makes_no_segment_of_words():
    exif = Image.Exif()
    exif[0x0110], exif[0x010E] = "D800", "OLYMPUS DIGITAL CAMERA"
    found, _ = analyzed(packed(CAT, "jpeg", exif=exif))
    assert [finding.kind for finding in found if isinstance(finding, Segment)] == [IMAGE]


XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"><rdf:Description
 photoshop:Headline="Harbour opened" photoshop:DateCreated="2019-02-03T04:05:06Z">
 <dc:description><rdf:Alt><rdf:li xml:lang="x-default">Ribbon cut at the quay</rdf:li></rdf:Alt></dc:description>
 <dc:subject><rdf:Bag><rdf:li>harbour</rdf:li><rdf:li>mayor</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize("kind", ["jpeg", "webp", "tiff"])
def test_xmp_gives_captions_keywords_and_time(kind: str):
    options = {"tiffinfo": {700: XMP}} if kind == "tiff" else {"xmp": XMP}
    found, _ = analyzed(packed(CAT, kind, **options), kind)
    assert facts(found)["keywords"] == ("harbour", "mayor")
    assert facts(found)["date"] == "2019-02-03T04:05:06+00:00"
    (words,) = [finding.text for finding in found if isinstance(finding, Segment) and finding.kind == PROPERTIES]
    assert "Harbour opened" in words
    assert "Ribbon cut at the quay" in words


def test_iptc_captions_are_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(IptcImagePlugin, "getiptcinfo", lambda _: {(2, 120): "Ströme".encode(), (2, 25): [b"river", b"flood"]})
    raw = packed(CAT, "tiff")
    assert facts(analyzed(raw, "tiff")[0])["keywords"] == ("river", "flood")
    assert facts(analyzed(raw, "tiff")[0])["description"] == "Ströme"


def test_text_in_png_chunks_is_read():
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Description", "A plate from the ledger")
    assert facts(analyzed(packed(CAT, "png", pnginfo=chunks), "png")[0])["description"] == "A plate from the ledger"


def test_damaged_metadata_does_not_cost_the_picture():
    raw = packed(CAT, "jpeg", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + b"\xff" * 40, xmp=b"<x:xmpmeta><unclosed")
    found, _ = analyzed(raw)
    assert any(isinstance(finding, Segment) for finding in found)


def test_every_page_of_a_tiff_is_looked_at():
    found, eye = analyzed(packed(CAT, "tiff", save_all=True, append_images=[COFFEE, CAT]), "tiff")
    assert [finding.locator.page for finding in found if isinstance(finding, Segment)] == [None, 2, 3]
    assert len(eye.saw) == 3
    assert sum(isinstance(finding, Rendition) for finding in found) == 1


def test_an_animation_gives_its_first_frame():
    _, eye = analyzed(packed(CAT, "gif", save_all=True, append_images=[COFFEE]), "gif")
    assert len(eye.saw) == 1


def test_pages_beyond_the_bound_are_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("strongroom.analyzers.image.PAGES", 2)
    found, eye = analyzed(packed(CAT, "tiff", save_all=True, append_images=[CAT, CAT]), "tiff")
    assert len(eye.saw) == 2
    assert "more than 2 pages" in next(finding.reason for finding in found if isinstance(finding, Problem))


@pytest.mark.parametrize("kind", ["jpeg", "png", "bmp", "gif", "tiff"])
def test_a_truncated_file_gives_what_is_left_and_a_problem(kind: str):
    raw = packed(CAT, kind)
    try:
        found, eye = analyzed(raw[: len(raw) * 2 // 3], kind)
    except Unreadable:
        assert kind == "tiff"  # its directory is at the end
        return
    assert "truncated" in next(finding.reason for finding in found if isinstance(finding, Problem))
    assert len(eye.saw) == 1


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "gif", "bmp", "heic", "avif", "jp2", "jxl"])
@pytest.mark.parametrize("raw", [b"", b"\xff\xd8\xff\xe0", b"not a picture at all" * 9, bytes(4096)])
def test_what_is_no_picture_is_refused_with_a_reason(kind: str, raw: bytes):
    with pytest.raises(Unreadable):
        analyzed(raw, kind)


def test_a_bomb_is_refused_before_it_is_decoded():
    with pytest.raises(LimitExceeded, match="pixels"):
        analyzed(packed(Image.new("1", (40_000, 30_000)), "png"), "png")


def test_a_large_progressive_jpeg_is_refused_since_it_is_held_whole(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(image_reading, "MOST_BYTES", 1 << 20)
    analyzed(packed(CAT.resize((2000, 1500)), "jpeg"))
    with pytest.raises(LimitExceeded, match="MiB"):
        analyzed(packed(CAT.resize((2000, 1500)), "jpeg", progressive=True))


def test_the_perceptual_hash_is_that_of_imagehash():
    for image in (CAT, COFFEE):
        assert perceptual_hash(np.asarray(image)) == str(imagehash.phash(image))


def test_near_duplicates_differ_in_few_bits():
    one, other = (
        int(str(facts(analyzed(packed(CAT.resize(size), "jpeg", quality=quality))[0])["phash"]), 16)
        for size, quality in (((1600, 1064), 95), ((500, 333), 40))
    )
    assert (one ^ other).bit_count() <= 6


def test_only_labels_that_are_sure_enough_become_words():
    def look(*labels: tuple[str, float]) -> Look:
        return Look(labels=labels, label_vector=None, image_vector=np.zeros(3, np.float32))

    assert label_text(look(("cat", 0.5), ("lynx", 0.3), ("dog", 0.1))) == "cat, lynx"
    assert label_text(look(("cat", 0.12), ("lynx", 0.11))) == "cat"
    assert label_text(look(("cat", 0.05))) == ""
    assert label_text(look()) == ""


def test_the_same_bytes_give_the_same_findings():
    raw = packed(CAT, "jpeg", exif=exif_of_a_camera())
    assert facts(analyzed(raw)[0]) == facts(analyzed(raw)[0])
