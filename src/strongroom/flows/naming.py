"""Finding what contents name: a last pass over the texts that analyzers wrote, once all of them have read a content."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from strongroom.domain.analysis import AnalyzerSpec, Cost, State
from strongroom.domain.entities import ANALYZER, LONGEST, Mention, Named, key_of
from strongroom.domain.findings import PICTURES
from strongroom.domain.outcome import Run
from strongroom.domain.settings import Settings
from strongroom.errors import ModelError, StorageError
from strongroom.models import entity_patterns
from strongroom.models.entities import NONE, is_ready
from strongroom.ports.tools import EntityModel
from strongroom.storage.catalog import Catalog, contents, entities
from strongroom.storage.tables import SegmentTable, predicates

PAGE = 1000
FORMS_ONLY, WITH_NAMES = 1, 2
"""Versions of the reading: of what has a form alone, and of names too. Raise both by two when results change."""
SPELLINGS = 10_000
"""Different spellings of one content that are kept; those that come first."""
REASON_CHARACTERS = 500
SLICE_CHARACTERS = 100_000
"""Texts are read by the model so many characters at a time, or `SLICE_TEXTS`."""
SLICE_TEXTS = 256
NAMED_BY = frozenset({"en"})
"""Languages in which the model finds names."""


def spec(settings: Settings, others: Iterable[AnalyzerSpec]) -> AnalyzerSpec | None:
    """Give the reading as an analyzer's spec: of whatever some analyzer takes. None where the settings want none.

    Without its model only what has a form is found, and nothing stays pending; when the model is pulled, everything is.

    Args:
        settings: The room's.
        others: The room's analyzers.

    Raises:
        SettingError: There is no such model.
    """
    if settings.entity_model == NONE:
        return None
    accepts = sorted({pattern for other in others for pattern in other.accepts})
    version, as_good = (WITH_NAMES, ()) if is_ready(settings) else (FORMS_ONLY, (WITH_NAMES,))
    return AnalyzerSpec(name=ANALYZER, version=version, accepts=tuple(accepts), cost=Cost.LAST, as_good=as_good)


def settle(catalog: Catalog) -> None:
    """Follow what containers say of people's names: forget them where they may not be, and look again where they now may."""
    while True:
        with catalog.read() as tx:
            hidden, again = entities.hidden(tx, PAGE), entities.unhidden(tx, PAGE)
        if not hidden and not again:
            return
        with catalog.write() as tx:
            entities.withhold(tx, hidden)
            entities.forget_reading(tx, again)
            kinds = {sha: (one.media_type, one.type) for sha, one in contents.contents(tx, again).items()}
            contents.restate(tx, kinds)


class Namer:
    """Looks through the texts of contents, one content at a time."""

    def __init__(self, table: SegmentTable, model: EntityModel | None, on_beat: Callable[[str], None]) -> None:
        """Take what it needs.

        Args:
            table: Holds the texts.
            model: Finds names; None finds only what has a form.
            on_beat: Called with the content whenever a part is done, so that a time limit counts from there.
        """
        self._table, self._model, self._on_beat = table, model, on_beat

    def run(self, sha256: str) -> Run:
        """Find what one content names.

        Returns:
            The reading; SKIPPED where the content has no text.
        """
        begun, counts, state, reason = time.perf_counter(), Counter[Named](), State.SKIPPED, None
        try:
            for some in self._slices(sha256):
                state = State.DONE
                if not self._count(some, counts):
                    reason = f"it names more than {SPELLINGS:,} things; the first ones are kept"
                self._on_beat(sha256)
        except (ModelError, StorageError):
            raise
        except Exception as error:  # noqa: BLE001 - one bad text costs one content, whatever a library raises over it
            state, reason = State.FAILED, f"its text could not be looked through for names ({type(error).__name__}: {error})"
        return Run(
            analyzer=ANALYZER,
            version=FORMS_ONLY if self._model is None else WITH_NAMES,
            state=state,
            reason=reason and " ".join(reason.split())[:REASON_CHARACTERS],
            seconds=time.perf_counter() - begun,
            mentions=tuple(Mention(named=named, count=count) for named, count in sorted(counts.items())),
        )

    def _count(self, texts: list[tuple[str, str | None]], counts: Counter[Named]) -> bool:
        """Count what texts name; False where some of it was one spelling too many."""
        is_all = True
        for named in self._named(texts):
            if named in counts or len(counts) < SPELLINGS:
                counts[named] += 1
            else:
                is_all = False
        return is_all

    def _slices(self, sha256: str) -> Iterator[list[tuple[str, str | None]]]:
        """Give texts with their languages, as many at a time as memory holds easily."""
        shown = f"NOT {predicates.one_of('kind', PICTURES)}"
        where = predicates.both(predicates.of_contents([sha256]), shown)
        slice_: list[tuple[str, str | None]] = []
        size = 0
        for batch in self._table.scan(("text", "language"), where):
            for text, language in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                if text:
                    slice_.append((text, language))
                    size += len(text)
                if size >= SLICE_CHARACTERS or len(slice_) >= SLICE_TEXTS:
                    yield slice_
                    slice_, size = [], 0
        if slice_:
            yield slice_

    def _named(self, texts: list[tuple[str, str | None]]) -> Iterator[Named]:
        for text, _ in texts:
            yield from (one for one in entity_patterns.find(text) if len(one.text) <= LONGEST)
        if self._model is not None:
            for found in self._model.find([text for text, language in texts if language is None or language in NAMED_BY]):
                yield from (one for one in found if key_of(one.kind, one.text))
