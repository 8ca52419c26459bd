"""What the catalog derives (holdings, standings, coverage, pending work, names) equals what its rows say, whatever happened."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from strongroom.domain.analysis import AnalyzerSpec, Coverage, State
from strongroom.domain.content import Name
from strongroom.domain.outcome import BYTES
from strongroom.errors import BlobNotFound
from strongroom.storage.catalog import Catalog, analyses, coverage, names, placements
from strongroom.storage.catalog import contents as catalog_contents
from strongroom.testing.shelf import EVERYTHING, Shelf, digest, only, outcome, run

LABELS = tuple("abcd")
BLOBS = ("x", "y")
CONTAINERS = ("one", "two")
MEDIA = ("application/zip", "text/plain", "image/png")
SPECS = (
    AnalyzerSpec(name="unpack", version=1, accepts=("application/zip",)),
    AnalyzerSpec(name="read", version=2, accepts=("text/*", "application/zip")),
)
labels, states = st.sampled_from(LABELS), st.sampled_from(list(State))
inside = st.dictionaries(st.sampled_from(("1.txt", "2.txt")), labels, max_size=2)


class CatalogHistory(RuleBasedStateMachine):
    """Blobs come and go, analyses find and lose members, also of themselves."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.catalog = Catalog(f"sqlite:///{Path(self.folder.name, 'catalog.sqlite')}")
        self.catalog.migrate()
        self.shelf = Shelf(self.catalog)
        self.ids = {name: self.shelf.container(name) for name in CONTAINERS}
        self.blobs: dict[tuple[str, str], str] = {}
        self.members: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self.runs: dict[str, dict[str, tuple[int, State]]] = {}
        self.media: dict[str, str] = {}
        self.known: set[str] = set()
        self.tokens: dict[str, int] = {}

    @rule(container=st.sampled_from(CONTAINERS), put=st.dictionaries(st.sampled_from(BLOBS), labels, min_size=1))
    def put(self, container: str, put: dict[str, str]) -> None:
        self.shelf.put(container, put)
        self.blobs.update({(container, name): label for name, label in put.items()})
        self.known |= set(put.values())

    @rule(container=st.sampled_from(CONTAINERS), name=st.sampled_from(BLOBS))
    def remove(self, container: str, name: str) -> None:
        try:
            self.shelf.remove(container, name)
        except BlobNotFound:
            assert (container, name) not in self.blobs
        self.blobs.pop((container, name), None)

    @rule(label=labels, media=st.sampled_from(MEDIA), state=states, version=st.sampled_from((1, 2)), members=inside)
    def analyse(self, label: str, media: str, state: State, version: int, members: dict[str, str]) -> None:
        analyzer = "unpack" if version == 1 else "read"
        self.shelf.record(outcome(label, media, run(analyzer, version=version, state=state, members=members)))
        if label in self.known:
            self.known |= set(members.values())
            self.media[label] = media
            self.members[label, analyzer] = list(members.items())
            runs = self.runs.setdefault(label, {})
            runs.pop(BYTES, None)
            runs[analyzer] = (version, state)

    @rule(label=labels)
    def lose(self, label: str) -> None:
        with self.catalog.write() as tx:
            due = analyses.due(tx, [digest(label)], SPECS).get(digest(label), ())
            analyses.lose(tx, digest(label), SPECS, "it took too long")
        runs = self.runs.setdefault(label, {})
        if label not in self.known:
            return
        if label not in self.media or BYTES in runs:
            runs[BYTES] = (1, State.FAILED)
        for spec in due if label in self.media and BYTES not in runs else ():
            runs[spec.name] = (spec.version, State.FAILED)
            self.members.pop((label, spec.name), None)
        for name in ("unpack", "read"):
            if not due and BYTES not in runs and runs.get(name, (0, None))[1] is State.FAILED:
                takes = any(spec.name == name and spec.takes(self.media[label]) for spec in SPECS)
                if takes:
                    self.members.pop((label, name), None)

    @rule()
    def drop_dead(self) -> None:
        with self.catalog.write() as tx:
            catalog_contents.drop(tx, catalog_contents.dead(tx, 100))
        held = self._held()
        self.known &= set(held)
        for label in LABELS:
            if label not in held:
                self.media.pop(label, None)
                self.runs.pop(label, None)
        self.members = {key: found for key, found in self.members.items() if key[0] in held}

    @rule()
    def read_placements(self) -> None:
        with self.catalog.read() as tx:
            self.tokens = placements.tokens(tx, [digest(label) for label in self.known])
            self.told = placements.placements(tx, [digest(label) for label in self.known])

    @rule()
    def write_placements(self) -> None:
        with self.catalog.write() as tx:
            placements.placed(tx, self.tokens)

    def _held(self) -> dict[str, set[str]]:
        """By label: the containers that hold it, as a walk downwards from the live blobs finds them."""
        held: dict[str, set[str]] = {}
        for (container, _), label in self.blobs.items():
            todo, seen = [label], set()
            while todo:
                here = todo.pop()
                if here not in seen:
                    seen.add(here)
                    todo += [child for (parent, _), found in self.members.items() if parent == here for _, child in found]
            for one in seen:
                held.setdefault(one, set()).add(container)
        return held

    def _names(self, label: str) -> set[str]:
        """Every name of a label, by a walk upwards."""
        found: set[str] = set()
        todo: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [(label, (), (label,))]
        while todo:
            here, path, passed = todo.pop()
            for (container, blob), content in self.blobs.items():
                if content == here:
                    found.add(str(Name(container=container, blob=blob, member="!/".join(path))))
            for (parent, _), inner in self.members.items():
                for step, child in inner:
                    if child == here and parent not in passed:
                        todo.append((parent, (step, *path), (*passed, parent)))
        return found

    def _verdict(self, label: str) -> str:
        runs = self.runs.get(label, {})
        if BYTES in runs:
            return "failed"
        if label not in self.media:
            return "pending"
        mine = [runs.get(spec.name) for spec in SPECS if spec.takes(self.media[label])]
        versions = [spec.version for spec in SPECS if spec.takes(self.media[label])]
        if any(one is None or one[0] != version for one, version in zip(mine, versions, strict=True)):
            return "pending"
        ends = {one[1] for one in mine if one is not None}
        return "failed" if State.FAILED in ends else "searched" if State.DONE in ends else "skipped"

    @invariant()
    def holdings_are_what_the_rows_say(self) -> None:
        expected = {(digest(label), self.ids[name]) for label, held in self._held().items() for name in held}
        with self.catalog.read() as tx:
            assert set(tx.execute(sa.text("SELECT sha256, container_id FROM holdings")).all()) == expected
            held = set(tx.scalars(sa.text("SELECT sha256 FROM contents WHERE is_held")))
            assert held == {sha for sha, _ in expected}
            assert set(catalog_contents.contents(tx, [digest(label) for label in LABELS])) == {digest(k) for k in self.known}

    @invariant()
    def coverage_and_pending_agree_with_the_rows(self) -> None:
        held = self._held()
        for containers in (None, ("one",), ("two",), ("one", "two")):
            scope = EVERYTHING if containers is None else only(*(self.ids[name] for name in containers))
            seen = [label for label, where in held.items() if containers is None or where & set(containers)]
            tally = Counter(self._verdict(label) for label in seen)
            with self.catalog.read() as tx:
                expected = Coverage(**{name: tally[name] for name in ("searched", "pending", "failed", "skipped")})
                assert coverage.coverage(tx, SPECS, scope) == expected
                todo = analyses.pending(tx, SPECS, containers=scope.containers, after="", limit=100)
                assert todo == sorted(digest(label) for label in seen if self._verdict(label) == "pending")
                assert analyses.pending_count(tx, SPECS, containers=scope.containers) == len(todo)
                due = analyses.due(tx, [digest(label) for label in seen], SPECS)
                assert sorted(sha for sha, specs in due.items() if specs) == todo

    @invariant()
    def names_are_all_ways_down_to_a_content(self) -> None:
        shas = {digest(label): label for label in LABELS}
        with self.catalog.read() as tx:
            found = names.names(tx, list(shas), EVERYTHING, limit=1000)
            few = names.names(tx, list(shas), only(self.ids["one"]), limit=1)
        for sha, label in shas.items():
            expected = self._names(label)
            assert {str(name) for name in found.get(sha, ())} == expected
            here = {name for name in expected if name.startswith("one/")}
            assert {str(name) for name in few.get(sha, ())} <= here
            assert bool(here) == (sha in few)

    @invariant()
    def what_is_marked_as_placed_is_placed_rightly(self) -> None:
        if not self.tokens:
            return
        with self.catalog.read() as tx:
            marked = set(tx.scalars(sa.text("SELECT sha256 FROM contents WHERE is_placed")))
            current = placements.placements(tx, marked)
        assert {sha: self.told[sha] for sha in marked & self.told.keys()} == {
            sha: current[sha] for sha in marked & self.told.keys()
        }

    def teardown(self) -> None:
        if hasattr(self, "catalog"):
            self.catalog.close()
            self.folder.cleanup()


TestCatalogHistory = CatalogHistory.TestCase
TestCatalogHistory.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
