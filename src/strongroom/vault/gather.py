"""Small blobs from many clients at once: all that come while one batch is being committed are the next.

The first commit makes bytes, name and properties durable. The SHA-256, and what is derived from it (which contents a
container holds), touches six random pages of the catalog a blob, and comes in larger batches a moment later; should the
process die between, `Vault.fingerprint` reads the bytes again, as it does for every blob that was made of blocks.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5, sha256
from queue import Empty, SimpleQueue
from typing import Any

from strongroom.domain.blob import Blob
from strongroom.domain.condition import ALWAYS, Condition
from strongroom.domain.container import Container
from strongroom.domain.outcome import KeptObject
from strongroom.errors import StrongroomError, UsageError
from strongroom.storage.catalog import Catalog, Transaction, gathered
from strongroom.storage.catalog.gathered import Order, Outcome
from strongroom.storage.objects import PACK, SMALL, Objects
from strongroom.vault.commit import UNDONE, Committer
from strongroom.vault.contents import Contents
from strongroom.vault.write import PLAIN, Traits, landing
from strongroom.vault.writer import Writer

logger = logging.getLogger("strongroom.vault")

MOST_ITEMS = 512
"""Blobs in one commit."""
MOST_DIGESTS = 1024
"""Hashes that are noted in one commit: those that lie together in the catalog's indexes, since they share its pages."""
LINGER_SECONDS, STEP_SECONDS = 0.0015, 0.0002
"""How long to wait for as many as came the last time, and between two looks: who was answered together asks together."""
FEW, PART = 16 << 10, 2047
"""Bytes that are hashed in parts, and those of a part (hashlib's HASHLIB_GIL_MINSIZE is one more)."""
IDLE_SECONDS = 0.05
MOST_SECONDS = 2.0
"""When the hashes of what was landed are noted: once nothing came for so long, or this long after the first of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SmallPut:
    """A small blob that is to be written."""

    container: Container
    """Where: one whose bytes are in the vault."""
    name: str
    """Its name, which was checked."""
    data: bytes
    """At most 64 KiB."""
    traits: Traits = PLAIN
    """Content type, metadata, tags and the like; where an MD5 is stated, the bytes must have it."""
    condition: Condition = ALWAYS
    """What must hold of the present blob."""


Settled = Sequence[tuple[Any, Outcome]]
"""Of a batch: what was given with each, and the blob, or why there is none."""


class Packing:
    """Bytes that become durable in another thread."""

    def __init__(self, bodies: dict[str, bytes]) -> None:
        """Begin."""
        self.bodies = bodies
        self.error: Exception | None = None
        self._is_done = threading.Lock()
        self._is_done.acquire()

    def settle(self, objects: Objects) -> None:
        """Write them, in that thread."""
        try:
            if self.bodies:
                objects.write_packed(self.bodies)
        except Exception as error:  # noqa: BLE001 - who waits for it raises it
            self.error = error
        self._is_done.release()

    def wait(self) -> Exception | None:
        """Give, once they are durable, nothing, and else why they are not."""
        with self._is_done:
            return self.error


class Packer:
    """Makes bytes durable in a thread of its own, one lot after another."""

    def __init__(self, objects: Objects) -> None:
        """Start the thread."""
        self._objects = objects
        self._lots: SimpleQueue[Packing | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="pack", daemon=True)
        self._thread.start()

    def begin(self, bodies: dict[str, bytes]) -> Packing:
        """Write bytes soon, by the ids of their objects."""
        packing = Packing(bodies)
        self._lots.put(packing)
        return packing

    def close(self) -> None:
        """End the thread once all is written."""
        self._lots.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (lot := self._lots.get()) is not None:
            lot.settle(self._objects)


class Gatherer:
    """Writes small blobs in a thread of its own; each is durable when it is told of.

    `put` returns at once and can be called from an event loop; ``on_settled`` is called in that thread, once a batch.
    """

    def __init__(
        self,
        catalog: Catalog,
        bodies: Objects,
        writer: Writer,
        committer: Committer,
        on_settled: Callable[[Settled], None],
    ) -> None:
        """Start the thread."""
        self._writer, self._committer = writer, committer
        self._on_settled = on_settled
        self._waiting: SimpleQueue[tuple[SmallPut, Any] | None] = SimpleQueue()
        self._defers = catalog.dialect == "sqlite"
        self._digests: dict[int, tuple[str, str]] = {}
        self._due: list[tuple[int, tuple[str, str]]] = []
        self._oldest = 0.0
        self._usual = 1
        self._packer = Packer(bodies)
        self._thread = threading.Thread(target=self._run, name="gather", daemon=True)
        self._thread.start()

    def put(self, put: SmallPut, token: object) -> None:
        """Write a blob soon.

        Args:
            put: The blob.
            token: Is handed to ``on_settled`` with what became of it.
        """
        self._waiting.put((put, token))

    def close(self) -> None:
        """Write what is waiting and end the thread."""
        self._waiting.put(None)
        self._thread.join()
        self._packer.close()

    def _run(self) -> None:
        while True:
            batch = self._take()
            if batch:
                self._on_settled(self._write(batch))
                self._remove_freed()
            elif batch is None:
                while self._digests or self._due:
                    self._note_digests()
                return
            if self._due or (self._digests and (not batch or time.monotonic() - self._oldest > MOST_SECONDS)):
                self._note_digests()

    def _take(self) -> list[tuple[SmallPut, Any]] | None:
        """Wait for a batch; an empty one where nothing comes for a while, None at the end."""
        try:
            idle = IDLE_SECONDS if self._digests else None
            first = self._waiting.get(timeout=0 if self._due else idle)
        except Empty:
            return []
        if first is None:
            return None
        batch = [first]
        until = time.monotonic() + LINGER_SECONDS
        while 1 + self._waiting.qsize() < self._usual and time.monotonic() < until:
            time.sleep(STEP_SECONDS)
        while len(batch) < MOST_ITEMS and not self._waiting.empty():
            following = self._waiting.get()
            if following is None:
                self._waiting.put(None)
                break
            batch.append(following)
        self._usual = len(batch)
        return batch

    def _write(self, batch: Sequence[tuple[SmallPut, Any]]) -> Settled:
        outcomes: list[Outcome | None] = [None] * len(batch)
        orders: dict[int, Order] = {}
        bodies: dict[str, bytes] = {}
        for place, (put, _) in enumerate(batch):
            try:
                orders[place] = self._order(put, bodies)
            except UsageError as error:
                outcomes[place] = error
        for place, outcome in zip(orders, self._land(list(orders.values()), bodies), strict=True):
            outcomes[place] = outcome
        return [(token, outcome) for (_, token), outcome in zip(batch, outcomes, strict=True) if outcome is not None]

    def _order(self, put: SmallPut, bodies: dict[str, bytes]) -> Order:
        assert len(put.data) <= SMALL
        digest = summed(md5(usedforsecurity=False), put.data).digest()
        if put.traits.md5 not in (None, digest):
            raise UsageError(f"{put.name} came with other bytes than were sent: send it again", code="Md5Mismatch")
        new = self._writer.new_id() if put.data else ""
        if new:
            bodies[new] = put.data
        known = "" if self._defers else summed(sha256(), put.data).hexdigest()
        kept = KeptObject(object_id=new, place=PACK, size=len(put.data), sha256=known, md5=digest)
        return Order(container=put.container, landing=landing(put.name, put.traits, kept), kept=kept, condition=put.condition)

    def _land(self, orders: Sequence[Order], bodies: dict[str, bytes]) -> Sequence[Outcome]:
        """Write bytes and rows side by side; the rows are committed once the bytes are durable."""
        packing = self._packer.begin(bodies)
        digests: list[str] = []

        def change(tx: Transaction) -> tuple[list[Outcome], set[str]]:
            outcomes, loosened = gathered.land_each(tx, orders)
            if not digests:
                digests.extend(self._sums(orders, bodies))
            if (error := packing.wait()) is not None:
                raise error
            return outcomes, loosened

        try:
            outcomes: Sequence[Outcome] = self._committer.commit((), change, is_waited_for=True)
        except Exception as error:  # noqa: BLE001 - whoever asked is told; this thread goes on
            outcomes = [error] * len(orders)
        packing.wait()
        for order, outcome in zip(orders, outcomes, strict=True):
            if isinstance(outcome, UNDONE):
                self._writer.discard(order.kept)
        self._writer.settle(o.kept.object_id for o, outcome in zip(orders, outcomes, strict=True) if isinstance(outcome, Blob))
        self._keep_digests(outcomes, digests)
        return outcomes

    def _sums(self, orders: Sequence[Order], bodies: Mapping[str, bytes]) -> list[str]:
        """Give the hashes that are noted later: none where they went with the rows."""
        if not self._defers:
            return []
        return [summed(sha256(), bodies.get(order.kept.object_id, b"")).hexdigest() for order in orders]

    def _keep_digests(self, outcomes: Sequence[Outcome], digests: Sequence[str]) -> None:
        if not self._digests:
            self._oldest = time.monotonic()
        for outcome, digest in zip(outcomes, digests, strict=False):
            if isinstance(outcome, Blob):
                self._digests[outcome.id] = (outcome.etag, digest)

    def _remove_freed(self) -> None:
        """Remove what was replaced, once those who wait have their answers; what cannot be stays noted for a sweep."""
        try:
            self._committer.remove_freed()
        except (StrongroomError, OSError) as error:
            logger.warning("bytes that nothing needs stay until the room is swept, at its next start: %s", error)

    def _note_digests(self) -> None:
        """Note some hashes, in their order: of those that came together, neighbours share pages of six indexes."""
        if not self._due:
            self._due = sorted(self._digests.items(), key=lambda item: item[1][1], reverse=True)
            self._digests = {}
        some = dict(self._due[-MOST_DIGESTS:])
        del self._due[-MOST_DIGESTS:]

        def change(tx: Transaction) -> tuple[None, frozenset[str]]:
            gathered.fingerprint(tx, some)
            return None, frozenset()

        try:
            self._committer.commit((), change)
        except StrongroomError as error:
            logger.warning("%d blobs will be read again for their hashes: %s", len(some), error)


def summed(hasher: Any, data: bytes) -> Any:
    """Hash bytes; of few, in parts so short that Python does not let other threads run, and then wait for them, for each."""
    if len(data) > FEW:
        hasher.update(data)
        return hasher
    view = memoryview(data)
    for at in range(0, len(data), PART):
        hasher.update(view[at : at + PART])
    return hasher


class Gathers(Contents):
    """Writing small blobs from many clients."""

    def gatherer(self, on_settled: Callable[[Settled], None]) -> Gatherer | None:
        """Start a thread that writes small blobs; close it before the vault. None where small blobs are not packed.

        Args:
            on_settled: Is told, in that thread, of each batch once it is durable.
        """
        if not self._bodies.packs:
            return None
        return Gatherer(self._catalog, self._bodies, self._writer, self._committer, on_settled)
