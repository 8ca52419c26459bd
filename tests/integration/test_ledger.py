"""The default ledger keeps acts in the catalog, in one order without gaps, also from many writers."""

from concurrent.futures import ThreadPoolExecutor

from strongroom.domain.scope import Actor, Purpose
from strongroom.governance.ledger import CatalogLedger
from strongroom.ports import Act, Ledger
from strongroom.storage.catalog import Catalog, acts


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
        acts.append(tx, act("add"))
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
