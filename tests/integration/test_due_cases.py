"""Cases and cash that are read from PostgreSQL are those that a replay folds from its events; pages of the outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from dunning_svc.domain.ladder.state import Case
from dunning_svc.read_models.cases.due import due_pages
from dunning_svc.read_models.cases.expected import work_done
from dunning_svc.read_models.cases.model import Cases
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.pending import REMINDERS_MAX, requested
from dunning_svc.read_models.cases.rows.reminders import DecisionRow, ReminderRow
from dunning_svc.read_models.collectors.past_cash import cash_in
from dunning_svc.read_models.collectors.targets import MonthCash, month_cash
from dunning_svc.read_models.sandboxes.query import reminders_since
from encours.contracts.common import Instalment
from encours.contracts.events.invoice import InvoicePlanned
from encours.contracts.events.money.plan import PlanAgreed, PlannedInvoice
from encours.kernel.ids import derived_id, uuid7
from encours.mail.attempts import Attempts
from encours.projection.projector import create_tables
from encours.projection.rows import Row, table_of
from encours.reading.moment import TimeTravel, View
from encours.testing.events import event
from encours.testing.servers import Installation
from tests.histories.cash import received_between
from tests.histories.dunning import GROUP, START, History
from tests.histories.policies import OWN
from tests.histories.promises import promised
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


async def insert(store: Store, schema: str, rows: Sequence[Row]) -> None:
    """Store rows of one kind."""
    table = table_of(type(rows[0]))
    places = ", ".join(f"${n}" for n in range(1, len(table.names) + 1))
    await store.conn.executemany(
        f"insert into {schema}.{table.name} ({', '.join(table.names)}) values ({places})",
        [tuple(getattr(row, name) for name in table.names) for row in rows],
    )


async def read_back(store: Store, schema: str, rows: MemoryRows, history: History) -> list[Case]:
    """Store the rows as the projection does, and read the cases that are due tomorrow."""
    await create_tables(store.conn, schema, Cases(), keys=True)
    for kept in rows.tables.values():
        await insert(store, schema, list(kept.values()))
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


async def stored(
    store: Store, url: str, schema: str, channels: Sequence[str], approved: Mapping[int, int] | None = None
) -> None:
    """Store reminders without an outcome, in this order; ``approved``: positions of approvals by those of decisions."""
    async with asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
        await Attempts(pool, uuid7()).prepare()
    await create_tables(store.conn, schema, Cases(), keys=True)
    common: dict[str, Any] = {"day": START, "customer_id": "cus_1", "entity_id": "ent_1", "currency": "EUR"}
    reminder: dict[str, Any] = {
        "step": "J+15", "template": "", "language": "fr", "amount_minor": 1, "credit_minor": 0, "invoice_ids": [],
        "status": "requested", "cause": None, "message_id": None, "evidence": None, "outcome_position": None,
        "outcome_on": None, "leaves_on": START, **common,
    }  # fmt: skip
    decision = {"type": "reminder.requested", "day_event": "", "document": "", **common}
    numbered = list(enumerate(channels, 1))
    decisions = [DecisionRow(decision_id=f"dec_{n}", position=n, **decision) for n, _ in numbered]
    reminders = [
        ReminderRow(
            reminder_id=f"rem_{n}",
            decision_id=f"dec_{n}",
            position=n,
            channel=channel,
            approved_position=(approved or {}).get(n),
            **reminder,
        )
        for n, channel in numbered
    ]
    await insert(store, schema, decisions)
    await insert(store, schema, reminders)


async def waiting(store: Store, url: str, channels: Sequence[str]) -> list[list[int]]:
    """Return the pages of the outbox with and without mail."""
    schema = "outbox_pages"
    await stored(store, url, schema, channels)
    return [
        [row.position for row in await requested(store.conn, schema, "main", 0, with_mail=with_mail)]
        for with_mail in (True, False)
    ]


def test_letters_leave_behind_more_mails_than_one_page_holds_that_wait_for_their_server(
    store: Store, module_installation: Installation
) -> None:
    channels = ["email"] * REMINDERS_MAX + ["letter", "email", "letter"]
    page, letters = store.run(waiting(store, module_installation.store_url("dunning"), channels))
    assert page == list(range(1, REMINDERS_MAX + 1))
    assert letters == [REMINDERS_MAX + 1, REMINDERS_MAX + 3]


async def after_the_copy(store: Store, url: str) -> tuple[list[int], list[int], dict[str, int]]:
    """Return the page of the outbox of a ledger copied up to 3, and the reminders that are expected and compared."""
    schema = "outbox_copy"
    await stored(store, url, schema, ["email"] * 4, approved={1: 2, 2: 7})
    view = View(store.conn, schema, TimeTravel(START, 9, None, is_now=True), None)
    done = await work_done(view, 3)
    page = await requested(store.conn, schema, "copy", 3)
    compared = await reminders_since(store.conn, schema, 3)
    return [row.position for row in page], [each.count for each in done.unsent], compared


def test_what_is_approved_after_a_copy_leaves(store: Store, module_installation: Installation) -> None:
    """Of what was decided before the copy; what was approved before it left, if at all, from the source."""
    found = store.run(after_the_copy(store, module_installation.store_url("dunning")))
    assert found == ([2, 4], [2], {"requested": 2})


async def _cash_read(store: Store, schema: str, history: History, month: date) -> MonthCash:
    await create_tables(store.conn, schema, Cases(), keys=True)
    for kept in history.rows.tables.values():
        await insert(store, schema, list(kept.values()))
    time = TimeTravel(history.today, len(history.events), None, is_now=True)
    return await month_cash(View(store.conn, schema, time, None), month)


def test_the_cash_of_a_month_read_is_the_one_that_its_events_fold_to(store: Store) -> None:
    """As ``as_of`` and ``known_at`` of now answer what is answered without them; received is counted naively too."""
    found: Counter[str] = Counter()
    for seed in range(HISTORIES // 2):
        random, history, planned = Random(seed), History(), set[str]()
        for _ in range(4):
            history.issue(random.randrange(25), 10_000)
        for n in range(14):
            invoice_id, which = random.choice(list(history.open)), random.randrange(4)
            match random.randrange(8):
                case 0 | 1:
                    history.settle(which, random.randrange(1, 6_000))
                case 5:
                    history.unsettle(which, random.random() < 0.5)
                case 6:
                    for _ in range(random.choice((9, 20))):
                        history.open_day()
                case 2:
                    named = random.sample(list(history.open), random.randrange(1, 3))
                    promised(history, named, random.randrange(40), random.randrange(1, 9_000))
                case 3 if invoice_id not in planned and history.open[invoice_id]:
                    planned.add(invoice_id)
                    put_on_plan(history, invoice_id, derived_id("pln", n), random)
                case 4:
                    history.dispute(which, 500)
                case _:
                    history.open_day()
        read = store.run(_cash_read(store, f"cash_{seed}", history, START.replace(day=1)))
        folded = cash_in(history.rows, START.replace(day=1), history.today)
        assert read == folded, seed
        counted = received_between(history.events, START.replace(day=1), date(2026, 1, 31))
        assert sum(read.received.values()) == counted, seed
        found.update(received=bool(read.received), expected=bool(read.expected), planned=bool(planned))
    assert min(found["received"], found["expected"], found["planned"]) > HISTORIES // 8


def put_on_plan(history: History, invoice_id: str, plan_id: str, random: Random) -> None:
    """Agree a plan of two instalments over what is open of an invoice."""
    minor = history.open[invoice_id]
    listed = (event(PlannedInvoice, invoice_id=invoice_id, amount_minor=minor),)
    day = history.today + timedelta(days=random.randrange(20))
    parts = tuple(
        Instalment(due_on=day + timedelta(days=20 * n), amount_minor=part)
        for n, part in enumerate((minor // 3, minor - minor // 3))
    )
    about: dict[str, Any] = {"plan_id": plan_id, "customer_id": history.customer}
    history.add(event(PlanAgreed, **about, invoices=listed, instalments=parts), plan_id)
    history.add(event(InvoicePlanned, **about, invoice_id=invoice_id, amount_minor=minor), invoice_id)
