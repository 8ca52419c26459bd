"""Small blobs from many clients at once: all that come while one batch is being committed are the next.

The first commit makes bytes, name and properties durable. The SHA-256, and what is derived from it (which contents a
container holds), touches six random pages of the catalog a blob, and comes in larger batches a moment later; should the
process die between, `Vault.fingerprint` reads the bytes again, as it does for every blob that was made of blocks.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
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
LINGER_SECONDS = 0.0005
"""How long to wait for as many as came the last time: clients that were answered together ask together."""
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
        self._bodies, self._writer, self._committer = bodies, writer, committer
        self._on_settled = on_settled
        self._waiting: SimpleQueue[tuple[SmallPut, Any] | None] = SimpleQueue()
        self._defers = catalog.dialect == "sqlite"
        self._digests: dict[int, tuple[str, str]] = {}
        self._oldest = 0.0
        self._usual = 1
        self._packer = ThreadPoolExecutor(1, thread_name_prefix="pack")
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
        self._packer.shutdown()

    def _run(self) -> None:
        while True:
            batch = self._take()
            if batch:
                self._on_settled(self._write(batch))
            elif batch is None:
                while self._digests:
                    self._note_digests()
                return
            if self._digests and (not batch or time.monotonic() - self._oldest > MOST_SECONDS):
                self._note_digests()

    def _take(self) -> list[tuple[SmallPut, Any]] | None:
        """Wait for a batch; an empty one where nothing comes for a while, None at the end."""
        try:
            first = self._waiting.get(timeout=IDLE_SECONDS if self._digests else None)
        except Empty:
            return []
        if first is None:
            return None
        batch = [first]
        if self._usual > 1 + self._waiting.qsize():
            time.sleep(LINGER_SECONDS)
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
        packed = self._packer.submit(self._pack, orders, bodies)

        def change(tx: Transaction) -> tuple[list[Outcome], set[str]]:
            outcomes, loosened = gathered.land_each(tx, orders)
            packed.result()
            return outcomes, loosened

        try:
            outcomes: Sequence[Outcome] = self._committer.commit((), change)
        except Exception as error:  # noqa: BLE001 - whoever asked is told; this thread goes on
            outcomes = [error] * len(orders)
        wait((packed,))
        for order, outcome in zip(orders, outcomes, strict=True):
            if isinstance(outcome, UNDONE):
                self._writer.discard(order.kept)
        self._writer.settle(o.kept.object_id for o, outcome in zip(orders, outcomes, strict=True) if isinstance(outcome, Blob))
        self._keep_digests(outcomes, packed)
        return outcomes

    def _pack(self, orders: Sequence[Order], bodies: dict[str, bytes]) -> list[str]:
        if bodies:
            self._bodies.write_packed(bodies)
        return [summed(sha256(), bodies.get(order.kept.object_id, b"")).hexdigest() for order in orders]

    def _keep_digests(self, outcomes: Sequence[Outcome], packed: "Future[list[str]]") -> None:
        if not self._defers or packed.exception() is not None:
            return
        if not self._digests:
            self._oldest = time.monotonic()
        for outcome, digest in zip(outcomes, packed.result(), strict=True):
            if isinstance(outcome, Blob):
                self._digests[outcome.id] = (outcome.etag, digest)

    def _note_digests(self) -> None:
        some = dict(list(self._digests.items())[:MOST_ITEMS])
        for key in some:
            del self._digests[key]

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
