"""Random questions: any business date, any moment of knowledge, any filter. Each answer is that of a naive replay.

200 in each run of the suite, 1,000 with ``DEEP=1``; the histories have every kind of movement that a figure counts,
and subtotals of few.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest

from encours.contracts.books import CREDITED, INVOICED, movements
from encours.kernel.bands import STANDARD, Bands
from encours.ledger.stored import StoredEvent
from encours.projection.control import ensure_control, store_checkpoint
from encours.projection.schemas import schema_of
from encours.reading.moment import TimeTravel, View
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S
from reporting_svc.domain.anomalies import KINDS
from reporting_svc.jobs.subtotals import SubtotalMaker
from reporting_svc.read_models.aged_balance.insured import with_insured
from reporting_svc.read_models.aged_balance.query import aged, aged_groups
from reporting_svc.read_models.anomalies.query import money_origins, transactions
from reporting_svc.read_models.dashboard.query import broken_promises, due_promises
from reporting_svc.read_models.delays.columns import debt_states
from reporting_svc.read_models.delays.figures import delay_figures
from reporting_svc.read_models.delays.query import group_names
from reporting_svc.read_models.overdue.query import DayRange, OneGroup, listed_parts, listed_sum, overdue
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables import named as named_parts
from reporting_svc.read_models.receivables.collectors import owners_of
from reporting_svc.read_models.receivables.groups import group_of as kind_of
from reporting_svc.read_models.receivables.groups import with_collectors
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import Basis, Chain, add_subtotal, chain_for
from reporting_svc.read_models.report_sources.parties import ReportParties
from reporting_svc.read_models.tie_out.query import FiguresDoNotTie, require_aged_tied, require_rows_tied
from reporting_svc.read_models.tie_out.shares import require_shares_tied
from tests.integration import naive_portfolios
from tests.integration.delay_answers import check_delays_by_group, number_of
from tests.integration.insurance_acts import insure
from tests.integration.measure_checks import (
    check_collection,
    check_countback,
    check_delay_groups,
    check_dso_groups,
    check_month,
    check_plans,
    check_products,
    check_turnover,
)
from tests.integration.money_acts import BESIDE_FIGURES, every_kind
from tests.integration.random_questions import FILTERS, Question, ask, group_of, random_history
from tests.integration.receivable_histories import CUSTOMERS, DAY_0, Books, Expected, history, issue, open_day
from tests.integration.store import Store, project
from tests.integration.test_aged_balance_replay import EVERY_ITEM, EVERY_ROW

SEEDS = range(6, 56 if "DEEP" in os.environ else 16)
QUESTIONS, OWNERS, STATES = 25, 12, 2
NEAT = 24
"""Acts of a history before its customers have spare funds, and so debts with a state of their own."""
EUR = Scope(currency="EUR")
BLOCK = 9
"""Movements of a subtotal: a history of 100 has a dozen, some of them of everything before."""
GROUPINGS = ("entity", "segment", "salesperson", "collector", "payer", "group", "field:channel")


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    opened = Store(module_installation.store_url("reporting"))
    yield opened
    opened.close()


def check_aged(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    view = asked.view(store, len(log))
    scope = store.run(with_insured(view, asked.scope))
    found = store.run(aged(view, scope, page=EVERY_ROW))
    rows = [found.figures(row) for row in found.rows]
    store.run(require_rows_tied(view, scope, rows))
    store.run(require_shares_tied(view, scope, found))
    for total in store.run(require_aged_tied(view, scope, found, STANDARD)):
        assert total.figures.outstanding == sum(figures.ledger for figures in rows)
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
    assert store.run(delay_figures(view, asked.scope, asked.as_of, "month")).parts_minor == account


def check_delays(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    view, days = asked.view(store, len(log)), timedelta(days=asked.as_of.toordinal() % 90)
    check_delays_by_group(store, view, asked.scope, days, partial(group_of, asked=asked, log=log))


def check_states(store: Store, chance: random.Random, books: Books) -> int:
    """Delays as they were known before the customers had spare funds; return the number of debts that had a state."""
    known = chance.choice(books.ends[NEAT // 2 : NEAT + 1])
    asked = Question(
        DAY_0 + timedelta(days=chance.randrange(-15, 60)), known, EUR, frozenset({"", *CUSTOMERS})
    )
    check_delays(store, asked, books.log)
    view = asked.view(store, len(books.log))
    if not store.run(chain_for(view, EUR, "debt")).added:
        return 0
    return number_of(store.run(debt_states(view, EUR, None)).states)


def check_open_items(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """The items of each band, by themselves, add up to what a naive replay has in it."""
    view, bands = asked.view(store, len(log)), Bands((30, 60, 90, 120))
    scope = store.run(with_insured(view, asked.scope))
    known, listed = list(asked.expected(log, asked.as_of).values()), list[Any]()
    for place in range(6):
        due = DayRange.of_band(bands, place, asked.as_of)
        rows = store.run(listed_parts(view, scope, EVERY_ITEM, due, "open_minor <> 0"))
        expected = sum(e.bands[place] for e in known)
        assert sum(row["open_minor"] for row in rows) == expected
        assert store.run(listed_sum(view, scope, due, bands)) == expected
        listed += rows
    for part in ("promised", "placed", "insured"):
        minors = [(row[f"{part}_minor"], row["open_minor"]) for row in listed]
        assert all(0 <= minor <= max(0, open_minor) for minor, open_minor in minors)
        assert sum(minor for minor, _ in minors) == sum(getattr(e, part) for e in known)


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


def check_transactions(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """Invoices, payments and credit notes are the entries of their events, as far as they counted and were known."""
    first = asked.as_of - timedelta(days=60)
    found = store.run(transactions(asked.view(store, len(log)), Scope(currency=asked.scope.currency), first))
    rows = zip(
        found.kind.tolist(), found.debtor.tolist(), found.on.tolist(), found.minor.tolist(), strict=True
    )
    kinds = dict.fromkeys(INVOICED, "invoice") | dict.fromkeys(CREDITED, "credit_note")
    kinds |= dict.fromkeys(("received", "identified", "reassigned"), "payment")
    assert sorted(
        (KINDS[kind], found.debtors[debtor], found.id_of(n), date.fromordinal(on), minor)
        for n, (kind, debtor, on, minor) in enumerate(rows)
    ) == sorted(
        (
            kinds[each.kind],
            each.customer_id,
            each.invoice_id or each.payment_id or "",
            each.effective_on,
            abs(minor),
        )
        for event in log[: asked.known(log)]
        for each in movements(event.recorded())
        if each.kind in kinds and each.customer_id and first <= each.effective_on <= asked.as_of
        if each.currency == asked.scope.currency and (minor := each.account_minor) != 0
        if minor < 0 or kinds[each.kind] != "payment"
    )


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
            days, group = (
                DayRange.of_band(bands, place % 4, asked.as_of, basis),
                OneGroup(kind_of(by), cell.group),
            )
            rows = store.run(listed_parts(view, scope, EVERY_ITEM, days, "open_minor <> 0", group))
            assert sum(row["open_minor"] for row in rows) == cell.figures.bands[place % 4], (by, basis)
            listed = store.run(listed_sum(view, scope, days, bands, group))
            assert listed == cell.figures.bands[place % 4], (by, basis)


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
        (store.run(broken_promises(view, asked.scope, None)), broken),
    ):
        sums = (found.number, found.amount_minor, found.missing_minor)
        assert sums == (len(expected), sum(e[0] for e in expected), sum(e[1] for e in expected))
        assert [row["amount_minor"] for row in found.largest] == sorted(e[0] for e in expected)[-1:-6:-1]


CHECKS = [
    check_aged, check_aged, check_groups, check_drill_down, check_overdue, check_turnover, check_products,
    check_origins, check_transactions, check_month, check_countback, check_promises, check_open_items, check_dso_groups,
    check_delay_groups, check_delays, check_plans, check_collection,
]  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_random_questions_are_answered_as_by_a_naive_replay(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    books = random_history(chance, NEAT)
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    while store.run(add_subtotal(store.conn, "live", BLOCK)):
        pass
    for _ in range(QUESTIONS):
        asked = ask(store, chance, books)
        chance.choice(CHECKS)(store, asked, books.log)
    check_owners(store, chance, books)
    assert sum(check_states(store, chance, books) for _ in range(STATES)) > 0


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


def test_only_identifiers_of_invoices_are_looked_up_of_what_a_promise_names(store: Store) -> None:
    digits = "0123456789abcdef" * 2
    named = [f"inv_{digits}", f"inv_{digits[1:]}", f"inv_{digits}0", f"inv-{digits}", f"pay_{digits}"]
    named += [
        f"inv_{digits.upper()}",
        f"inv_{digits[:31]}g",
        f"inv_{digits[:31]}-",
        f"inv_{digits}\n",
        "",
        "inv_",
    ]
    query = f"select n.invoice_id from unnest($1::text[]) as n(invoice_id) where {named_parts._IS_INVOICE}"
    found = [row["invoice_id"] for row in store.run(store.conn.fetch(query, named))]
    assert found == [each for each in named if re.fullmatch("inv_[0-9a-f]{32}", each)] == named[:1]


def test_an_insured_part_that_its_open_item_does_not_hold_is_not_answered(store: Store) -> None:
    books = history([(insure, 0, 0, 90_000), (issue, 0, 0, 50_000), (open_day, 1, 0, 0)])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    time = TimeTravel(books.today, len(books.log), None, is_now=True)
    view = View(store.conn, "live", time, granted=None)
    scope = store.run(with_insured(view, EUR))

    async def insured() -> int:
        found = await aged(view, scope)
        await require_shares_tied(view, scope, found)
        return found.sums[0].insured

    assert store.run(insured()) == 45_000
    store.run(store.conn.execute("update live.item set open_minor = 44999"))
    with pytest.raises(FiguresDoNotTie, match=r"insured amounts add up to 450\.00 instead of 449\.99"):
        store.run(insured())


def test_the_histories_have_every_kind_of_movement_of_one_currency() -> None:
    """A payment in another currency or for another customer has a test of its own with the rates."""
    found = {
        movement.kind
        for seed in SEEDS
        for event in random_history(random.Random(seed)).log
        for movement in movements(event.recorded())
    }
    assert found == every_kind() - BESIDE_FIGURES
