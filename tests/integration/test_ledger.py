"""The default ledger keeps acts in the catalog, in one order without gaps, also from many writers."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from sqlalchemy.exc import StatementError

from strongroom.domain.scope import Actor, Purpose
from strongroom.errors import StorageFull
from strongroom.governance.ledger import CatalogLedger
from strongroom.ports import Act, Ledger
from strongroom.storage.catalog import Catalog, Transaction, acts


def act(verb: str, **details: object) -> Act:
    return Act(verb=verb, actor=Actor(name="owner"), purpose=Purpose(name="general"), policy_version="1", details=details)


def test_acts_are_counted_from_0_and_read_back_as_they_were(catalog: Catalog):
    ledger: Ledger = CatalogLedger(catalog)
    given = [act("search", query="a \N{SNOWMAN}", hits=3), act("get", sha256=["0" * 64])]
    assert [ledger.append(one) for one in given] == [0, 1]
    with catalog.read() as tx:
        assert acts.list(tx, -1, 10) == [(0, given[0]), (1, given[1])]
        assert acts.list(tx, 0, 10) == [(1, given[1])]
        assert acts.list(tx, -1, 1) == [(0, given[0])]


def test_an_act_leaves_what_was_counted_as_it_was(catalog: Catalog):
    """On PostgreSQL every transaction makes another state, so it is counted anew there."""
    with catalog.read() as tx:
        before = catalog.revision(tx)
    CatalogLedger(catalog).append(act("search"))
    with catalog.read() as tx:
        assert catalog.revision(tx) == before or catalog.dialect != "sqlite"
    with catalog.write() as tx:
        acts.append(tx, [act("add")])
    with catalog.read() as tx:
        assert catalog.revision(tx) != before


def test_an_act_survives_its_process(catalog: Catalog, catalog_url: str):
    CatalogLedger(catalog).append(act("add"))
    again = Catalog(catalog_url)
    with again.read() as tx:
        assert len(acts.list(tx, -1, 10)) == 1
    again.close()


def test_many_writers_get_each_index_once_without_gaps(catalog: Catalog):
    ledger = CatalogLedger(catalog)
    with ThreadPoolExecutor(8) as threads:
        indexes = list(threads.map(lambda i: ledger.append(act("search", number=i)), range(80)))
    assert sorted(indexes) == list(range(80))


def test_texts_that_a_database_refuses_do_not_stop_an_act(catalog: Catalog):
    assert CatalogLedger(catalog).append(act("search", query="nul \0 and \ud800")) == 0
    with catalog.read() as tx:
        assert acts.list(tx, -1, 1)[0][1].details == {"query": "nul \ufffd and \ufffd"}


class Slow(Catalog):
    """A catalog whose first transaction ends when it is let, and that counts transactions."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.begun, self.may_end, self.ended = Event(), Event(), 0
        self.breaks = False

    @contextmanager
    def write(self, *, is_counted: bool = True) -> Iterator[Transaction]:
        with super().write(is_counted=is_counted) as tx:
            yield tx
            self.begun.set()
            assert self.may_end.wait(60)
            if self.breaks:
                raise StorageFull("no space is left")
        self.ended += 1


@contextmanager
def behind(slow: Slow, ledger: CatalogLedger, given: Sequence[Act]) -> Iterator[list[Future[int]]]:
    """Record one act, and while that is being committed others that wait."""
    with ThreadPoolExecutor(len(given)) as threads:
        first = threads.submit(ledger.append, given[0])
        assert slow.begun.wait(60)
        rest = []
        for count, one in enumerate(given[1:], 1):
            rest.append(threads.submit(ledger.append, one))
            while len(ledger._waiting) < count:
                time.sleep(0.001)
        yield [first, *rest]
        slow.may_end.set()


@pytest.fixture
def slow(catalog: Catalog, catalog_url: str) -> Iterator[Slow]:
    """On the migrated catalog."""
    del catalog
    found = Slow(catalog_url)
    yield found
    found.close()


def test_acts_that_wait_for_a_commit_share_the_next_one_in_the_order_in_which_they_came(slow: Slow, catalog: Catalog):
    given = [act("search", number=number) for number in range(6)]
    with behind(slow, CatalogLedger(slow), given) as told:
        pass
    assert [one.result(60) for one in told] == list(range(6))
    assert slow.ended == 2
    with catalog.read() as tx:
        assert [one for _, one in acts.list(tx, -1, 10)] == given


def test_nobody_is_answered_before_their_act_is_durable(slow: Slow, catalog: Catalog):
    with behind(slow, CatalogLedger(slow), [act("search", number=number) for number in range(3)]) as told:
        assert not any(one.done() for one in told)
        with catalog.read() as tx:
            assert acts.list(tx, -1, 10) == []
    for one in told:
        assert one.result(60) >= 0
    with catalog.read() as tx:
        assert len(acts.list(tx, -1, 10)) == 3


def test_an_act_that_cannot_be_written_undoes_no_other(slow: Slow, catalog: Catalog):
    given = [act("first"), act("second"), act("broken", what=object()), act("fourth")]
    with behind(slow, CatalogLedger(slow), given) as told:
        pass
    assert [one.result(60) for one in (told[0], told[1], told[3])] == [0, 1, 2]
    with pytest.raises((TypeError, StatementError)):
        told[2].result(60)
    with catalog.read() as tx:
        assert [one.verb for _, one in acts.list(tx, -1, 10)] == ["first", "second", "fourth"]


def test_a_commit_that_fails_is_told_to_all_whose_acts_it_held(slow: Slow, catalog: Catalog):
    slow.breaks = True
    with behind(slow, CatalogLedger(slow), [act("search", number=number) for number in range(3)]) as told:
        pass
    for one in told:
        with pytest.raises(StorageFull):
            one.result(60)
    with catalog.read() as tx:
        assert acts.list(tx, -1, 10) == []
