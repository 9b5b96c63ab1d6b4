"""Random questions: any business date, any moment of knowledge, any filter. Each answer is that of a naive replay.

200 in each run of the suite, 1,000 with ``DEEP=1``; the histories have every kind of movement that a figure counts,
and subtotals of few.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import asyncpg
import pytest

from encours.contracts.books import movements
from encours.kernel.bands import STANDARD, Bands
from encours.ledger.stored import StoredEvent
from encours.projection.control import ensure_control, store_checkpoint
from encours.projection.schemas import schema_of
from encours.reading.moment import TimeTravel, View
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S
from reporting_svc.domain.measures.dso import Dso
from reporting_svc.http.open_items.routes import band_range
from reporting_svc.jobs.subtotals import SubtotalMaker
from reporting_svc.read_models.aged_balance.query import Figures, aged, aged_groups
from reporting_svc.read_models.anomalies.query import money_origins
from reporting_svc.read_models.collection.query import collection
from reporting_svc.read_models.dashboard.query import broken_promises, due_promises, month_to_date
from reporting_svc.read_models.delays.query import covered_debts, group_names
from reporting_svc.read_models.dso.query import days_sales_outstanding
from reporting_svc.read_models.overdue.query import OneGroup, listed_parts, overdue
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.collectors import owners_of
from reporting_svc.read_models.receivables.groups import group_of as kind_of
from reporting_svc.read_models.receivables.groups import with_collectors
from reporting_svc.read_models.receivables.insured import with_insured
from reporting_svc.read_models.receivables.penalties import open_penalties
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import Basis, Chain, add_subtotal, chain_for
from reporting_svc.read_models.report_sources.parties import ReportParties
from reporting_svc.read_models.turnover.products import by_product
from reporting_svc.read_models.turnover.query import Turnover, TurnoverGroup, by_group, by_period, opening
from tests.integration import naive_money, naive_owners, naive_portfolios
from tests.integration.insurance_acts import insure
from tests.integration.money_acts import BESIDE_FIGURES, EVERY_ACT, every_kind
from tests.integration.product_parts import sold_and_paid
from tests.integration.receivable_histories import CUSTOMERS, DAY_0, ENTITY, Books, Expected, history, replay
from tests.integration.store import Store, project
from tests.integration.test_aged_balance_replay import EVERY_ITEM, EVERY_ROW

SEEDS = range(6, 56 if "DEEP" in os.environ else 16)
QUESTIONS, OWNERS = 25, 12
BLOCK = 9
"""Movements of a subtotal: a history of 100 has a dozen, some of them of everything before."""
COLUMNS = ("billed", "credited", "net", "gross", "collected", "reversed", "billed_net")
TURNOVER_GROUPS: tuple[TurnoverGroup, ...] = ("entity", "customer", "segment", "salesperson", "collector")
GROUPINGS = ("entity", "segment", "salesperson", "collector", "payer", "group", "field:channel")
FILTERS = ("entity_id", "customer_id", "salesperson", "segment", "collector")


@dataclass(frozen=True)
class Question:
    """Dates and filter. ``known_to`` None asks for all that is known."""

    as_of: date
    known_to: int | None
    scope: Scope
    customers: frozenset[str]

    def view(self, store: Store, head: int) -> View:
        time = TimeTravel(self.as_of, self.known_to or head, None, self.known_to is None)
        return View(store.conn, "live", time, granted=None)

    def has(self, customer: str, log: list[StoredEvent]) -> dict[str, str | None]:
        """Segment, salesperson and collector of a customer on the day, as it was known."""
        dates = self.as_of, self.known(log)
        owned = {"customer_id": customer, "collector": naive_owners.owner(customer, log, *dates)}
        return naive_portfolios.portfolio(customer, log, *dates) | owned

    def known(self, log: list[StoredEvent]) -> int:
        return len(log) if self.known_to is None else self.known_to

    def sold(self, log: list[StoredEvent]) -> Iterator[tuple[date, int]]:
        return naive_money.sold(log[: self.known(log)], self.as_of, self.scope.currency, self.customers)

    def expected(self, log: list[StoredEvent], day: date) -> dict[str, Expected]:
        found = replay(log, day, self.known(log))
        return {c: e for (c, of), e in found.items() if of == self.scope.currency and c in self.customers}


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    opened = Store(module_installation.store_url("reporting"))
    yield opened
    opened.close()


def random_history(chance: random.Random) -> Books:
    acts = [
        (
            chance.choice([*EVERY_ACT, *[naive_owners.employ, insure, naive_portfolios.amend] * 2]),
            chance.randrange(1000),
            chance.randrange(-40, 60),
            chance.randrange(1, 50) * 1000,
        )
        for _ in range(chance.randrange(10, 90))
    ]
    return history(acts)


def ask(store: Store, chance: random.Random, books: Books, filters: tuple[str, ...] = FILTERS) -> Question:
    known_to = chance.choice([None, chance.choice(books.ends), chance.choice(books.ends)])
    day = DAY_0 + timedelta(days=chance.randrange(-60, 400))
    wanted = {
        "entity_id": ENTITY, "customer_id": CUSTOMERS[0], "salesperson": f"sales-{chance.choice('12')}",
        "segment": chance.choice("AB"), "collector": "ann",
    }  # fmt: skip
    chosen = {name: wanted[name] for name in chance.sample(filters, chance.randrange(3))}
    scope = Scope(currency=chance.choice(["EUR", "EUR", "USD"]), **chosen)  # type: ignore[arg-type]
    asked = Question(day, known_to, scope, frozenset({"", *CUSTOMERS}))
    for name in chosen.keys() - {"entity_id"}:
        mine = (each for each in asked.customers - {""} if asked.has(each, books.log)[name] == chosen[name])
        asked = replace(asked, customers=frozenset(mine))
    view = asked.view(store, len(books.log))
    return replace(asked, scope=store.run(with_collectors(view, scope, None)))


def check_aged(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    view = asked.view(store, len(log))
    scope = store.run(with_insured(view, asked.scope))
    found = store.run(aged(view, scope, page=EVERY_ROW))
    rows = [found.figures(row) for row in found.rows]
    assert all(figures.tied for figures in (*found.sums, *rows))
    assert {
        f.customer_id: Expected(
            list(f.bands), f.disputed, f.conceded, f.overdue, f.on_plan, f.unapplied, f.ledger, f.promised,
            f.placed, f.insured,
        )
        for f in rows
    } == asked.expected(log, asked.as_of)  # fmt: skip


def check_overdue(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """Late debts; those that funds do not cover, with all else that is outstanding, are the customers' account."""
    view, expected = asked.view(store, len(log)), asked.expected(log, asked.as_of).values()
    late, account = sum(e.overdue for e in expected), sum(e.account for e in expected)
    assert store.run(overdue(view, asked.scope, EVERY_ITEM)).past_due_minor == late
    found = store.run(covered_debts(view, asked.scope))
    assert sum(each.uncovered_minor for each in found.outcomes) + found.beside_minor == account


def check_open_items(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """The items of each band, by themselves, add up to what a naive replay has in it."""
    view, bands = asked.view(store, len(log)), Bands((30, 60, 90, 120))
    scope = store.run(with_insured(view, asked.scope))
    known, listed = list(asked.expected(log, asked.as_of).values()), list[Any]()
    for place in range(6):
        due = band_range(bands, place, asked.as_of)
        rows = store.run(listed_parts(view, scope, EVERY_ITEM, due, "open_minor <> 0"))
        expected = sum(e.bands[place] for e in known)
        assert sum(row["open_minor"] for row in rows) == expected
        listed += rows
    for part in ("promised", "placed", "insured"):
        minors = [(row[f"{part}_minor"], row["open_minor"]) for row in listed]
        assert all(0 <= minor <= max(0, open_minor) for minor, open_minor in minors)
        assert sum(minor for minor, _ in minors) == sum(getattr(e, part) for e in known)


def check_turnover(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    view, first = asked.view(store, len(log)), asked.as_of - timedelta(days=45)
    before = sum(e.account for e in asked.expected(log, first - timedelta(days=1)).values())
    assert store.run(opening(view, asked.scope, first)) == before
    periods = store.run(by_period(view, asked.scope, "week", first))
    after = sum(e.account for e in asked.expected(log, asked.as_of).values())
    assert before + sum(period.change for period in periods) == after
    sold = list(naive_money.turnover(log[: asked.known(log)], first, asked.as_of, asked.scope.currency))
    sold = [each for each in sold if each[0] in asked.customers]
    assert columns({None: periods}) == summed((None, *each[1:]) for each in sold)
    for by in TURNOVER_GROUPS:
        scope = store.run(with_collectors(view, asked.scope, by))
        found = store.run(by_group(view, scope, "week", first, by))
        changes = dict[str | None, int]()
        for day, sign in ((asked.as_of, 1), (first - timedelta(days=1), -1)):
            for customer, expected in asked.expected(log, day).items():
                group = group_of(by, customer, asked, log)
                changes[group] = changes.get(group, 0) + sign * expected.account
        changed = {value: sum(period.change for period in of) for value, of in found.items()}
        assert {v: minor for v, minor in changed.items() if minor} == {v: m for v, m in changes.items() if m}
        groups = {customer: group_of(by, customer, asked, log) for customer in ("", *CUSTOMERS)}
        assert columns(found) == summed((groups[customer], *each) for customer, *each in sold), by


def columns(found: Mapping[str | None, Sequence[Turnover]]) -> dict[tuple[str | None, date, str], int]:
    """Amounts by group, week and column, those of 0 left out."""
    cells = ((value, each, name) for value, of in found.items() for each in of for name in COLUMNS)
    return {(value, each.start, name): m for value, each, name in cells if (m := getattr(each, name))}


def summed(added: Iterable[tuple[Any, ...]]) -> dict[tuple[str | None, date, str], int]:
    """Return the same of a naive count."""
    found = Counter[tuple[str | None, date, str]]()
    for value, week, amounts in added:
        for name, minor in amounts.items():
            found[value, week, name] += minor
    return {cell: minor for cell, minor in found.items() if minor}


def check_products(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """Sums of a naive count; what no product has is the rest of the whole."""
    view, first = asked.view(store, len(log)), asked.as_of - timedelta(days=45)
    periods = store.run(by_period(view, asked.scope, "week", first))
    found = store.run(by_product(view, asked.scope, "week", first, periods))
    dates, customers = (first, asked.as_of), asked.customers
    sums, paid = sold_and_paid(log[: asked.known(log)], *dates, asked.scope.currency, customers)
    for product in ("A", "B"):
        rows = found.get(product, [])
        of = [
            sum(getattr(row, name) for row in rows)
            for name in ("billed_net", "credited_net", "costed", "cost")
        ]
        assert of == sums.get(product, [0] * 4)
        collected = {row.start: row.collected for row in rows if row.collected}
        expected = {week: p for (name, week), p in paid.items() if name == product}
        for week in {*collected, *expected}:
            assert abs(float(collected.get(week, 0) - expected.get(week, 0))) <= 0.5
    every = [row for rows in found.values() for row in rows]
    assert sum(row.net for row in every) == sum(period.net for period in periods)
    assert sum(row.gross for row in every) == sum(period.billed - period.credited for period in periods)
    assert sum(row.collected for row in every) == sum(
        period.collected - period.reversed for period in periods
    )
    assert sum(row.cost for row in every) == sum(of[3] for of in sums.values())


def check_origins(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """Each payment and refund has the customer to whom it was booked last, as far as it counted and was known."""
    everyone = Scope(currency=asked.scope.currency)
    first = asked.as_of - timedelta(days=100)
    found = store.run(money_origins(asked.view(store, len(log)), everyone, first))
    payers: dict[str, str | None] = {}
    expected = []
    for event in log[: asked.known(log)]:
        data: Any = event.recorded().data
        counts = event.effective_on <= asked.as_of and getattr(data, "currency", None) == asked.scope.currency
        if counts and event.type in ("payment.received", "payment.identified", "payment.reassigned"):
            payers[event.stream] = data.customer_id
        if (
            counts
            and event.effective_on >= first
            and event.type in ("payment.received", "payment.refund_ordered")
        ):
            value = data.method if event.type == "payment.received" else data.iban
            expected.append((event.stream, event.effective_on, value))
    assert sorted((each.id, each.on, each.value, each.debtor) for each in found) == sorted(
        (payment, on, value, payers[payment]) for payment, on, value in expected if value and payers[payment]
    )


def group_of(by: str, customer: str, asked: Question, log: list[StoredEvent]) -> str | None:
    """The group of a customer by what was assigned to it until the day."""
    if by == "entity" or not customer:
        return ENTITY if by == "entity" else None
    if by in ("collector", "segment", "salesperson"):
        return asked.has(customer, log)[by]
    if by == "customer":
        return customer
    if by.startswith("field:"):
        return naive_portfolios.channel(customer, log, asked.as_of, asked.known(log))
    dated: list[tuple[date, int, str | None]] = []
    for event in log[: asked.known(log)]:
        data: Any = event.recorded().data
        if event.stream == customer and event.type == "customer.roles_assigned":
            dated.append((data.valid_from, event.position, getattr(data, f"{by}_id")))
    begun = [each for each in dated if each[0] <= asked.as_of]
    return max(begun, key=lambda each: each[:2], default=(None, 0, None))[2] or customer


def check_groups(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    for by in GROUPINGS:
        view = asked.view(store, len(log))
        scope = store.run(with_collectors(view, asked.scope, by))
        found = store.run(aged_groups(view, scope, kind_of(by)))
        expected: dict[str | None, list[int]] = {}
        for customer, e in asked.expected(log, asked.as_of).items():
            sums = expected.setdefault(group_of(by, customer, asked, log), [0] * 11)
            for n, minor in enumerate([*e.bands, e.overdue, e.unapplied, e.account, e.promised, e.placed]):
                sums[n] += minor
        assert {
            each.group: [*f.bands, f.overdue, f.unapplied, f.ledger, f.promised, f.placed]
            for each in found
            for f in [each.figures]
        } == expected, by
    view, parties = asked.view(store, len(log)), ReportParties(asked.view(store, len(log)), ())
    store.run(parties.load((), CUSTOMERS))
    for by in ("segment", "salesperson"):
        known = {customer: group_of(by, customer, asked, log) for customer in CUSTOMERS}
        assert store.run(group_names(view, Scope(), by)) == known  # type: ignore[arg-type]
    for held in naive_portfolios.HELD:
        known = {customer: asked.has(customer, log)[held] for customer in CUSTOMERS}
        assert {customer: parties.columns(None, customer)[held] for customer in CUSTOMERS} == known


def check_owners(store: Store, chance: random.Random, books: Books) -> None:
    """Owners follow from what each customer had, and owed, on the day."""
    for _ in range(OWNERS):
        asked = ask(store, chance, books, FILTERS[:2])
        found = store.run(owners_of(asked.view(store, len(books.log)), asked.scope.merged))
        for each in CUSTOMERS:
            assert found.codes.get(each) == asked.has(each, books.log)["collector"]


def check_drill_down(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """The items of each group and band, by due date or by issue date, add up to the cell of the aged balance."""
    view, bands, day = asked.view(store, len(log)), Bands((30, 60)), asked.as_of.toordinal()
    for n, by in enumerate(GROUPINGS):
        basis: Basis = "due_on" if (day + n) % 2 else "issued_on"
        scope = store.run(with_insured(view, store.run(with_collectors(view, asked.scope, by))))
        for place, cell in enumerate(store.run(aged_groups(view, scope, kind_of(by), bands, basis)), day):
            days, group = band_range(bands, place % 4, asked.as_of, basis), OneGroup(kind_of(by), cell.group)
            rows = store.run(listed_parts(view, scope, EVERY_ITEM, days, "open_minor <> 0", group))
            assert sum(row["open_minor"] for row in rows) == cell.figures.bands[place % 4], (by, basis)


def check_promises(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    first, last = asked.as_of - timedelta(days=29), {}
    for event in log[: asked.known(log)]:
        if event.type.startswith("promise.") and event.effective_on <= asked.as_of:
            last[event.stream] = event
    due, broken = [], []
    for event in last.values():
        data: Any = event.recorded().data
        if data.currency == asked.scope.currency and data.customer_id in asked.customers:
            if event.type == "promise.made" and data.promised_on == asked.as_of:
                due.append((data.amount_minor, data.amount_minor))
            if event.type == "promise.broken" and event.effective_on >= first:
                broken.append((data.amount_minor, max(0, data.amount_minor - data.received_minor)))
    view = asked.view(store, len(log))
    for found, expected in (
        (store.run(due_promises(view, asked.scope, None)), due),
        (store.run(broken_promises(view, asked.scope, first, None)), broken),
    ):
        sums = (found.number, found.amount_minor, found.missing_minor)
        assert sums == (len(expected), sum(e[0] for e in expected), sum(e[1] for e in expected))
        assert [row["amount_minor"] for row in found.largest] == sorted(e[0] for e in expected)[-1:-6:-1]


async def outstanding_days(view: View, scope: Scope) -> tuple[Dso, int]:
    """Return the days sales outstanding, and what is not due of the same balance."""
    total = (await aged(view, scope)).one_currency() or Figures.none(scope.currency or "", STANDARD)
    penalties = await open_penalties(view, scope, None)
    dso = await days_sales_outstanding(view, scope, total, penalties, 90)
    return dso, total.bands[0] - penalties.not_due_minor


def check_month(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """The sums by day give the collection that the movements and the open items give."""
    view, scope = asked.view(store, len(log)), asked.scope
    dso, not_due = store.run(outstanding_days(view, scope))
    found = store.run(month_to_date(view, scope, dso, not_due))
    month = store.run(collection(view, scope, asked.as_of, None, 90))[-1]
    assert (found, dso.simple) == (month.effectiveness, month.dso)


def check_countback(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """Sales of calendar months, counted one by one, are taken off the balance from the last month back."""
    found, _ = store.run(outstanding_days(asked.view(store, len(log)), asked.scope))
    sales: dict[date, int] = {}
    for day, minor in asked.sold(log):
        month = day.replace(day=1)
        sales[month] = sales.get(month, 0) + minor
    left, days, last = found.receivables_minor, Fraction(0), asked.as_of
    while left > 0 and sales and last >= min(sales):
        sold_minor = sales.get(last.replace(day=1), 0)
        share = min(Fraction(1), Fraction(left, sold_minor)) if sold_minor > 0 else Fraction(1)
        days += share * last.day
        left -= min(left, sold_minor)
        last = last.replace(day=1) - timedelta(days=1)
    assert (found.countback.days, found.countback.exhausted) == (days, left > 0)


CHECKS = [
    check_aged, check_aged, check_groups, check_drill_down, check_overdue, check_turnover, check_products,
    check_origins, check_month, check_countback, check_promises, check_open_items,
]  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_random_questions_are_answered_as_by_a_naive_replay(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    books = random_history(chance)
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    while store.run(add_subtotal(store.conn, "live", BLOCK)):
        pass
    for _ in range(QUESTIONS):
        asked = ask(store, chance, books)
        chance.choice(CHECKS)(store, asked, books.log)
    check_owners(store, chance, books)


def test_a_worker_makes_subtotals_of_every_ledger_again_after_a_rebuild(store: Store) -> None:
    """A rebuild replaces the schema. What was asked before is answered alike without subtotals and with them."""
    books, schema = random_history(random.Random(35)), schema_of(Receivables.name, "kept")
    view = View(store.conn, schema, TimeTravel(DAY_0 + timedelta(days=30), len(books.log), None, False), None)

    async def made_again() -> None:
        async with asyncpg.create_pool(store.url, min_size=1, max_size=1) as pool:
            await ensure_control(pool)
            await store_checkpoint(
                store.conn, "kept", Receivables.name, "test", version=1, epoch=1, position=len(books.log)
            )
            for _ in range(2):
                await project(store.conn, schema, books.log, 1000, Receivables())
                assert await chain_for(view, Scope(), "account") == Chain()
                bare = await aged(view, Scope(), page=EVERY_ROW)
                maker = asyncio.create_task(SubtotalMaker(pool, BLOCK).run())
                async with asyncio.timeout(HANG_S):
                    while not (await chain_for(view, Scope(), "account")).added:
                        await asyncio.sleep(0.01)
                maker.cancel()
                await asyncio.wait([maker])
                found = await aged(view, Scope(), page=EVERY_ROW)
                assert (found.sums, found.rows) == (bare.sums, bare.rows)

    store.run(made_again())


def test_the_histories_have_every_kind_of_movement_of_one_currency() -> None:
    """A payment in another currency or for another customer has a test of its own with the rates."""
    found = {
        movement.kind
        for seed in SEEDS
        for event in random_history(random.Random(seed)).log
        for movement in movements(event.recorded())
    }
    assert found == every_kind() - BESIDE_FIGURES
