"""The image analyzer against the bare loop (scaled decode and bare model) over 12-megapixel JPEGs, in one run.

    python bench/images.py [COUNT] [--ocr]

The two take turns, a picture each, in one process on one core, so that whatever else the machine does hits both alike.
Seconds are those of the processor.
"""

import io
import sys
import time
from collections.abc import Callable

import numpy as np
import simplejpeg
from PIL import Image, TiffImagePlugin
from skimage import data

from strongroom.analyzers.image import ImageAnalyzer
from strongroom.analyzers.image_ocr import ImageOcrAnalyzer
from strongroom.domain.settings import Settings
from strongroom.models import efficientnet
from strongroom.models.runtime import compile_model
from strongroom.models.store import ModelStore
from strongroom.models.toolbox import Toolbox
from strongroom.models.zoo import EFFICIENTNET
from strongroom.testing.source import BytesSource


def photographs() -> list[bytes]:
    """Make JPEGs of 4000 by 3000 pixels and about 3 MB, with the EXIF of a camera."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Nikon", "D800"
    exif.get_ifd(0x8769).update({0x9003: "2021:06:05 14:03:02", 0x9011: "+02:00", 0x8827: 400, 0xA434: "50mm f/1.8"})
    degrees = tuple(TiffImagePlugin.IFDRational(value) for value in (33, 30, 0))
    exif.get_ifd(0x8825).update({1: "N", 2: degrees, 3: "E", 4: degrees})
    made = []
    for number, picture in enumerate((data.chelsea(), data.coffee(), data.astronaut(), data.rocket())):
        large = np.asarray(Image.fromarray(picture).resize((4000, 3000), Image.Resampling.BICUBIC), np.int16)
        grain = np.random.default_rng(number).normal(0, 9, large.shape[:2]).astype(np.int16)[:, :, None]
        out = io.BytesIO()
        Image.fromarray((large + grain).clip(0, 255).astype(np.uint8)).save(out, "jpeg", quality=82, exif=exif)
        made.append(out.getvalue())
    return made


def bare_loop(store: ModelStore) -> Callable[[bytes], None]:
    """Give what nobody could do without: decode at reduced scale, cut the middle out, run the network."""
    weights = efficientnet.read_weights(store.path(EFFICIENTNET, "efficientnet-lite0.pth"))
    request = compile_model(efficientnet.build(weights), store, 1).create_infer_request()

    def run(raw: bytes) -> None:
        pixels = simplejpeg.decode_jpeg(raw, "RGB", min_height=256, min_width=256)
        height, width = pixels.shape[:2]
        side = min(height, width) * 7 // 8
        box = ((width - side) // 2, (height - side) // 2, (width + side) // 2, (height + side) // 2)
        square = Image.fromarray(pixels).resize((224, 224), Image.Resampling.BICUBIC, box=box)
        request.infer({"pictures": np.asarray(square)[None]})

    return run


def main() -> None:
    """Run, and print a table."""
    arguments = sys.argv[1:]
    count = next((int(word) for word in arguments if word.isdigit()), 200)
    analyzer = ImageOcrAnalyzer() if "--ocr" in arguments else ImageAnalyzer()
    store, tools, pictures = ModelStore(), Toolbox(Settings()), photographs()
    bare = bare_loop(store)
    sources = [BytesSource(raw, "image/jpeg") for raw in pictures]
    ways: dict[str, Callable[[int], object]] = {
        "bare loop": lambda i: bare(pictures[i % len(pictures)]),
        f"analyzer {analyzer.spec.name}": lambda i: list(analyzer.analyze(sources[i % len(sources)], tools)),
    }
    for run in ways.values():
        for i in range(len(pictures)):
            run(i)
    spent = dict.fromkeys(ways, 0.0)
    for i in range(count):
        for name, run in ways.items():
            start = time.process_time()
            run(i)
            spent[name] += time.process_time() - start
    print(f"{count} JPEGs of 12 megapixels, {sum(map(len, pictures)) / len(pictures) / 1e6:.1f} MB on average, one core")
    first = next(iter(spent.values()))
    for name, seconds in spent.items():
        print(f"{name:<20}{count / seconds:8.1f} pictures/s{first / seconds:8.1%} of the bare loop")


if __name__ == "__main__":
    main()
