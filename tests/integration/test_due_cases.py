"""The cases that a run reads from PostgreSQL are those that a replay folds from the same events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from dunning_svc.domain.ladder.state import Case
from dunning_svc.read_models.cases.due import due_pages
from dunning_svc.read_models.cases.model import Cases
from dunning_svc.read_models.cases.past import MemoryRows
from encours.projection.projector import create_tables
from encours.projection.rows import table_of
from encours.testing.servers import Installation
from tests.histories.dunning import GROUP, History
from tests.histories.policies import OWN
from tests.integration.store import Store

HISTORIES = 40
CODES = ("firm", "cordial", "small_amounts", *OWN)


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    found = Store(module_installation.store_url("dunning"))
    yield found
    found.close()


def lived(random: Random) -> History:
    """A history with policies that are chosen by tags and by open amounts."""
    history = History()
    for _ in range(random.randrange(6, 18)):
        match random.randrange(9):
            case 0 | 1:
                history.issue(random.randint(-60, 20), random.choice((3_000, 9_000, 50_000)))
            case 2:
                history.activate(random.choice(CODES))
            case 3:
                history.retire(random.choice(CODES))
            case 4:
                history.tag(*random.choice(((), ("firm",), ("cordial",))))
            case 5:
                history.settle(random.randrange(9), random.choice((1_000, 60_000)))
            case 6:
                history.receive(random.choice((1_000, 20_000)))
            case 7:
                history.hold(random.randrange(20))
            case _:
                for _ in range(random.randrange(1, 25)):
                    history.open_day()
    return history


async def read_back(store: Store, schema: str, rows: MemoryRows, history: History) -> list[Case]:
    """Store the rows as the projection does, and read the cases that are due tomorrow."""
    await create_tables(store.conn, schema, Cases(), keys=True)
    for kind, kept in rows.tables.items():
        table = table_of(kind)
        records = [tuple(getattr(row, name) for name in table.names) for row in kept.values()]
        places = ", ".join(f"${n}" for n in range(1, len(table.names) + 1))
        names = ", ".join(table.names)
        await store.conn.executemany(
            f"insert into {schema}.{table.name} ({names}) values ({places})", records
        )
    day = history.today + timedelta(days=1)
    return [case async for due in due_pages(store.conn, schema, day) for case in due.cases]


def settled_into_a_band() -> History:
    """Two invoices of which the larger is settled, so that the customer comes to owe a small amount."""
    history = History()
    history.activate("small_amounts")
    history.issue(0, 50_000)
    history.issue(0, 3_000)
    for _ in range(20):
        history.open_day()
    history.settle(0, 50_000)
    return history


def test_a_case_read_for_the_run_is_the_one_that_its_events_fold_to(store: Store) -> None:
    """Messages are read as far back as the policies ask for; all else is equal, settled invoices included."""
    found = 0
    for seed, history in enumerate([settled_into_a_band(), *(lived(Random(n)) for n in range(HISTORIES))]):
        day = history.today + timedelta(days=1)
        read = store.run(read_back(store, f"due_{seed}", history.rows, history))
        folded = history.rows.case(GROUP, day)
        assert folded is not None
        days = history.rows.policies().contact_days
        kept = tuple(each for each in folded.contacts if each.on > day - timedelta(days=days))
        for case in read:
            found += 1
            assert case == replace(folded, contacts=kept), seed
    assert found > HISTORIES // 4
