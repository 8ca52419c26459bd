"""A video at a glance: small frames from its whole length, side by side in one picture."""

from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image

from strongroom.analyzers.media.frames import Frame
from strongroom.domain.findings import Rendition
from strongroom.ports import Pixels

ROLE = "filmstrip"
"""Of the rendition."""
TILES = 10
"""Frames side by side: each shows what there is in the middle of its tenth of the video."""
HEIGHT = 90
"""Pixels of height."""
_WIDEST = 240


class Filmstrip:
    """Takes its frames from those that are decoded anyway."""

    def __init__(self, duration: float) -> None:
        """Begin an empty strip.

        Args:
            duration: Seconds of the video.
        """
        self._times = [(tile + 0.5) * duration / TILES for tile in range(TILES)]
        self._tiles: dict[int, Pixels] = {}

    def take(self, frame: Frame) -> None:
        """Show a frame from its time on."""
        for tile, seconds in enumerate(self._times):
            if seconds >= frame.seconds:
                self._tiles[tile] = frame.pixels

    def finish(self, seek: Callable[[float], Pixels | None]) -> Rendition | None:
        """Give the strip; None where there is no frame.

        Args:
            seek: Gives the frame of a time; asked for what was not taken because reading began later.
        """
        for tile, seconds in enumerate(self._times):
            if tile not in self._tiles and (found := seek(seconds)) is not None:
                self._tiles[tile] = found
        return Rendition(role=ROLE, media_type="image/jpeg", data=_draw(self._tiles)) if self._tiles else None


def _draw(tiles: Mapping[int, Pixels]) -> bytes:
    """Draw tiles of equal size; one that is missing shows what its neighbour shows."""
    import simplejpeg

    height, width = next(iter(tiles.values())).shape[:2]
    size = (max(1, min(_WIDEST, round(HEIGHT * width / height))), HEIGHT)
    drawn = {tile: np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX)) for tile, pixels in tiles.items()}
    nearest = [min((abs(one - tile), one) for one in drawn)[1] for tile in range(TILES)]
    row = [drawn[tile] for tile in nearest]
    data: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(np.concatenate(row, axis=1)), quality=75, colorsubsampling="420")
    return data
