"""Real speech and real footage, through the command line: what was said and what is shown give the moment."""

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from strongroom.cli import samples
from strongroom.cli.main import run

Strong = Callable[..., tuple[int, str, str]]

SAID = "it was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness"
SUBTITLES = "WEBVTT\n\n00:00:02.000 --> 00:00:04.000\nThe lighthouse keeper &amp; his dog\n"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hearing")
    samples.write_samples(folder / "samples")
    tapes = folder / "samples" / "recordings"
    (tapes / "street.en.vtt").write_text(SUBTITLES, "utf-8")
    place = folder / "room"
    assert run(["init", str(place)]) == 0
    assert run(["add", f"{tapes}/", "--to", "tapes", "--room", str(place), "--quiet"]) == 0
    return place


@pytest.fixture
def strong(room: Path, capsys: pytest.CaptureFixture[str]) -> Strong:
    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([*words, "--room", str(room)])
        return code, *capsys.readouterr()

    return call


def hits(answer: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(answer)["hits"]
    return found


def played(file: Path) -> tuple[float, int, np.ndarray]:
    """Give the seconds, the frames and the sound that a player gets out of a file."""
    frames, sound = 0, [np.zeros(0)]
    with av.open(str(file)) as opened:
        seconds = (opened.duration or 0) / av.time_base
        for packet in opened.demux():
            for frame in packet.decode():
                if packet.stream.type == "video":
                    frames += 1
                else:
                    sound.append(frame.to_ndarray().astype(np.float64)[0])
    return seconds, frames, np.concatenate(sound)


def test_what_was_said_gives_the_moment_with_the_words_marked(strong: Strong):
    _, out, _ = strong("search", "the season of light", "--json")
    best = hits(out)[0]
    match = best["matches"][0]
    assert best["names"][0]["blob"] == "reading.wav"
    assert match["kind"] == "utterance"
    assert match["t_start"] <= 13.5 < match["t_end"]
    assert match["frame"] is None
    assert {match["snippet"][a:b].lower() for a, b in match["marks"]} >= {"season", "light"}


def test_a_paraphrase_of_what_was_said_gives_the_moment_too(strong: Strong):
    _, out, _ = strong("search", "keep failing until you fail less badly", "--json")
    best = hits(out)[0]
    assert best["names"][0]["blob"] == "street.mp4"
    assert best["matches"][0]["kind"] == "utterance"


def test_what_is_shown_gives_the_moment_and_its_frame(strong: Strong, tmp_path: Path):
    _, out, _ = strong("search", "bicycle", "--type", "video", "--json")
    best = hits(out)[0]
    assert (best["names"][0]["blob"], best["kind"]) == ("street.mp4", "shot")
    assert best["frame"] == best["t_start"]
    assert strong("frame", best["matches"][0]["segment_id"], "-o", str(tmp_path / "still.png"))[0] == 0
    _, again, _ = strong("similar", str(tmp_path / "still.png"), "--json")
    match = hits(again)[0]["matches"][0]
    assert hits(again)[0]["names"][0]["blob"] == "street.mp4"
    assert match["t_start"] == pytest.approx(best["t_start"], abs=0.05)


def test_people_see_the_time_the_words_and_the_length(strong: Strong):
    _, out, _ = strong("search", "age of wisdom", "--type", "audio")
    assert re.search(r"1\. tapes/reading\.wav +audio, 4\.3 MB, 0:00:44 long", out)
    assert re.search(r"0:00:0\d: .*age of wisdom", out)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--duration", ">30s"], ["reading.wav"]),
        (["--duration", "<30s", "--type", "video"], ["street.mp4"]),
        (["--type", "audio"], ["reading.wav"]),
    ],
    ids=" ".join,
)
def test_recordings_are_chosen_by_type_and_length(strong: Strong, options: list[str], expected: list[str]):
    _, out, _ = strong("search", "times", *options, "--json")
    assert [hit["names"][0]["blob"] for hit in hits(out)] == expected


def test_the_transcript_has_the_words_that_were_said_at_their_times(strong: Strong):
    answer = json.loads(strong("transcript", "tapes/reading.wav", "--format", "json")[1])
    words = [word for one in answer["utterances"] for word in one["words"]]
    spoken = [re.sub(r"\W", "", word["text"]).lower() for word in words]
    assert spoken[: len(SAID.split())] == SAID.split()
    assert answer["source"] == "speech"
    assert {one["language"] for one in answer["utterances"]} == {"en"}
    starts = [word["t_start"] for word in words]
    assert starts == sorted(starts)
    assert words[-1]["t_end"] <= answer["duration"]


def test_subtitles_that_are_written_are_read_again_as_they_were(strong: Strong, tmp_path: Path):
    assert strong("transcript", "tapes/reading.wav", "-o", str(tmp_path / "reading.srt"))[0] == 0
    with av.open(str(tmp_path / "reading.srt")) as opened:
        cues = [packet for packet in opened.demux() if packet.size]
    assert len(cues) > 8
    assert all(before.pts + before.duration <= after.pts for before, after in pairwise(cues))


def test_a_hit_is_cut_out_and_sounds_as_in_the_recording(strong: Strong, room: Path, tmp_path: Path):
    _, out, _ = strong("search", "the season of light", "--type", "audio", "--json")
    hit = hits(out)[0]["matches"][0]
    made = json.loads(strong("clip", hit["segment_id"], "-o", str(tmp_path / "light.wav"), "--json")[1])
    seconds, _, sound = played(tmp_path / "light.wav")
    assert made["copied"] == ["sound"]
    assert seconds == pytest.approx(hit["t_end"] - hit["t_start"], abs=0.2)
    _, _, whole = played(room.parent / "samples" / "recordings" / "reading.wav")
    first = round(made["t_start"] * whole.size / 44.374)
    assert np.array_equal(sound[:48_000], whole[first : first + 48_000])


def test_a_moment_of_a_film_is_cut_out_without_encoding_it_anew(strong: Strong, tmp_path: Path):
    words = ("clip", "tapes/street.mp4", "--from", "0:04", "--to", "0:06", "-o", str(tmp_path / "moment.mp4"), "--json")
    made = json.loads(strong(*words)[1])
    seconds, frames, sound = played(tmp_path / "moment.mp4")
    assert (made["copied"], made["encoded"]) == (["picture", "sound"], [])
    assert made["t_start"] <= 4.0
    assert seconds == pytest.approx(6.0 - made["t_start"], abs=0.3)
    assert frames > 20 * seconds
    assert np.abs(sound).max() > 0.01


def test_a_hit_in_the_subtitles_beside_a_film_is_a_moment_of_the_film(strong: Strong):
    _, out, _ = strong("search", "lighthouse keeper", "--type", "video", "--json")
    best = hits(out)[0]
    assert best["names"][0]["blob"] == "street.mp4"
    assert (best["t_start"], best["frame"], best["locator"]["part"]) == (2.0, 2.0, "street.en.vtt")
    _, everywhere, _ = strong("search", "lighthouse keeper", "--json")
    assert "street.en.vtt" not in [name["blob"] for hit in hits(everywhere) for name in hit["names"]]
