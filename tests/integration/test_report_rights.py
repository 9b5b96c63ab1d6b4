"""A caller who may see one entity, or asks for one, is answered as if the ledger held nothing else.

Two random histories are in one ledger, each of an entity with customers of its own. The answers about the first are
compared with those of a read model that has its events alone, at the same positions.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as replace_struct

from encours.contracts.events.figure import FigurePublished, TurnoverPlanSet
from encours.contracts.events.parties.field import FieldDefined
from encours.kernel.bands import STANDARD, Bands
from encours.kernel.errors import Invalid, Refusal
from encours.ledger.stored import StoredEvent
from encours.reading.merges import survivors_at
from encours.reading.moment import TimeTravel, View
from encours.reading.pages import Page
from encours.testing.events import event as sample
from encours.testing.servers import Installation
from reporting_svc.read_models.aged_balance.insured import with_insured
from reporting_svc.read_models.aged_balance.penalties import penalties_by_group
from reporting_svc.read_models.aged_balance.query import aged, aged_groups
from reporting_svc.read_models.anomalies.query import delayed_debts, money_origins, transactions
from reporting_svc.read_models.collection.query import collection, sales
from reporting_svc.read_models.dashboard.query import broken_promises, due_promises
from reporting_svc.read_models.delays.figures import delay_figures, fallen_outcomes, outcomes_of
from reporting_svc.read_models.dso.query import billed_months, billed_since, grouped_days
from reporting_svc.read_models.figures.listing import published_figures
from reporting_svc.read_models.forecast.query import forecast_basis
from reporting_svc.read_models.overdue.query import DayRange, OneGroup, listed_parts, listed_sum, overdue
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.conversion import conversion_to, require_every_rate, unrealised
from reporting_svc.read_models.receivables.groups import group_of, require_defined, with_collectors
from reporting_svc.read_models.receivables.query import check, currency_of
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import add_subtotal
from reporting_svc.read_models.reminders.query import reminders_paid
from reporting_svc.read_models.tie_out.accounts import account_balances
from reporting_svc.read_models.tie_out.query import first_disagreement, require_aged_tied
from reporting_svc.read_models.tie_out.shares import require_shares_tied
from reporting_svc.read_models.turnover.plans import compared, require_planned, turnover_plans
from reporting_svc.read_models.turnover.products import by_product
from reporting_svc.read_models.turnover.query import by_group, by_period, opening
from tests.integration import naive_owners
from tests.integration.insurance_acts import insure
from tests.integration.money_acts import EVERY_ACT, merge, remind
from tests.integration.naive_portfolios import amend
from tests.integration.naive_published import set_plan, versions
from tests.integration.random_questions import settle
from tests.integration.receivable_histories import CUSTOMERS, DAY_0, ENTITY, Books, history, issue
from tests.integration.store import Store, project
from tests.integration.test_report_currency import rated

SEEDS = range(30 if "DEEP" in os.environ else 2)
QUESTIONS, BLOCK = 5, 15
EVERY_ROW = Page(limit=500, columns=("row_key",), descending=False, nullable=False, last=None, check="")
GROUPINGS = ("entity", "segment", "salesperson", "collector", "payer", "group", "field:channel")
ACTS = [*EVERY_ACT, *[remind, settle] * 3, amend, insure, insure, merge, set_plan, naive_owners.employ]
OTHERS = {own * 32: other * 32 for own, other in zip("1234e", "5678d", strict=True)} | {
    "_00000000": "_f0000000"
}
"""Digits of the second history in place of those of the first."""
OTHER, OTHER_CUSTOMER = "ent_" + "d" * 32, "cus_" + "5" * 32


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    opened = Store(module_installation.store_url("reporting"))
    yield opened
    opened.close()


def publish_rates(b: Books, n: int, day: date, amount: int) -> None:
    rated(b)


def books_of(chance: random.Random, acts: int) -> Books:
    """A history with rates, a published figure and a custom field beside the random acts."""
    given = [
        (
            chance.choice(ACTS),
            chance.randrange(1000),
            chance.randrange(-40, 60),
            chance.randrange(1, 50) * 1000,
        )
        for _ in range(acts)
    ]
    books = history(
        [
            (publish_rates, 0, 0, 0),
            (issue, 0, 0, 5_000),
            (issue, 6, 0, 4_000),
            (set_plan, 1, 0, 7_000),
            *given,
        ]
    )
    figure, field = books.id("fig"), books.id("fld")
    books.record(figure, sample(FigurePublished, figure_id=figure, customer_id=None), books.today)
    defined = sample(FieldDefined, field_id=field, entity_id=ENTITY, object="customer", code="channel")
    books.record(field, defined, books.today)
    of_invoices = sample(FieldDefined, field_id=field, entity_id=ENTITY, object="invoice", code="site")
    books.record(field, of_invoices, books.today)
    return books


def of_other(log: Sequence[StoredEvent]) -> list[StoredEvent]:
    """The events of an entity, customers and documents of their own; days and collectors are those of the ledger."""
    found = []
    for event in log:
        if not event.entity or event.stream.startswith("col_"):
            continue
        raw, stream = event.raw.decode(), event.stream
        for own, other in OTHERS.items():
            raw, stream = raw.replace(own, other), stream.replace(own, other)
        raw = raw.replace('"rate":"', '"rate":"2').replace('"code":"channel"', '"code":"colour"')
        if event.type == "entity.registered":
            raw = raw.replace('"currency":"EUR"', '"currency":"USD"')
        found.append(replace_struct(event, raw=raw.encode(), stream=stream, entity=OTHER, data=None))
    return found


def together(
    chance: random.Random, mine: Sequence[StoredEvent], other: Sequence[StoredEvent]
) -> list[StoredEvent]:
    """Both histories in one ledger, each in its order."""
    turns = [True] * len(mine) + [False] * len(other)
    chance.shuffle(turns)
    sides = {True: iter(mine), False: iter(other)}
    return [replace_struct(next(sides[turn]), position=n) for n, turn in enumerate(turns, 1)]


def plain(found: Any) -> Any:
    """The values of records and columns, to be compared."""
    if isinstance(found, dict):
        return {key: plain(each) for key, each in found.items()}
    if hasattr(found, "tolist"):
        return found.tolist()
    if isinstance(found, list | tuple):
        return [plain(each) for each in found]
    return dict(found) if hasattr(found, "keys") else found


async def balances(view: View, scope: Scope) -> dict[str, Any]:
    """Answers about what is open."""
    found: dict[str, Any] = {}
    insured = await with_insured(view, scope)
    for name, asked in {"standard": {}, "items": {"bands": Bands((30,)), "basis": "issued_on"}}.items():
        answer = await aged(view, insured, page=EVERY_ROW, **asked)  # type: ignore[arg-type]
        found[f"aged {name}"] = [answer.sums, plain(answer.rows)]
        if name == "standard":
            tied = await require_aged_tied(view, insured, answer, STANDARD)
            assert [each.figures for each in tied[: len(answer.sums)]] == list(answer.sums)
            await require_shares_tied(view, insured, answer)
            found["accounts"] = await account_balances(view, scope, "item")
    conversion = await conversion_to(view, scope, "EUR")
    await require_every_rate(view, scope, conversion)
    converted = await aged(view, insured, page=EVERY_ROW, conversion=conversion)
    found["converted"] = [
        converted.sums,
        plain(converted.rows),
        converted.parts,
        conversion.rates,
        conversion.books,
    ]
    found["unrealised"] = await unrealised(view, scope, conversion)
    found["billed, converted"] = await billed_months(view, scope, 90, conversion)
    for by in GROUPINGS:
        owned = await with_collectors(view, insured, by)
        found[f"groups {by}"] = await aged_groups(view, owned, group_of(by))
    euros = replace(insured, currency="EUR")
    late = await overdue(view, euros, EVERY_ROW)
    found["overdue"] = replace(late, rows=plain(late.rows))
    days, group = DayRange(before=view.time.as_of + timedelta(days=20)), OneGroup("segment", "A")
    found["listed"] = plain(await listed_parts(view, euros, EVERY_ROW, days, "open_minor <> 0"))
    found["sum"] = await listed_sum(view, euros, days, STANDARD)
    found["sum of a group"] = await listed_sum(view, euros, days, STANDARD, group)
    found["penalties"] = await penalties_by_group(view, euros, "segment", None)
    found["disagreement"] = await first_disagreement(view, scope)
    return found


async def flows(view: View, scope: Scope, plan: TurnoverPlanSet | None) -> dict[str, Any]:
    """Answers about what was billed, paid, promised and asked for, in euro."""
    found: dict[str, Any] = {}
    scope, first = replace(scope, currency="EUR"), view.time.as_of - timedelta(days=60)
    periods = await by_period(view, scope, "week", first)
    found["periods"], found["opening"] = periods, await opening(view, scope, first)
    for by in ("entity", "segment", "account"):
        found[f"turnover {by}"] = await by_group(view, scope, "month", first, by)
    products = await by_product(view, scope, "week", first, periods)
    found["products"] = [products.rows, products.sums]
    if plan is not None:
        found["plan"] = await compared(view, scope, plan)
    found["billed"] = [await billed_months(view, scope, 90), await billed_since(view, scope, first, None)]
    found["sales"] = await sales(view, scope, first, "salesperson")
    found["collection"] = await collection(view, scope, first, "entity", 90)
    found["dso"] = await grouped_days(view, scope, "entity", 90)
    found["promises"] = [plain(vars_of(await due_promises(view, scope, None)))]
    found["broken"] = [plain(vars_of(await broken_promises(view, scope, None)))]
    paid = await reminders_paid(view, scope, first)
    found["reminders"] = [paid.reminders, dict(paid.funds)]
    moved = await transactions(view, scope, first)
    found["transactions"] = sorted(
        (moved.debtors[debtor], kind, on, minor, moved.id_of(n))
        for n, (debtor, kind, on, minor) in enumerate(
            zip(moved.debtor, moved.kind.tolist(), moved.on.tolist(), moved.minor.tolist(), strict=True)
        )
    )
    found["origins"] = await money_origins(view, scope, first)
    return found


def vars_of(found: Any) -> list[Any]:
    """The values of a record with slots."""
    return [getattr(found, name) for name in found.__slots__]


async def debts(view: View, scope: Scope) -> dict[str, Any]:
    """Answers about the debts and their delays, in euro."""
    found: dict[str, Any] = {}
    scope, first = replace(scope, currency="EUR"), view.time.as_of - timedelta(days=90)
    for by in ("month", "entity", "customer"):
        delays = await delay_figures(view, scope, first, by)
        found[f"delays {by}"] = [delays.groups(), delays.months(), delays.customers, delays.parts_minor]
    found["debts"] = sorted(await outcomes_of(view, scope, lambda _: "true"), key=repr)
    fallen, outstanding = await fallen_outcomes(view, scope, first)
    found["fallen"] = [sorted(fallen, key=repr), outstanding]
    late = await delayed_debts(view, scope, first)
    found["delayed"] = sorted(
        (late.debtors[debtor], late.id_of(n), settled, uncovered)
        for n, (debtor, settled, uncovered) in enumerate(
            zip(late.debtor, late.settled.tolist(), late.uncovered.tolist(), strict=True)
        )
        if settled == 0 or settled >= first.toordinal()
    )
    basis = await forecast_basis(view, scope)
    past = basis.history
    ends = [0, *past.fund_ends.tolist()]
    columns = zip(
        past.debtor, past.segment, past.issued.tolist(), past.due.tolist(), past.owed.tolist(), strict=True
    )
    found["forecast"] = basis.owed
    found["history"] = sorted(
        (past.debtors[debtor], past.segments[segment], *each, past.fund_minor[ends[n] : ends[n + 1]].tolist())
        for n, (debtor, segment, *each) in enumerate(columns)
    )
    return found


async def lists(view: View, scope: Scope) -> dict[str, Any]:
    """Lists of what was published and planned."""
    page = replace(EVERY_ROW, columns=("position",))
    return {
        "figures": plain(await published_figures(view, page, scope.entity_id, None, None)),
        "plans": plain(await turnover_plans(view, page, scope.entity_id)),
        "currency": await currency_of(view, replace(scope, currency=None)),
    }


async def answers(view: View, asked: Scope, plan: TurnoverPlanSet | None) -> dict[str, Any]:
    scope = replace(asked, merged=await survivors_at(view))
    scope = await with_collectors(view, scope, None)
    found = await balances(view, scope) | await flows(view, scope, plan) | await debts(view, scope)
    return found | await lists(view, scope)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_answer_about_one_entity_has_nothing_of_another(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    books, other = books_of(chance, 70), books_of(chance, 70)
    log = together(chance, books.log, of_other(other.log))
    mine = [event for event in log if event.entity != OTHER]
    for schema, events in (("live", log), ("alone", mine)):
        store.run(project(store.conn, schema, events, 1000, Receivables()))
        while store.run(add_subtotal(store.conn, schema, BLOCK)):
            pass
    for _ in range(QUESTIONS):
        day = DAY_0 + timedelta(days=chance.randrange(0, 200))
        known = chance.choice([None, *(event.position for event in mine[-40:])])
        filters: dict[str, Any] = chance.choice(
            [
                {},
                {"salesperson": "sales-1"},
                {"segment": "A"},
                {"customer_id": CUSTOMERS[0]},
                {"collector": "ann"},
            ]
        )
        time = TimeTravel(day, known or len(log), None, known is None)
        plan = next((each.plan for each in versions(mine)), None)
        alone = View(store.conn, "alone", time, granted=None)
        expected = store.run(answers(alone, Scope(**filters), plan))
        for granted, entity in (((ENTITY,), None), (None, ENTITY)):
            view = View(store.conn, "live", time, granted)
            found = store.run(answers(view, Scope(entity_id=entity, **filters), plan))
            for name, answer in expected.items():
                # Balances are added up apart where there are subtotals to add.
                if answer is not None and found[name] is not None:
                    assert found[name] == answer, (name, granted, filters, day, known)


@pytest.mark.parametrize("seed", SEEDS)
def test_amounts_of_two_entities_in_one_currency_are_those_of_each_by_its_own_rates(
    store: Store, seed: int
) -> None:
    chance = random.Random(f"rates {seed}")
    books, other = books_of(chance, 60), books_of(chance, 60)
    log = together(chance, books.log, of_other(other.log))
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    day = DAY_0 + timedelta(days=chance.randrange(30, 120))

    async def amounts(entity: str | None, view: View) -> list[int]:
        scope = Scope(entity_id=entity, merged=await survivors_at(view))
        conversion = await conversion_to(view, scope, "EUR")
        balance = await aged(view, scope, conversion=conversion)
        billed = await billed_months(view, scope, 90, conversion)
        sold = await sales(view, scope, date.min, "entity", "month", conversion)
        penalties = await penalties_by_group(view, scope, None, conversion)
        return [
            *(
                sum(getattr(each, name) for each in balance.sums)
                for name in ("outstanding", "overdue", "ledger")
            ),
            await listed_sum(view, scope, DayRange(), STANDARD, conversion=conversion),
            billed.period_minor,
            billed.balance_minor,
            sum(sum(of.values()) for of in sold.values()),
            sum(each.open_minor for each in penalties.values()),
            (await unrealised(view, scope, conversion)).difference_minor or 0,
        ]

    for is_now in (True, False):
        view = View(store.conn, "live", TimeTravel(day, len(log), None, is_now), granted=None)
        whole, *each_own = (store.run(amounts(entity, view)) for entity in (None, ENTITY, OTHER))
        assert whole == [sum(own) for own in zip(*each_own, strict=True)]


def test_who_may_not_see_an_entity_finds_neither_it_nor_its_customers(store: Store) -> None:
    chance = random.Random(1)
    books = books_of(chance, 0)
    log = together(chance, books.log, of_other(books.log))
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    time = TimeTravel(books.today, len(log), None, is_now=True)
    view = View(store.conn, "live", time, granted=(ENTITY,))
    whole = View(store.conn, "live", time, granted=None)
    hidden = [Scope(entity_id=OTHER), Scope(customer_id=OTHER_CUSTOMER)]
    for scope in (Scope(entity_id=ENTITY), Scope(customer_id=CUSTOMERS[0])):
        store.run(check(view, scope))
    for scope in hidden:
        store.run(check(whole, scope))
        with pytest.raises(Refusal):
            store.run(check(view, scope))
    with pytest.raises(Refusal):
        store.run(check(whole, Scope(entity_id=ENTITY, customer_id=OTHER_CUSTOMER)))
    store.run(require_defined(view, group_of("field:channel")))
    store.run(require_defined(whole, group_of("field:colour")))
    for code in ("colour", "site"):
        with pytest.raises(Invalid):
            store.run(require_defined(view, group_of(f"field:{code}")))
    store.run(require_planned(whole, ENTITY, {CUSTOMERS[0]: "/0"}))
    with pytest.raises(Invalid):
        store.run(require_planned(whole, ENTITY, {OTHER_CUSTOMER: "/0"}))
    damaged = next(each.position for each in log if each.type == "invoice.issued" and each.entity == OTHER)
    damage = "update live.movement set account_minor = account_minor + 1 where position = $1"
    store.run(store.conn.execute(damage, damaged))
    assert [store.run(first_disagreement(each, Scope())) for each in (whole, view)] == [damaged, len(log)]
