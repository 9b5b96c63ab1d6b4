"""Exposure, limit, orders and holds at any two dates are what a naive count of the events gives.

Random histories of all that moves them go through the real projection into PostgreSQL, and the real queries read them:
as of any day, as known at any position, those between the events of one command included. ``DEEP=1``: 1,200 pairs.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from encours.contracts.events.risk import ExposureSeen
from encours.contracts.parties import group_of, payer_of
from encours.reading.moment import TimeTravel, View
from encours.reading.pages import Page
from encours.testing.events import drafted, issued
from encours.testing.servers import Installation
from invoice_svc.read_models.holds import query as holds_query
from invoice_svc.read_models.lists import Lists
from risk_svc.domain.picture import Picture
from risk_svc.read_models.credit import deposit_query
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.credit.order_query import reservations
from risk_svc.read_models.credit.query import pictures
from tests.integration.credit_acts import CREDIT_ACTS, close_rest, write_off
from tests.integration.insurance_acts import insure
from tests.integration.money_acts import penalise, rebate, use_cash
from tests.integration.naive_exposure import Counted, ExposureFromEvents
from tests.integration.receivable_histories import (
    ACTS,
    CUSTOMERS,
    DAY_0,
    ENTITY,
    contest,
    credit,
    history,
    issue,
    pay,
    plan,
    reschedule,
    settle_dispute,
)
from tests.integration.store import Store, project

SCHEMA = "exposure_replay"
EVERY_ORDER = Page(
    limit=500, columns=("reservation_id",), descending=False, nullable=False, last=None, check=""
)
HISTORIES, LENGTH, PAIRS = (40, 160, 30) if "DEEP" in os.environ else (2, 90, 8)
ANY_DAY = (credit, contest, settle_dispute, reschedule, plan, *CREDIT_ACTS, penalise, insure)
"""Acts that may be dated before others. Money is used on a day on which it has come."""
ALL_ACTS = [*ACTS, *CREDIT_ACTS, write_off, close_rest, use_cash, rebate, penalise, insure]


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    opened = Store(module_installation.store_url("risk"))
    yield opened
    opened.close()


def counted(seen: ExposureSeen) -> tuple[Counted, int]:
    found = Counted(
        seen.not_due_minor, seen.overdue_minor, seen.disputed_minor, seen.on_plan_minor, seen.insured_minor,
        seen.drafts_minor, seen.reserved_minor, seen.delivered_minor, seen.unapplied_minor, seen.guaranteed_minor,
    )  # fmt: skip
    return found, seen.total_minor


def expected(found: Counted) -> tuple[Counted, int]:
    found.account = 0
    return found, found.total


class Asked:
    """A question about all customers, its answer, and the naive count."""

    def __init__(self, store: Store, log: list[Any], as_of: date, known_to: int) -> None:
        self.store, self.as_of, self.known_to = store, as_of, known_to
        self.naive = ExposureFromEvents(log, as_of, known_to)
        self.registered = [each for each in CUSTOMERS if any(e.stream == each for e in log[:known_to])]

    def pictures(self, **scope: Any) -> dict[str, Picture]:
        read = pictures(self.store.conn, SCHEMA, CUSTOMERS, as_of=self.as_of, position=self.known_to, **scope)
        return self.store.run(read)

    def members(self, customer: str, scope: str) -> list[str]:
        head = self.naive.head(customer, scope)
        return [each for each in self.registered if self.naive.head(each, scope) == head]

    def compare(self) -> None:
        shared, paid, grouped = (
            self.pictures(), self.pictures(head_of=payer_of), self.pictures(head_of=group_of)
        )  # fmt: skip
        assert set(shared) == set(self.registered)
        for customer in self.registered:
            self.same(shared[customer].alone, [customer])
            self.same(shared[customer], self.members(customer, "limit"))
            self.same(paid[customer], self.members(customer, "payer"))
            self.same(grouped[customer], self.members(customer, "group"))
            limit = shared[customer].limit
            holder = self.naive.head(customer, "limit")
            assert (limit and (limit.limit_id, limit.amount_minor)) == self.naive.limit(holder)
            assert [hold.credit_hold_id for hold in shared[customer].holds] == self.naive.holds(customer)
        self.orders()

    def same(self, picture: Picture, members: list[str]) -> None:
        assert sorted(each.customer_id for each in picture.members) == members
        euros, dollars = (self.naive.sum_of(members, currency) for currency in ("EUR", "USD"))
        for currency, mine in (("EUR", euros), ("USD", dollars)):
            assert counted(picture.exposure(currency, self.as_of)) == expected(mine), currency
        whole, rate = picture.whole("EUR", self.as_of), self.naive.rate()
        if rate is not None:
            assert counted(whole.known) == expected(euros.plus(dollars.at(rate)))
        elif dollars != Counted():
            assert whole.missing == ("USD",)

    def orders(self) -> None:
        time = TimeTravel(self.as_of, self.known_to, str(self.known_to), is_now=False)
        view = View(self.store.conn, SCHEMA, time, granted=None)
        rows = self.store.run(reservations(view, EVERY_ORDER, customer_id=None, status=None))
        listed = {
            row["reservation_id"]: {
                "status": row["status"], "reserved": row["reserved_minor"], "delivered": row["delivered_minor"],
                "customer": row["customer_id"], "currency": row["currency"], "attempt": row["attempt"],
            }
            for row in rows
        }  # fmt: skip
        assert listed == self.naive.orders


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_exposure_as_of_any_day_and_known_at_any_position_equals_a_naive_count(
    store: Store, seed: int
) -> None:
    dice = random.Random(seed)
    books = history([_act(dice) for _ in range(LENGTH)])
    store.run(project(store.conn, SCHEMA, books.log, dice.choice((3, 7, 1000)), Credit()))
    last = (books.today - DAY_0).days
    for _ in range(PAIRS):
        as_of, known_to = (
            DAY_0 + timedelta(days=dice.randint(-20, last + 60)),
            dice.randint(3, len(books.log)),
        )
        try:
            Asked(store, books.log, as_of, known_to).compare()
        except AssertionError as wrong:
            wrong.add_note(f"as of {as_of}, known to {known_to} of {len(books.log)}")
            raise


def _act(dice: random.Random) -> tuple[Any, int, int, int]:
    act = dice.choice(ALL_ACTS)
    earliest, latest = -40 if act in (*ANY_DAY, issue, pay) else 0, 60 if act in (*ANY_DAY, issue) else 0
    amount = dice.randint(1, 50) * 1000 + dice.randint(0, 99)
    return act, dice.randint(0, 1000), dice.randint(earliest, latest), amount


def test_all_deposit_invoices_of_an_order_are_found(store: Store) -> None:
    """Both services find them, however many bill one order."""
    books, expected = history([]), []
    for n in range(103):
        invoice_id, usual = (
            books.id("inv"),
            {"customer_id": CUSTOMERS[0], "reference": "BC-1", "purpose": "deposit"},
        )
        usual |= {101: {"reference": "BC-2"}, 102: {"purpose": "invoice"}}.get(n, {})
        for document in (drafted, issued):
            books.record(invoice_id, document(1_00, invoice_id=invoice_id, **usual), DAY_0)
        expected += [invoice_id] if n < 101 else []
    store.run(project(store.conn, "deposits_risk", books.log, 1_000, Credit()))
    store.run(project(store.conn, "deposits_listed", books.log, 1_000, Lists()))

    def found(entity_id: str, position: int) -> tuple[list[str], list[str]]:
        by_risk = deposit_query.deposits_named(store.conn, "deposits_risk", entity_id, "BC-1", position)
        listed = holds_query.deposits_named(store.conn, "deposits_listed", entity_id, "BC-1")
        return store.run(by_risk), store.run(listed)

    last = len(books.log)
    assert found(ENTITY, last) == (expected, expected)
    assert found("ent_another", last) == ([], [])
    assert found(ENTITY, last - 6)[0] == expected[:-1]
