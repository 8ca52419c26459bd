"""What a worker does with one content: tell what it is, run the analyzers that are due, keep what they find."""

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from strongroom.domain.analysis import AnalyzerSpec, State
from strongroom.domain.findings import Checkpoint, Finding, Member, Problem, Property, Rendition, Segment
from strongroom.domain.outcome import KeptMember, KeptRendition, Run, Stretch
from strongroom.domain.settings import Settings
from strongroom.errors import AnalysisError, LimitExceeded, ModelError, SourceChanged, StorageError
from strongroom.flows.sink import Origin, SegmentSink
from strongroom.ports import Analyzer, Source, Tools
from strongroom.storage.catalog.analyses import seconds_of
from strongroom.vault import Vault

REASONS = 5
"""Problems of one analyzer that are told one by one; of the rest, the number is."""
REASON_CHARACTERS = 500


@dataclass(kw_only=True, slots=True)
class _Findings:
    """What one analyzer found of one content, so far; members and renditions since it went on from a checkpoint."""

    segments: int = 0
    earlier_members: int = 0
    members: list[KeptMember] = field(default_factory=list)
    member_bytes: int = 0
    renditions: list[KeptRendition] = field(default_factory=list)
    properties: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    troubles: int = 0
    dated_at: datetime | None = None
    duration: float | None = None

    @classmethod
    def after(cls, stretch: Stretch | None, duration: float | None) -> "_Findings":
        """Begin with what is known: of the analyzer's own earlier stretches, and of the recording's length."""
        if stretch is None:
            return cls(duration=duration)
        found = cls(
            segments=stretch.segments,
            earlier_members=stretch.members,
            problems=list(stretch.problems),
            troubles=stretch.troubles,
            duration=duration,
        )
        for name, value in stretch.properties.items():
            found.note(name, value)
        return found

    def note(self, name: str, value: object) -> None:
        """Take a fact about the whole; the segments that follow repeat some."""
        self.properties[name] = list(value) if isinstance(value, tuple) else value
        if name == "date":
            self.dated_at = _instant(str(value))
        elif name == "duration":
            self.duration = seconds_of(self.properties)

    def trouble(self, reason: str) -> None:
        """Note a part that could not be read."""
        self.troubles += 1
        if len(self.problems) < REASONS and reason not in self.problems:
            self.problems.append(reason)

    @property
    def reason(self) -> str | None:
        """All problems in one text."""
        if not self.troubles:
            return None
        more = self.troubles - len(self.problems)
        return "; ".join(self.problems) + (f"; and {more:,} more" if more else "")


class Reader:
    """Runs analyzers over one content at a time."""

    def __init__(
        self, vault: Vault, tools: Tools, settings: Settings, sink: SegmentSink, on_beat: Callable[[str], None]
    ) -> None:
        """Take what an analysis needs.

        Args:
            vault: Keeps members and renditions.
            tools: The models.
            settings: Bounds on members.
            sink: Takes the segments.
            on_beat: Called with the content's id whenever something was found, so that a time limit counts from there.
        """
        self._vault = vault
        self._tools = tools
        self._settings = settings
        self._sink = sink
        self._on_beat = on_beat

    def run(self, analyzer: Analyzer, source: Source, origin: Origin, stretch: Stretch | None = None) -> Run:
        """Run one analyzer; whatever the bytes are, it ends with a state, or at a checkpoint when it has worked for long.

        Args:
            analyzer: The analyzer.
            source: The content; ``reached`` says where the stretch ended.
            origin: What its segments repeat.
            stretch: How far this version of it came before.

        Raises:
            ModelError: A model is missing or corrupt: nothing can be analysed.
            StorageError: The vault cannot be written.
        """
        found, started = _Findings.after(stretch, origin.duration), time.perf_counter()
        state, stopped = State.DONE, None
        try:
            with closing(_iterator(analyzer, source, self._tools)) as findings:
                for finding in findings:
                    self._take(finding, found, analyzer.spec, origin, source.depth)
                    if isinstance(finding, Checkpoint) and self._is_due(finding, source.reached, started):
                        stopped = finding
                        break
        except (ModelError, StorageError) as error:
            if not isinstance(error, SourceChanged):
                raise
            state = _failed(found, str(error))
        except AnalysisError as error:
            state = _failed(found, str(error))
        except MemoryError:
            state = _failed(found, "it needed more memory than there is")
        except Exception as error:  # noqa: BLE001 - one bad file costs one file, whatever a library raises over it
            state = _failed(
                found, f"the {analyzer.spec.name} reader could not make sense of it ({type(error).__name__}: {error})"
            )
        return Run(
            analyzer=analyzer.spec.name,
            version=analyzer.spec.version,
            state=state,
            reason=found.reason and _one_line(found.reason),
            seconds=(stretch.seconds if stretch else 0.0) + time.perf_counter() - started,
            segments=found.segments,
            properties=found.properties,
            members=tuple(found.members),
            renditions=tuple(found.renditions),
            problems=tuple(found.problems),
            troubles=found.troubles,
            began=source.reached,
            stopped=stopped if state is State.DONE else None,
        )

    def _is_due(self, checkpoint: Checkpoint, reached: float, started: float) -> bool:
        """Say whether reading stops at a checkpoint: it worked for long, and got on since it began."""
        if not reached < checkpoint.at < math.inf:
            return False
        return time.perf_counter() - started >= self._settings.stretch_seconds

    def _take(self, finding: Finding, found: _Findings, spec: AnalyzerSpec, origin: Origin, depth: int) -> None:
        self._on_beat(origin.sha256)
        match finding:
            case Segment():
                known = (found.dated_at, found.duration)
                if self._sink.add(finding, spec, origin, number=found.segments, known=known):
                    self._on_beat(origin.sha256)
                found.segments += 1
            case Property():
                found.note(finding.name, finding.value)
            case Member():
                self._keep_member(finding, found, origin, depth)
            case Rendition():
                kept = self._vault.keep([finding.data])
                found.renditions.append(KeptRendition(role=finding.role, media_type=finding.media_type, object=kept))
            case Problem():
                found.trouble(finding.reason)

    def _keep_member(self, member: Member, found: _Findings, origin: Origin, depth: int) -> None:
        bounds = self._settings
        if depth + 1 > bounds.member_depth:
            found.trouble(f"members deeper than {bounds.member_depth} levels are not opened: {member.path}")
            return
        if found.earlier_members + len(found.members) >= bounds.member_count:
            raise LimitExceeded(f"it has more than {bounds.member_count:,} members; the first ones are kept")
        left = bounds.member_bytes - found.member_bytes
        try:
            kept = self._vault.keep(self._watched(member, left, origin.sha256))
        except AnalysisError as error:
            if isinstance(error, LimitExceeded):
                raise
            found.trouble(f"{member.path}: {error}")
            return
        found.member_bytes += kept.size
        found.members.append(KeptMember(path=member.path, object=kept))

    def _watched(self, member: Member, left: int, sha256: str) -> Iterator[bytes]:
        for chunk in member.chunks:
            self._on_beat(sha256)
            left -= len(chunk)
            if left < 0:
                raise LimitExceeded(
                    f"its members are larger than {self._settings.member_bytes:,} bytes together; it is not opened further"
                )
            yield chunk


def _iterator(analyzer: Analyzer, source: Source, tools: Tools) -> Generator[Finding, None, None]:
    """Make a generator of whatever iterable a plug-in returns, so that it can be closed."""
    yield from analyzer.analyze(source, tools)


def _failed(found: _Findings, reason: str) -> State:
    found.troubles += 1
    found.problems.insert(0, reason)
    return State.FAILED


def _one_line(reason: str) -> str:
    text = " ".join(reason.split())
    return text if len(text) <= REASON_CHARACTERS else text[: REASON_CHARACTERS - 1] + "…"


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def accepted(analyzers: Sequence[Analyzer], media_type: str, due: frozenset[str]) -> list[Analyzer]:
    """Give the analyzers that are due and take a media type, cheap ones first."""
    takers = [a for a in analyzers if a.spec.name in due and a.spec.takes(media_type)]
    return sorted(takers, key=lambda a: a.spec.cost)
