"""An example picture of this machine, opened for a search by its looks."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from strongroom.errors import StorageError, Unreadable
from strongroom.ports import Pixels

SIDE = 1024


def open_example(file: Path | BinaryIO) -> Pixels:
    """Decode a picture, upright and no larger than a model needs.

    Raises:
        StorageError: The file cannot be read.
        Unreadable: It is no picture that can be decoded.
    """
    name = str(file) if isinstance(file, Path) else "the file"
    try:
        with Image.open(file) as picture:
            picture.draft("RGB", (SIDE, SIDE))
            picture.thumbnail((SIDE, SIDE))
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except (UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError) as error:
        raise Unreadable(f"{name} is no picture that can be read: {error}") from error
    except OSError as error:
        if error.errno is None:
            raise Unreadable(f"{name} is a broken picture: {error}") from error
        raise StorageError(f"{name} cannot be read: {error.strerror}") from error
