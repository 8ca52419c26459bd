"""The video analyzer against bare PyAV and the bare picture model over the same frames, in one run.

    python bench/video.py FILE… [--ocr]

Files are videos; without any, one of moving photographs is made. The two take turns, a file each, in one process on one
core, so that whatever else the machine does hits both alike. The bare loop decodes keyframes only, scales them in one step
to what the model takes, and looks at each frame that the analyzer looks at, one by one. Seconds are those of the processor.
"""

import sys
import time
from pathlib import Path

import av
import numpy as np
from skimage import data

from strongroom.analyzers.media.video import VideoAnalyzer
from strongroom.analyzers.media.video_ocr import VideoOcrAnalyzer
from strongroom.domain.findings import SHOT, Segment
from strongroom.domain.settings import Settings
from strongroom.models.toolbox import Toolbox
from strongroom.ports import PictureModel, Pixels
from strongroom.testing import recordings
from strongroom.testing.source import BytesSource

ROUNDS = 3


def made(seconds: int = 60) -> bytes:
    """Make 1080p25 H.264 of photographs that drift, with grain, a shot of three seconds each, keyframes as x264 sets them."""
    from PIL import Image

    large = [np.asarray(Image.fromarray(one).resize((2080, 1170))) for one in (data.chelsea(), data.coffee(), data.astronaut())]
    grain = np.random.default_rng(0).normal(0, 4, (1080, 1920, 1)).astype(np.int16)

    def frame(number: int) -> Pixels:
        shift = number % 75
        picture = large[number // 75 % len(large)][shift : shift + 1080, shift : shift + 1920]
        return (picture.astype(np.int16) + np.roll(grain, number * 7, axis=0)).clip(0, 255).astype(np.uint8)

    return recordings.video(map(frame, range(seconds * 25)), keys=250, encoding={"preset": "superfast"})


def bare(source: BytesSource, seen: set[float], model: PictureModel) -> None:
    """Give what nobody could do without: decode the keyframes, scale them, run the network over those that count."""
    with source.open() as stream, av.open(stream) as container:
        picture = container.streams.video[0]
        picture.codec_context.thread_type, picture.codec_context.skip_frame = "NONE", "NONKEY"
        short = model.input_size
        for frame in container.decode(picture):
            width, height = (
                max(1, round(side * short / min(frame.width, frame.height))) for side in (frame.width, frame.height)
            )
            small = np.asarray(frame.reformat(width, height, "rgb24", threads=1).to_ndarray(), np.uint8)
            if round(frame.time, 3) in seen:
                model.look([small])


def main() -> None:
    """Run, and print a table."""
    files = [Path(word) for word in sys.argv[1:] if not word.startswith("--")]
    sources = {file.name: BytesSource(file.read_bytes(), "video/mp4") for file in files}
    sources = sources or {"moving photographs": BytesSource(made(), "video/mp4")}
    tools = Toolbox(Settings())
    for name, source in sources.items():
        found = [one for one in VideoAnalyzer().analyze(source, tools) if isinstance(one, Segment) and one.kind == SHOT]
        seen = {round(one.locator.t_start or 0.0, 3) for one in found}
        length = max(one.locator.t_end or 0.0 for one in found)
        ways = {
            "bare loop": lambda source=source, seen=seen: bare(source, seen, tools.pictures),
            "analyzer video": lambda source=source: list(VideoAnalyzer().analyze(source, tools)),
        }
        spent = dict.fromkeys(ways, 0.0)
        for _ in range(ROUNDS):
            for way, run in ways.items():
                start = time.process_time()
                run()
                spent[way] += (time.process_time() - start) / ROUNDS
        print(f"{name}: {length:.0f} s, {source.size * 8 / length / 1e6:.1f} Mbit/s, {len(found)} frames looked at")
        for way, seconds in spent.items():
            print(f"  {way:<16}{length / seconds:8.1f} times real time{spent['bare loop'] / seconds:8.1%} of the bare loop")
        if "--ocr" in sys.argv:
            start = time.process_time()
            texts = sum(isinstance(one, Segment) for one in VideoOcrAnalyzer().analyze(source, tools))
            print(f"  video-ocr       {length / (time.process_time() - start):8.1f} times real time, {texts} texts")


if __name__ == "__main__":
    main()
