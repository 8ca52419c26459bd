"""`frame`: the picture that a video shows at a time."""

import io
from pathlib import PurePath

from PIL import Image

from strongroom.analyzers.media.frames import frame_at, picture_stream
from strongroom.analyzers.media.opening import opened
from strongroom.domain.times import clock
from strongroom.errors import Unsupported, UsageError
from strongroom.flows.moment import Moment
from strongroom.flows.parts import Parts

FORMS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG"}
"""By the name that people give a form, and that its files end with."""
QUALITY = 92


def form_of(name: str) -> str:
    """Give the form that a file's name asks for.

    Raises:
        UsageError: It can be none.
    """
    ending = PurePath(name).suffix.lower().lstrip(".")
    if ending not in FORMS:
        raise UsageError(f"{name!r}: a frame is written as .png or .jpg")
    return ending


def draw_frame(parts: Parts, moment: Moment, at: float | None, form: str) -> bytes:
    """Give the upright picture that is shown at a time.

    Args:
        parts: An open room.
        moment: The video; where it is a hit, its beginning is the time that counts if no other is given.
        at: Seconds from the beginning of the video.
        form: ``png`` or ``jpg``.

    Raises:
        UsageError: The video is shorter, or the form is none of these.
        Unsupported: There is only sound, or no decoder.
        Unreadable: It cannot be decoded.
    """
    if form not in FORMS:
        raise UsageError(f"{form!r} is no form of a frame: it can be png or jpg")
    time = at if at is not None else moment.t_start or 0.0
    if time < 0 or (moment.duration is not None and time > moment.duration):
        raise UsageError(f"nothing is shown at {clock(time, 1)}: the video is {clock(moment.duration or 0.0, 1)} long")
    with parts.vault.source(moment.sha256) as source, opened(source) as container:
        if picture_stream(container) is None:
            raise Unsupported(f"{moment.name} has no moving picture, only sound")
        pixels = frame_at(container, time)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, FORMS[form], quality=QUALITY)
    return out.getvalue()
