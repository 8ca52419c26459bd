"""The doors of recordings, over a real room whose analyses are written by hand: no model is loaded."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import strongroom
from strongroom.analyzers.media.speech import SpeechAnalyzer
from strongroom.cli.main import run as command
from strongroom.domain import transcript
from strongroom.domain.analysis import AnalyzerSpec, State
from strongroom.domain.findings import UTTERANCE, Checkpoint, Segment
from strongroom.domain.locator import Locator
from strongroom.domain.media import type_of
from strongroom.domain.outcome import KeptMember, KeptRendition, Outcome, Run
from strongroom.domain.scope import Actor, Purpose, Scope
from strongroom.domain.segments import Placement, segment_id, segment_row, to_table
from strongroom.domain.transcript import Utterance, Word
from strongroom.errors import NotFound, StorageError, Unsupported, UsageError
from strongroom.room import Room
from strongroom.storage.catalog import analyses
from strongroom.testing.recordings import chart, tone, truncated, video, wav

SPEECH = SpeechAnalyzer.spec
SRT = (
    "1\n00:00:01,000 --> 00:00:02,500\nThe <i>cellar</i> stands flooded.\n\n"
    "2\n00:00:03,000 --> 00:00:04,000\nTo four feet &amp; more.\n"
)
ALL = Scope(actor=Actor(name="owner"), purpose=Purpose(name="test"), containers=None, policy_version="1")


@pytest.fixture(scope="module")
def film() -> bytes:
    """Ten seconds, a keyframe every two, a stripe pattern of its own each second."""
    return video((chart(number=n // 25) for n in range(250)), keys=50, sound=tone(10, rate=48_000))


@pytest.fixture
def room(tmp_path: Path, film: bytes) -> Iterator[Room]:
    files = tmp_path / "files"
    (files / "talks").mkdir(parents=True)
    (files / "talks" / "storm.mp4").write_bytes(film)
    (files / "talks" / "storm.en.srt").write_text(SRT, "utf-8")
    (files / "talks" / "storm.2.srt").write_text(SRT.replace("cellar", "loft"), "utf-8")
    (files / "talks" / "storms.srt").write_text(SRT.replace("cellar", "attic"), "utf-8")
    (files / "tone.wav").write_bytes(wav(tone(3)))
    (files / "letter.txt").write_text("The cellar stands flooded.", "utf-8")
    with strongroom.init(tmp_path / "room") as made:
        made.add([f"{files}/"], to="tapes")
        for name, media_type in (("talks/storm.mp4", "video/mp4"), ("tone.wav", "audio/wav"), ("letter.txt", "text/plain")):
            record(made, name, media_type)
        for name in ("talks/storm.en.srt", "talks/storms.srt"):
            record(made, name, "application/x-subrip")
        yield made


def sha_of(room: Room, name: str) -> str:
    sha = next(blob.sha256 for blob in room.list("tapes") if blob.name == name)
    assert sha is not None
    return sha


def record(room: Room, name: str, media_type: str, *runs: Run) -> str:
    """Write down what a content is, and what analyzers found out about it."""
    sha = sha_of(room, name)
    outcome = Outcome(sha256=sha, media_type=media_type, type=type_of(media_type), runs=runs)
    room._parts.catalog.change(lambda tx: analyses.record(tx, [outcome]))
    return sha


def heard(room: Room, *utterances: Utterance, start: float = 0.0, stopped: float | None = None) -> Run:
    """Give the run of the speech analyzer over one stretch."""
    kept = room._parts.vault.keep([transcript.dump(utterances)])
    rendition = KeptRendition(role=transcript.role(start), media_type=transcript.MEDIA_TYPE, object=kept)
    return Run(
        analyzer=SPEECH.name,
        version=SPEECH.version,
        state=State.DONE,
        renditions=(rendition,) if utterances else (),
        began=start,
        stopped=None if stopped is None else Checkpoint(at=stopped, of=10.0),
    )


def said(text: str, start: float, end: float) -> Utterance:
    pace = (end - start) / len(text.split())
    words = tuple(
        Word(text=word, t_start=start + pace * n, t_end=start + pace * (n + 1), probability=0.9)
        for n, word in enumerate(text.split())
    )
    return Utterance(text=text, t_start=start, t_end=end, language="en", words=words)


def test_a_transcript_is_what_was_written_down_in_order_of_its_stretches(room: Room):
    record(room, "talks/storm.mp4", "video/mp4", heard(room, said("The pumps run.", 0, 2), stopped=5.0))
    record(room, "talks/storm.mp4", "video/mp4", heard(room, said("So we wait.", 6, 7), start=5.0))
    found = room.transcript("tapes/talks/storm.mp4")
    assert [one.text for one in found.utterances] == ["The pumps run.", "So we wait."]
    assert (found.source, found.reached) == ("speech", None)


def test_a_transcript_that_is_not_at_its_end_says_how_far_it_is(room: Room):
    record(room, "tone.wav", "audio/wav", heard(room, said("The pumps run.", 0, 2), stopped=2.5))
    found = room.transcript("tapes/tone.wav")
    assert (found.source, found.reached) == ("speech", 2.5)


def test_until_speech_is_written_down_to_its_end_subtitles_count_more(room: Room):
    record(room, "talks/storm.mp4", "video/mp4", heard(room, said("The pumps run.", 0, 2), stopped=5.0))
    found = room.transcript("tapes/talks/storm.mp4")
    assert (found.source, found.reached) == ("beside", 5.0)


def test_before_speech_is_written_down_the_subtitles_beside_the_recording_speak(room: Room):
    found = room.transcript("tapes/talks/storm.mp4")
    assert (found.source, found.title) == ("beside", "tapes/talks/storm.en.srt")
    assert [one.text for one in found.utterances] == ["The cellar stands flooded.", "To four feet & more."]
    assert {one.language for one in found.utterances} == {"en"}
    assert found.reached == 0.0


def test_subtitles_in_the_file_count_more_than_those_beside_it(room: Room):
    kept = room._parts.vault.keep([transcript.dump([said("From within.", 0, 1)])])
    rendition = KeptRendition(role="subtitles-en", media_type=transcript.MEDIA_TYPE, object=kept)
    record(room, "talks/storm.mp4", "video/mp4", Run(analyzer="video", version=1, state=State.DONE, renditions=(rendition,)))
    found = room.transcript("tapes/talks/storm.mp4")
    assert (found.source, found.title, found.utterances[0].text) == ("subtitles", "en", "From within.")


def test_of_several_subtitles_the_one_that_says_most_is_taken_or_that_in_the_language_asked_for(room: Room):
    vault = room._parts.vault
    tracks = {"de": ["Ja."], "en": ["Yes.", "No."]}
    renditions = tuple(
        KeptRendition(
            role=f"subtitles-{language}",
            media_type=transcript.MEDIA_TYPE,
            object=vault.keep(
                [
                    transcript.dump(
                        Utterance(text=text, t_start=n, t_end=n + 1, language=language) for n, text in enumerate(texts)
                    )
                ]
            ),
        )
        for language, texts in tracks.items()
    )
    record(room, "tone.wav", "audio/wav", Run(analyzer="video", version=1, state=State.DONE, renditions=renditions))
    assert room.transcript("tapes/tone.wav").title == "en"
    assert room.transcript("tapes/tone.wav", language="de").utterances[0].text == "Ja."
    with pytest.raises(NotFound, match=r"no words in 'fr': there are those in de, en"):
        room.transcript("tapes/tone.wav", language="fr")


def test_subtitles_beside_a_recording_in_an_archive_are_found(room: Room, tmp_path: Path, film: bytes):
    with zipfile.ZipFile(tmp_path / "tapes.zip", "w") as archive:
        archive.writestr("a/storm.mp4", film + b" ")
    room.add([tmp_path / "tapes.zip"], to="tapes")
    parts = {"a/storm.mp4": film + bytes(8), "a/storm.vtt": b"WEBVTT\n\n00:01.000 --> 00:02.000\nInside.\n"}
    members = tuple(KeptMember(path=path, object=room._parts.vault.keep([data])) for path, data in parts.items())
    record(
        room,
        "tapes.zip",
        "application/zip",
        Run(analyzer="archive", version=1, state=State.DONE, members=members),
    )
    shas = {member.path: member.object.sha256 for member in members}
    kinds = {"a/storm.mp4": "video/mp4", "a/storm.vtt": "text/vtt"}
    outcomes = [Outcome(sha256=shas[p], media_type=k, type=type_of(k), runs=()) for p, k in kinds.items()]
    room._parts.catalog.change(lambda tx: analyses.record(tx, outcomes))
    found = room.transcript("tapes/tapes.zip!/a/storm.mp4")
    assert (found.title, found.utterances[0].text) == ("tapes/tapes.zip!/a/storm.vtt", "Inside.")


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        ((), "not written down yet: run `strongroom analyze`"),
        ((Run(analyzer="speech", version=SPEECH.version, state=State.DONE),), "nothing is said in"),
        ((Run(analyzer="speech", version=SPEECH.version, state=State.FAILED, reason="it is broken"),), "it is broken"),
        (
            (Run(analyzer="speech", version=SPEECH.version, state=State.DONE, stopped=Checkpoint(at=2.0, of=3.0)),),
            "0:00:02 is done",
        ),
    ],
    ids=["pending", "silent", "failed", "begun"],
)
def test_where_there_are_no_words_the_reason_is_told(room: Room, runs: tuple[Run, ...], told: str):
    record(room, "tone.wav", "audio/wav", *runs)
    with pytest.raises(NotFound, match=told):
        room.transcript("tapes/tone.wav")


@pytest.mark.parametrize("verb", ["transcript", "frame"])
def test_what_is_no_recording_is_refused(room: Room, verb: str):
    with pytest.raises(Unsupported, match=r"tapes/letter.txt is no recording: it is text/plain"):
        getattr(room, verb)("tapes/letter.txt")


def test_subtitles_beside_a_recording_count_only_where_the_scope_shows_them(room: Room, tmp_path: Path, film: bytes):
    (tmp_path / "storm.mp4").write_bytes(film)
    room.add([tmp_path / "storm.mp4"], to="open")
    shown = next(one for one in room.containers() if one.name == "open")
    narrow = Scope(actor=room.actor, purpose=room.purpose, containers=frozenset({shown.id}), policy_version="1")

    class Narrow:
        def scope(self, *_: object) -> Scope:
            return narrow

    visitor = Room(room._parts, policy=Narrow())  # type: ignore[arg-type]
    with pytest.raises(NotFound, match="not written down yet"):
        visitor.transcript("open/storm.mp4")
    assert room.transcript("open/storm.mp4").source == "beside"


def segment(room: Room, name: str, start: float | None, end: float | None) -> str:
    """Write one segment into the index, and give its id."""
    spec = AnalyzerSpec(name="speech", version=1, accepts=("audio/*",))
    sha = sha_of(room, name)
    one = Segment(kind=UTTERANCE, text="The pumps run.", locator=Locator(t_start=start, t_end=end))
    place = Placement(containers=(1,), extensions=(), dated_at=None)
    row = segment_row(one, spec, number=0, sha256_hex=sha, size=1, media_type="video/mp4", type_="video", placement=place)
    room._parts.table.merge(to_table([row], room._parts.schema))
    return segment_id(sha, spec, 0, one)


def length(file: Path) -> float:
    with av.open(str(file)) as opened:
        return (opened.duration or 0) / av.time_base


def test_a_hit_is_cut_out_by_its_id(room: Room, tmp_path: Path):
    made = room.clip(segment(room, "talks/storm.mp4", 4.0, 6.0), tmp_path / "hit.mp4")
    assert (made.t_start, made.copied) == (pytest.approx(4.0, abs=0.01), ("picture", "sound"))
    assert made.size == (tmp_path / "hit.mp4").stat().st_size
    assert length(tmp_path / "hit.mp4") == pytest.approx(2.0, abs=0.2)


def test_seconds_around_a_hit_come_along(room: Room, tmp_path: Path):
    hit = segment(room, "talks/storm.mp4", 5.0, 6.0)
    made = room.clip(hit, tmp_path / "hit.m4a", around=2.0)
    assert (made.t_start, made.t_end) == (pytest.approx(3.0, abs=0.03), pytest.approx(8.0, abs=0.03))
    assert room.clip(hit, tmp_path / "hit.m4a", around=60).t_start == 0


def test_a_hit_in_subtitles_is_a_moment_of_the_recording_beside_them(room: Room, tmp_path: Path):
    hit = segment(room, "talks/storm.en.srt", 1.0, 2.5)
    assert room.clip(hit, tmp_path / "hit.mp4").content == sha_of(room, "talks/storm.mp4")
    with pytest.raises(Unsupported, match="is no recording"):
        room.clip(segment(room, "talks/storms.srt", 1.0, 2.5), tmp_path / "hit.mp4")


def test_a_hit_without_a_time_is_no_moment(room: Room, tmp_path: Path):
    with pytest.raises(UsageError, match="is no moment"):
        room.clip(segment(room, "letter.txt", None, None), tmp_path / "hit.mp4")
    with pytest.raises(NotFound, match="search again"):
        room.clip("0" * 32, tmp_path / "hit.mp4")


@pytest.mark.parametrize(
    ("span", "told"),
    [((5.0, 4.0), "must end after it begins"), ((50.0, 60.0), "nothing lies between"), ((3.0, 3.0), "must end after")],
)
def test_an_impossible_span_leaves_no_file(room: Room, tmp_path: Path, span: tuple[float, float], told: str):
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(UsageError, match=told):
        room.clip("tapes/talks/storm.mp4", target / "clip.mp4", t_start=span[0], t_end=span[1])
    assert list(target.iterdir()) == []


def test_a_clip_that_cannot_be_made_leaves_the_file_that_was_there(room: Room, tmp_path: Path, film: bytes):
    (tmp_path / "torn.mp4").write_bytes(truncated(film, 0.5))
    room.add([tmp_path / "torn.mp4"], to="tapes")
    record(room, "torn.mp4", "video/mp4")
    (tmp_path / "clip.mp4").write_bytes(b"mine")
    with pytest.raises(strongroom.StrongroomError, match="index is missing"):
        room.clip("tapes/torn.mp4", tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_bytes() == b"mine"
    with pytest.raises(StorageError):
        room.clip("tapes/talks/storm.mp4", tmp_path / "nowhere" / "clip.mp4")


def test_a_frame_is_what_is_shown_at_its_time(room: Room):
    for second in (0, 4, 9):
        shown = Image.open(io.BytesIO(room.frame("tapes/talks/storm.mp4", second + 0.5)))
        difference = np.asarray(shown, int) - chart(number=second)
        assert shown.format == "PNG"
        assert np.abs(difference).mean() < 12
    assert Image.open(io.BytesIO(room.frame("tapes/talks/storm.mp4", form="jpg"))).format == "JPEG"


def test_the_frame_of_a_hit_is_that_of_its_beginning(room: Room):
    shown = Image.open(io.BytesIO(room.frame(segment(room, "talks/storm.mp4", 6.0, 8.0))))
    assert np.abs(np.asarray(shown, int) - chart(number=6)).mean() < 12


def test_sound_has_no_frame(room: Room):
    with pytest.raises(Unsupported, match=r"tapes/tone.wav has no moving picture, only sound"):
        room.frame("tapes/tone.wav", 1)


def test_nothing_is_shown_after_the_end(room: Room):
    properties = {"duration": 10.0}
    record(room, "talks/storm.mp4", "video/mp4", Run(analyzer="media", version=1, state=State.DONE, properties=properties))
    with pytest.raises(UsageError, match=r"0:00:10.0 long"):
        room.frame("tapes/talks/storm.mp4", 11)


def test_each_use_of_a_recording_is_in_the_ledger(room: Room, tmp_path: Path):
    room.transcript("tapes/talks/storm.mp4")
    room.clip("tapes/talks/storm.mp4", tmp_path / "clip.mp4", t_start=2, t_end=3)
    room.frame("tapes/talks/storm.mp4", 2)
    with room._parts.catalog.read() as tx:
        from strongroom.storage.catalog.schema import acts

        verbs = list(tx.scalars(acts.select().with_only_columns(acts.c.verb).order_by(acts.c.id)))
        details = list(tx.scalars(acts.select().with_only_columns(acts.c.details).order_by(acts.c.id)))
    assert verbs[-3:] == ["transcript", "clip", "frame"]
    assert details[-2]["content"] == sha_of(room, "talks/storm.mp4")
    assert (details[-2]["t_start"], details[-2]["t_end"]) == (2, 3)


Strong = Callable[..., tuple[int, str, str]]


@pytest.fixture
def strong(room: Room, capsys: pytest.CaptureFixture[str]) -> Strong:
    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = command([*words, "--room", str(room.path)])
        return code, *capsys.readouterr()

    return call


def test_the_command_line_writes_a_transcript_in_each_form(room: Room, strong: Strong, tmp_path: Path):
    record(room, "talks/storm.mp4", "video/mp4", heard(room, said("The pumps run.", 0, 2), said("So we wait.", 6, 7)))
    name = "tapes/talks/storm.mp4"
    assert strong("transcript", name)[1] == "The pumps run.\n\nSo we wait.\n"
    assert strong("transcript", name, "--times")[1].startswith("[0:00:00] The pumps")
    assert strong("transcript", name, "--format", "srt")[1].startswith("1\n00:00:00,000 --> 00:00:02,000\nThe pumps run.\n")
    assert strong("transcript", name, "-o", str(tmp_path / "storm.vtt"))[0] == 0
    assert (tmp_path / "storm.vtt").read_text("utf-8").startswith("WEBVTT\n\n00:00:00.000 -->")
    answer = json.loads(strong("transcript", name, "--format", "json")[1])
    assert answer["utterances"][0]["words"][1] == {
        "text": "pumps",
        "t_start": pytest.approx(0.667, abs=0.001),
        "t_end": pytest.approx(1.333, abs=0.001),
        "probability": 0.9,
    }


def test_the_command_line_says_where_the_words_come_from(strong: Strong):
    code, out, err = strong("transcript", "tapes/talks/storm.mp4")
    assert (code, out) == (0, "The cellar stands flooded. To four feet & more.\n")
    assert "storm.en.srt" in err


def test_the_command_line_cuts_a_clip_and_says_what_it_did(strong: Strong, tmp_path: Path):
    words = ("clip", "tapes/talks/storm.mp4", "--from", "0:05", "--to", "7s", "-o", str(tmp_path / "clip.mp4"))
    code, out, _ = strong(*words)
    assert code == 0
    assert "0:00:04.0 to 0:00:07.0, picture and sound as in the recording" in " ".join(out.split())
    made = json.loads(strong(*words, "--exact", "--json")[1])
    assert (made["t_start"], made["encoded"]) == (5.0, ["picture"])


def test_the_command_line_writes_a_frame(strong: Strong, tmp_path: Path):
    assert strong("frame", "tapes/talks/storm.mp4", "0:00:04", "-o", str(tmp_path / "frame.jpg"))[0] == 0
    assert Image.open(io.BytesIO((tmp_path / "frame.jpg").read_bytes())).size == (320, 240)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["transcript", "tapes/tone.wav"], 3, "strongroom analyze"),
        (["transcript", "tapes/talks/storm.mp4", "--format", "docx"], 2, "docx"),
        (["transcript", "tapes/none.mp4"], 3, "strongroom list tapes"),
        (["clip", "tapes/talks/storm.mp4", "--from", "noon", "-o", "clip.mp4"], 2, "noon"),
        (["clip", "tapes/talks/storm.mp4", "-o", "clip.docx"], 2, ".mp4"),
        (["clip", "tapes/letter.txt", "-o", "clip.mp4"], 9, "no recording"),
        (["frame", "tapes/tone.wav", "1", "-o", "frame.png"], 9, "only sound"),
        (["frame", "tapes/talks/storm.mp4", "1", "-o", "frame.gif"], 2, ".png"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(strong: Strong, words: list[str], code: int, told: str):
    found, _, err = strong(*words)
    assert (found, told in err) == (code, True), err
