"""Recordings: what is said in them, moments cut out of them, and what a video shows at a time."""

import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path as File
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from strongroom.domain import captions
from strongroom.server.api.form import MOST_SECONDS, Sha, gives, problems
from strongroom.server.api.ranged import disposition
from strongroom.server.door.visit import Asks
from strongroom.server.json_form import to_json

router = APIRouter(prefix="/contents/{sha}", tags=["recordings"])

CHUNK = 1 << 18


class Form(StrEnum):
    """How a transcript is written."""

    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


TYPES = {Form.TXT: "text/plain", Form.SRT: "application/x-subrip", Form.VTT: "text/vtt", Form.JSON: "application/json"}
CLIPS = {"mp4": "video/mp4", "webm": "video/webm", "mkv": "video/x-matroska", "mp3": "audio/mpeg", "wav": "audio/wav"}
Seconds = Annotated[float | None, Query(ge=0, le=MOST_SECONDS, allow_inf_nan=False, description="Seconds from the beginning.")]


@router.get(
    "/transcript.{form}",
    responses=problems(404) | gives("The transcript.", *TYPES.values()),
    response_class=Response,
)
def transcript(
    visit: Asks,
    sha: Sha,
    form: Annotated[Form, Path(description="`txt`, `srt`, `vtt`, or `json` with the time of each word.")],
    language: Annotated[
        str | None, Query(pattern="^[A-Za-z-]{2,20}$", description="In this language, where there are subtitles in several.")
    ] = None,
    *,
    times: Annotated[bool, Query(description="Begin each paragraph of `txt` with its time.")] = False,
) -> Response:
    """Give what is said in a recording, or what its subtitles say where speech is not written down."""
    said = visit.room.transcript(sha, language=language)
    if form is Form.JSON:
        text = to_json(said)
    elif form is Form.TXT:
        text = captions.plain(said.utterances, times=times)
    else:
        text = captions.FORMS[form.value](said.utterances)
    return Response(text.encode("utf-8", "replace"), media_type=f"{TYPES[form]}; charset=utf-8")


@router.get("/clip.{form}", responses=problems(404) | gives("The moment.", *CLIPS.values()), response_class=StreamingResponse)
def clip(
    visit: Asks,
    sha: Sha,
    form: Annotated[str, Path(pattern=f"^({'|'.join(CLIPS)})$", description="The format of the file.")],
    t_start: Seconds = None,
    t_end: Seconds = None,
    *,
    segment: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="Id of a match, whose span is cut out.")] = None,
    around: Annotated[float, Query(ge=0, le=3600, allow_inf_nan=False, description="Seconds more before and after.")] = 0.0,
    exact: Annotated[bool, Query(description="Begin at this very frame; the picture is encoded anew for it.")] = False,
) -> StreamingResponse:
    """Cut a moment out of a recording, as it is where the file's format allows."""
    folder = tempfile.TemporaryDirectory(prefix="strongroom-clip-")
    try:
        file = File(folder.name) / f"clip.{form}"
        made = visit.room.clip(segment or sha, file, t_start=t_start, t_end=t_end, around=around, exact=exact)
        headers = {
            "content-disposition": disposition(f"{sha[:12]}-{made.t_start:.0f}-{made.t_end:.0f}.{form}"),
            "content-length": str(file.stat().st_size),
            "x-clip-start": f"{made.t_start:.3f}",
            "x-clip-end": f"{made.t_end:.3f}",
        }
        return StreamingResponse(_sent(file, folder), media_type=CLIPS[form], headers=headers)
    except BaseException:
        folder.cleanup()
        raise


@router.get("/frame", responses=problems(404) | gives("The picture.", "image/png", "image/jpeg"), response_class=Response)
def frame(
    visit: Asks,
    sha: Sha,
    t: Seconds = 0.0,
    form: Annotated[str, Query(pattern="^(png|jpg)$", description="`png` or `jpg`.")] = "jpg",
) -> Response:
    """Give the upright picture that a video shows at a time."""
    data = visit.room.frame(sha, t, form=form)
    media_type = "image/png" if form == "png" else "image/jpeg"
    return Response(data, media_type=media_type, headers={"cache-control": "private, max-age=600"})


def _sent(file: File, folder: "tempfile.TemporaryDirectory[str]") -> Iterator[bytes]:
    with folder, file.open("rb") as stream:
        while data := stream.read(CHUNK):
            yield data
