"""A statement of account is, for any two days and any moment of knowledge, what a naive count of the events gives.

500 random histories (back-dated, credited, paid, released, reversed, merged) stand in one ledger, each with an entity
and four customers of its own, go through the real projection into PostgreSQL, and are read by the real queries.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as replace_struct

from encours.contracts.events import calendar
from encours.ledger.stored import StoredEvent
from encours.reading.merges import survivors_at
from encours.reading.moment import TimeTravel, View
from encours.reading.pages import Page
from encours.testing.servers import Installation
from invoice_svc.read_models.lists import Lists
from invoice_svc.read_models.statements import query
from tests.integration.money_acts import merge
from tests.integration.receivable_histories import ACTS, CUSTOMERS, DAY_0, ENTITY, history
from tests.integration.store import Store, project

HISTORIES = 500
ENTRIES = Page(limit=500, columns=(query.ENTRY_KEY,), descending=False, nullable=False, last=None, check="")
ID = re.compile(r"_[0-9a-f]{4}([0-9a-f]{28})")


def own(text: str, n: int) -> str:
    """Give ids a part of their own for each history."""
    return ID.sub(rf"_{n + 1:04x}\1", text)


def joined(histories: list[list[StoredEvent]]) -> list[StoredEvent]:
    """One ledger of all histories, an event of each in turn."""
    log: list[StoredEvent] = []
    for step in range(max(map(len, histories))):
        for n, events in enumerate(histories):
            if step < len(events) and events[step].stream != calendar.STREAM:
                event = events[step]
                log.append(
                    replace_struct(
                        event,
                        position=len(log) + 1,
                        stream=own(event.stream, n),
                        entity=own(event.entity, n),
                        raw=own(event.raw.decode(), n).encode(),
                    )
                )
    return log


@pytest.fixture(scope="module")
def ledger(module_installation: Installation) -> Iterator[tuple[Store, list[StoredEvent], random.Random]]:
    dice = random.Random(20260331)
    histories = [
        history(
            [
                (
                    dice.choice([*ACTS, merge]),
                    dice.randrange(1000),
                    dice.randint(-40, 60),
                    dice.randint(1, 50) * 1000,
                )
                for _ in range(dice.randint(10, 40))
            ]
        ).log
        for _ in range(HISTORIES)
    ]
    log = joined(histories)
    store = Store(module_installation.store_url("invoice"))
    store.run(project(store.conn, "live", log, 2_000, Lists()))
    yield store, log, dice
    store.close()


def naive(log: list[StoredEvent], customers: list[str]) -> list[tuple[int, date, str, int]]:
    """Position, day, currency and amount of what changes what these customers owe."""
    found = []
    for event in log:
        data: Any = event.recorded().data
        amount = 0
        match event.type:
            case "invoice.issued" | "payment.reversed":
                amount = data.total_minor if event.type == "invoice.issued" else data.amount_minor
            case "invoice.credited":
                amount = -data.total_minor
            case "payment.received" | "payment.identified":
                amount = -data.amount_minor
        if amount and data.customer_id in customers:
            found.append((event.position, event.effective_on, data.currency, amount))
    return found


def test_opening_and_entries_are_the_closing_of_500_histories(
    ledger: tuple[Store, list[StoredEvent], random.Random],
) -> None:
    store, log, dice = ledger
    shown = 0
    of_history: dict[str, list[StoredEvent]] = {}
    for event in log:
        of_history.setdefault(event.entity, []).append(event)
    for n in range(HISTORIES):
        asked = own(dice.choice(CUSTOMERS), n)
        first = DAY_0 + timedelta(days=dice.randint(-60, 90))
        last = first + timedelta(days=dice.randint(0, 120))
        upto = dice.choice((len(log), dice.choice(of_history[own(ENTITY, n)]).position))
        events = [e for e in of_history[own(ENTITY, n)] if e.position <= upto and e.effective_on <= last]
        is_merged = any(event.type == "customer.merged" for event in events)
        debtor = [own(customer, n) for customer in CUSTOMERS[:2]]
        counted = naive(events, debtor if is_merged and asked in debtor else [asked])
        view = View(store.conn, "live", TimeTravel(last, upto, str(upto), False), granted=None)
        customers = store.run(survivors_at(view)).records(asked)
        rows = store.run(query.entries(view, ENTRIES, customers, first))
        assert [(r["position"], r["effective_on"], r["currency"], r["amount_minor"]) for r in rows] == sorted(
            (entry for entry in counted if entry[1] >= first), key=lambda entry: (entry[1], entry[0])
        )
        accounts = store.run(query.accounts(view, customers, first))
        items = store.run(query.open_items(view, customers))
        assert [account.currency for account in accounts] == sorted({entry[2] for entry in counted})
        for account in accounts:
            mine = [entry for entry in counted if entry[2] == account.currency]
            assert account.opening_minor == sum(minor for _, day, _, minor in mine if day < first)
            assert account.closing_minor == sum(minor for *_, minor in mine)
            assert account.opening_minor + account.debit_minor - account.credit_minor == account.closing_minor
            open_minor = sum(item.open_minor for item in items if item.currency == account.currency)
            assert open_minor - account.unapplied_minor == account.closing_minor
            balances = [r["balance_minor"] for r in rows if r["currency"] == account.currency]
            assert balances[-1:] in ([], [account.closing_minor])
        shown += len(rows)
    assert shown > HISTORIES // 2


def test_a_caller_sees_the_accounts_of_granted_entities_alone(
    ledger: tuple[Store, list[StoredEvent], random.Random],
) -> None:
    store, log, _ = ledger
    customers = [own(customer, n) for customer in CUSTOMERS for n in (0, 1)]
    last = max(event.effective_on for event in log)
    time = TimeTravel(last, len(log), None, True)
    mine = View(store.conn, "live", time, granted=(own(ENTITY, 0),))
    everyone = View(store.conn, "live", time, granted=None)
    granted = sorted(own(customer, 0) for customer in CUSTOMERS)
    assert store.run(query.seen(mine, customers)) == granted
    seen_by_all = store.run(query.entries(everyone, ENTRIES, granted, DAY_0))
    assert seen_by_all
    assert store.run(query.entries(mine, ENTRIES, customers, DAY_0)) == seen_by_all
    items = store.run(query.open_items(everyone, granted))
    assert items
    assert store.run(query.open_items(mine, customers)) == items
