"""The parts of one open room, put together in one place for the room and for its workers."""

from functools import cached_property
from pathlib import Path

import pyarrow as pa

from strongroom.domain.analysis import AnalyzerSpec
from strongroom.domain.segments import segment_schema
from strongroom.domain.settings import Settings
from strongroom.flows import naming
from strongroom.flows.glimpses import Glimpses
from strongroom.flows.growth import Growths
from strongroom.flows.keeping import SlowAnswers
from strongroom.flows.registry import load_analyzers
from strongroom.flows.spaces import check_text_model
from strongroom.flows.sure import SureSearcher
from strongroom.flows.turns import Turns
from strongroom.flows.vectors import Vectors
from strongroom.index import IndexReader
from strongroom.models.dimensions import dimensions, reads_words
from strongroom.models.speech import check_speech
from strongroom.models.toolbox import Toolbox
from strongroom.ports import Analyzer
from strongroom.storage.catalog import Catalog
from strongroom.storage.layout import Layout
from strongroom.storage.tables import SegmentTable
from strongroom.vault import Vault

SPARE = 1
"""Searches at once beyond the processors there are: while one waits for the index, another works."""
FAR = 16
"""Searches at once where the index is on an object store, so that they mostly wait for it."""


class Parts:
    """What the flows work on; each part is opened when first asked for."""

    def __init__(self, root: Path, settings: Settings, *, threads: int) -> None:
        """Name a room.

        Args:
            root: The room's directory.
            settings: Its settings.
            threads: Processor threads that one model may use.
        """
        self.layout = Layout(root=root)
        self.settings = settings
        self.toolbox = Toolbox(settings, threads=threads)
        self.glimpses = Glimpses()
        self.kept_names, self.kept_coverage = SlowAnswers(), SlowAnswers()
        self.turns = Turns(FAR if "://" in settings.index_url else SPARE + threads)
        self.catalog = Catalog(settings.catalog_url or self.layout.catalog_url, keeps_changes=settings.change_feed)

    @cached_property
    def vault(self) -> Vault:
        """The vault."""
        return Vault(self.catalog, self.layout, self.settings.vault_url or None)

    @cached_property
    def analyzers(self) -> tuple[Analyzer, ...]:
        """Built-in analyzers, and those of installed packages."""
        return load_analyzers(self.settings)

    @cached_property
    def specs(self) -> tuple[AnalyzerSpec, ...]:
        """What the analyzers are and take; last what finds names in all that they wrote, where it is wanted."""
        own = tuple(analyzer.spec for analyzer in self.analyzers)
        last = naming.spec(self.settings, own)
        return own if last is None else (*own, last)

    @cached_property
    def growths(self) -> Growths:
        """What sums how the room grew."""
        return Growths(self.catalog)

    @cached_property
    def schema(self) -> pa.Schema:
        """Schema of the segments."""
        return segment_schema(*dimensions(self.settings))

    @cached_property
    def table(self) -> SegmentTable:
        """The segments table; `SettingError` where other models wrote it."""
        table = SegmentTable(self.settings.index_url or self.layout.index, *dimensions(self.settings))
        check_text_model(self.catalog, self.settings.text_model, table.count)
        return table

    @cached_property
    def searcher(self) -> SureSearcher:
        """What answers searches; threads and actors share it."""
        toolbox = self.toolbox
        return SureSearcher(
            IndexReader(self.table),
            self.catalog,
            lambda: toolbox.questions,
            lambda: toolbox.pictures,
            self.specs,
            pictures_read_words=reads_words(self.settings),
        )

    @cached_property
    def vectors(self) -> Vectors:
        """Embeddings that answers ask for again and again."""
        return Vectors(self.toolbox.text)

    def close(self) -> None:
        """Close what was opened."""
        if "vault" in self.__dict__:
            self.vault.close()
        self.catalog.close()


def open_parts(root: Path, settings: Settings, *, threads: int = 1) -> Parts:
    """Open the parts of a room, its catalog brought up to date.

    Raises:
        RoomVersionError: The room was written by a newer Strongroom.
        SettingError: There is no such speech model; the other models are looked up with the segments table.
        StorageError: The catalog cannot be opened.
    """
    check_speech(settings)
    parts = Parts(root, settings, threads=threads)
    parts.catalog.migrate()
    return parts
