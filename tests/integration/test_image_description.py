"""A vision model describes pictures, where the settings name one, and words then find what happens in them."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

import strongroom
from chat_endpoint import breaking_off, endpoint, raw, saying
from strongroom.analyzers.image_description import DESCRIPTION, ImageDescriptionAnalyzer
from strongroom.domain.findings import Segment
from strongroom.domain.settings import Settings
from strongroom.errors import AnalysisError
from strongroom.flows.registry import load_analyzers
from strongroom.models.chat import EndpointChat
from strongroom.testing.source import BytesSource


def picture() -> bytes:
    out = io.BytesIO()
    Image.fromarray(data.coffee()).resize((1600, 1067)).save(out, "png")
    return out.getvalue()


def described(url: str) -> list[Segment]:
    model = EndpointChat(url, "eyes", seconds=20)
    found = ImageDescriptionAnalyzer(model).analyze(BytesSource(picture(), "image/png"), None)  # type: ignore[arg-type]
    return [one for one in found if isinstance(one, Segment)]


def test_a_picture_is_sent_small_and_described():
    with endpoint(saying("A cup of ", "coffee\non a table.\x00")) as served:
        (segment,) = described(served.url)
    assert (segment.kind, segment.text) == (DESCRIPTION, "A cup of coffee on a table.")
    text, image = served.asked[0]["messages"][0]["content"]
    assert "Do not say who anybody is" in text["text"]
    sent = Image.open(io.BytesIO(base64.b64decode(image["image_url"]["url"].split(",", 1)[1])))
    assert sent.format == "JPEG"
    assert max(sent.size) <= 768


@pytest.mark.parametrize("say", [raw(b"data: {garbage\n\n"), breaking_off("A cu"), raw(b"no", status=500)])
def test_a_model_that_fails_is_the_contents_reason(say: object):
    with endpoint(say) as served, pytest.raises(AnalysisError, match="retry-failed"):  # type: ignore[arg-type]
        described(served.url)


def test_no_description_gives_no_segment():
    with endpoint(saying("  \n")) as served:
        assert described(served.url) == []


def test_it_is_off_unless_a_model_is_named():
    assert "image-description" not in {one.spec.name for one in load_analyzers(Settings(plugins=False))}
    named = Settings(plugins=False, chat_url="http://127.0.0.1:9/v1", describe_model="eyes")
    assert "image-description" in {one.spec.name for one in load_analyzers(named)}


def test_words_find_what_was_described(tmp_path: Path):
    (tmp_path / "cup.png").write_bytes(picture())
    with (
        endpoint(saying("Two fishermen argue about a torn net on the quay.")) as served,
        strongroom.init(tmp_path / "room", workers=1, chat_url=served.url, describe_model="eyes") as room,
    ):
        room.add([tmp_path / "cup.png"], to="photos")
        room.analyze()
        hit = room.search("quarrel of fishermen over a net").hits[0]
    assert str(hit.names[0]) == "photos/cup.png"
    assert any(match.kind == DESCRIPTION and "fishermen" in match.snippet for match in hit.matches)
