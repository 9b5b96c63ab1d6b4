"""Published figures of each measure: every event that moved one since is named with its cents.

``DEEP=1``: 60 histories of each measure, below ten minutes of one core.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from encours.contracts.events.figure import FigureName, FigureParameters
from encours.contracts.events.parties.customer import CustomerMerged
from encours.ledger.stored import StoredEvent
from encours.reading.moment import TimeTravel, View
from encours.reading.pages import Page, read_cursor
from encours.testing.events import event as sample
from encours.testing.servers import Installation
from reporting_svc.domain.figure import FigureQuestion
from reporting_svc.domain.measures.published import MEASURES, FigureParts
from reporting_svc.read_models.figures import restatement
from reporting_svc.read_models.figures.forecast import expected_parts, published_forecast
from reporting_svc.read_models.figures.query import at
from reporting_svc.read_models.figures.restatement import (
    BY_CHANGE,
    restated,
    restated_forecast,
)
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.scope import Scope
from tests.integration import naive_delays, naive_linked
from tests.integration.insurance_acts import insure
from tests.integration.money_acts import lower, merge, place, promise, remind
from tests.integration.naive_portfolios import amend, portfolio
from tests.integration.naive_published import OTHERS, PLAN, set_plan, versions
from tests.integration.receivable_histories import (
    ACTS,
    CUSTOMERS,
    DAY_0,
    ENTITY,
    credit,
    history,
    issue,
    pay,
    release,
    replay,
)
from tests.integration.store import Store, project
from tests.integration.test_measures_replay import balances, sold

SEEDS = range(60 if "DEEP" in os.environ else 1)


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    opened = Store(module_installation.store_url("reporting"))
    yield opened
    opened.close()


def view(store: Store, as_of: date, known_to: int) -> View:
    return View(store.conn, "live", TimeTravel(as_of, known_to, None, False), granted=None)


BANDS = ("not_due", "1-30", "31-60", "61-90", "91-120", "121+")


def figure(log: list[StoredEvent], asked: FigureQuestion, known_to: int) -> FigureParts:
    """Return the parts of a figure in euro, counted from the events."""
    day, mine = asked.as_of, {"", *CUSTOMERS}
    if asked.customer_id is not None:
        mine = {asked.customer_id}
    for name in ("segment", "salesperson"):
        if (wanted := getattr(asked.parameters, name)) is not None:
            mine = {c for c in mine if portfolio(c, log, day, known_to)[name] == wanted}
    first, source = asked.parameters.first_day or day, MEASURES[asked.figure].source
    if source in OTHERS:
        return OTHERS[source](log, asked, known_to, mine)
    if source == "turnover":
        return FigureParts(cash_and_sales(log, first, day, known_to, mine))
    if source in ("cohort", "delays"):
        return debts(log, asked, known_to, mine)
    found = [e for (c, of), e in replay(log, day, known_to).items() if of == "EUR" and c in mine]
    amounts = {name: sum(e.bands[n] for e in found) for n, name in enumerate(BANDS)}
    for name in ("disputed", "conceded", "on_plan", "unapplied", "overdue"):
        amounts[name] = sum(getattr(e, name) for e in found)
    amounts["outstanding"] = sum(e.account for e in found)
    if source == "bands":
        return FigureParts(amounts)
    for name in ("promised", "placed", "insured"):
        amounts[name] = sum(getattr(e, name) for e in found)
    amounts["past_90"] = amounts["91-120"] + amounts["121+"]
    amounts["open"] = sum(amounts[name] for name in BANDS)
    amounts["closing"] = amounts["receivables"] = amounts["outstanding"]
    amounts["opening"] = balances(log, first - timedelta(days=1), known_to, mine)[0]
    amounts["sales"] = sold(log, first, day, known_to, mine)
    amounts["turnover"] = sold(log, day - timedelta(days=29), day, known_to, mine)
    names = NAMES.get(source, ())
    if source == "months":
        months = {day.replace(day=1) for day in sales_days(log, day, known_to, mine)}
        names = ("receivables", *(f"{month:%Y-%m}" for month in months))
        for month in months:
            last = min(day, (month + timedelta(days=31)).replace(day=1) - timedelta(days=1))
            amounts[f"{month:%Y-%m}"] = sold(log, month, last, known_to, mine)
    return FigureParts({name: amounts[name] for name in MEASURES[asked.figure].parts or names})


NAMES = {
    "old": ("past_90", "open"),
    "insured": ("insured", "open"),
    "collection": ("opening", "sales", "open", "not_due", "overdue", "unapplied", "closing", "turnover"),
}
"""Parts of the measures that have all of a source."""


def sales_days(log: list[StoredEvent], last: date, known_to: int, mine: set[str]) -> Iterator[date]:
    """Iterate over the days of invoices and credit notes in euro."""
    for event in log[:known_to]:
        data: Any = event.recorded().data
        is_sale = event.type in ("invoice.issued", "invoice.credited") and event.effective_on <= last
        if is_sale and data.currency == "EUR" and data.customer_id in mine:
            yield event.effective_on


def debts(log: list[StoredEvent], asked: FigureQuestion, known_to: int, mine: set[str]) -> FigureParts:
    """Return the parts of a recovery or of delays."""
    first, day = asked.parameters.first_day or asked.as_of, asked.as_of
    cohort, amounts, numbers = Counter[str](), Counter[str](), Counter[str]()
    for customer, due_on, owed, uncovered, settled_on, unpaid, issued_on in naive_delays.outcomes(
        log, day, known_to, "EUR"
    ):
        if customer not in mine:
            continue
        if issued_on.replace(day=1) == first.replace(day=1):
            cohort.update(billed=owed, recovered=owed - max(0, uncovered))
            if due_on + timedelta(days=90) <= day:
                cohort.update(old=owed, at_risk=unpaid)
        if settled_on is not None and first <= due_on <= day:
            delay = str((max(settled_on, issued_on) - due_on).days)
            amounts[delay] += owed
            numbers[delay] += 1
    if asked.figure == "payment-delay":
        return FigureParts(dict(amounts), dict(numbers))
    return FigureParts({name: cohort[name] for name in MEASURES[asked.figure].parts or ()})


def cash_and_sales(
    log: list[StoredEvent], first: date, last: date, known_to: int, mine: set[str]
) -> dict[str, int]:
    """The amounts of a turnover, those of payments by the customer to whom each event books them."""
    sums = Counter[str]()
    for event in log[:known_to]:
        data: Any = event.recorded().data
        if getattr(data, "currency", None) != "EUR" or not first <= event.effective_on <= last:
            continue
        own = (getattr(data, "customer_id", None) or "") in mine
        match event.type:
            case "invoice.issued":
                sums["billed"] += own * data.total_minor
            case "invoice.credited":
                sums["credited"] += own * data.total_minor
            case "payment.received":
                sums["collected"] += own * data.amount_minor
            case "payment.identified":
                sums["collected"] += (own - ("" in mine)) * data.amount_minor
            case "payment.reversed":
                sums["reversed"] += own * data.amount_minor
    eve = balances(log, first - timedelta(days=1), known_to, mine)[0]
    change = balances(log, last, known_to, mine)[0] - eve
    expected = change - sums["billed"] + sums["credited"] + sums["collected"] - sums["reversed"]
    return {name: sums[name] for name in ("billed", "credited", "collected", "reversed")} | {
        "other": expected
    }


SCOPES: list[dict[str, str]] = [
    {}, {"customer_id": CUSTOMERS[0]}, {"customer_id": CUSTOMERS[1]}, {"segment": "A"},
    {"segment": "B", "salesperson": "sales-1"}, {"salesperson": "sales-2"},
]  # fmt: skip


MOVING: dict[str, list[Any]] = {
    "named": [promise, place], "insured": [insure], "promises_due": [promise] * 2, "promises_broken": [promise] * 2,
    "plan": [set_plan], "reminders": [remind] * 3,
}  # fmt: skip
"""Acts that move the figures of a source beside those of money."""


@pytest.mark.parametrize("name", [each for each in MEASURES if each != "cash-forecast"])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_event_that_moved_a_published_figure_is_named_with_its_cents(
    store: Store, name: FigureName, seed: int
) -> None:
    """Published, then the past changes: the changes of the events are the difference, for each part."""
    chance = random.Random(f"{name} {seed}")
    more = MOVING.get(MEASURES[name].source, [])
    acts = [
        (
            chance.choice([*ACTS, pay, amend, lower, *more * 3]),
            chance.randrange(1000),
            chance.randrange(-40, 60),
            chance.randrange(1, 50) * 1000,
        )
        for _ in range(chance.randrange(25, 40))
    ]
    books = history(acts)
    log, ends = books.log, books.ends[-chance.randrange(8, 16) :]
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    as_of, scope = DAY_0 + timedelta(days=chance.randrange(40, 150)), chance.choice(SCOPES)
    scope = {} if name == "turnover-plan" else scope
    own = MEASURES[name].parameters
    asked = FigureQuestion(
        name,
        ENTITY,
        scope.get("customer_id"),
        "EUR",
        FigureParameters(
            as_of=as_of,
            first_day=as_of - timedelta(days=chance.randrange(40, 130)),
            days=30,
            segment=scope.get("segment"),
            salesperson=scope.get("salesperson"),
            product=chance.choice(["A", "B", None]) if "product" in own else None,
            step=chance.choice(["step-1", None]) if "step" in own else None,
            channel=chance.choice(["email", None]) if "channel" in own else None,
            turnover_plan_id=PLAN if "turnover_plan_id" in own else None,
        ),
        plan_versions=versions(log) if "turnover_plan_id" in own else (),
    )
    require_restated(store, asked, ends, [figure(log, asked, end) for end in ends])


def require_restated(store: Store, asked: FigureQuestion, ends: list[int], known: list[FigureParts]) -> None:
    """The events between two ends move the figure from what was known at the one to what was at the other."""
    found = store.run(restated(view(store, asked.as_of, ends[-1]), asked, ends[0], 0))
    assert (found.then.parts, found.now.parts) == (known[0], known[-1])
    for n, (start, end) in enumerate(pairwise(ends)):
        moved = FigureParts()
        for each in found.moved:
            if start < each.position <= end:
                moved = moved.plus(each.changes)
        assert moved == known[n + 1].less(known[n])
    assert (found.further, found.last_position) == (FigureParts(), None)


@pytest.mark.parametrize("name", naive_linked.LINKING)
@pytest.mark.parametrize("seed", SEEDS)
def test_what_moved_the_part_of_another_debtor_is_named_too(
    store: Store, name: FigureName, seed: int
) -> None:
    chance = random.Random(f"linked {name} {seed}")
    acts = [
        (
            chance.choice([*[issue, pay, credit, release, *naive_linked.LINKING[name]] * 2, merge]),
            chance.randrange(1000),
            chance.randrange(-40, 40),
            chance.randrange(1, 50) * 1000,
        )
        for _ in range(30)
    ]
    books = history([(issue, 0, -20, 40_000), (issue, 1, -20, 30_000), *acts])
    log, ends = books.log, books.ends[-chance.randrange(14, 20) :]
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    as_of = DAY_0 + timedelta(days=chance.randrange(10, 100))
    for customer in (None, CUSTOMERS[0]):
        asked = FigureQuestion(name, ENTITY, customer, "EUR", FigureParameters(as_of=as_of))
        require_restated(store, asked, ends, [naive_linked.counted(log, asked, end) for end in ends])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_forecast_is_restated_by_the_debtors_that_events_touched_and_the_rest(
    store: Store, seed: int
) -> None:
    """The cash expected of a debtor is the forecast of that customer alone; the rest is of those without an event."""
    chance = random.Random(seed)
    acts: list[Any] = [(chance.choice([issue, pay]), n, -n, 9000 + n) for n in range(40, 0, -1)]
    books = history([*acts, (issue, 0, 20, 70_000), (issue, 1, 20, 30_000)])
    published = len(books.log)
    more = [issue, pay, credit] if seed % 2 else [issue, pay, credit, promise]
    for n in range(6):
        chance.choice(more)(books, 2 * n, DAY_0 + timedelta(days=chance.randrange(30)), 4000 + n)
    log = books.log
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    as_of, customers = DAY_0 + timedelta(days=30), [None, *CUSTOMERS]
    whole, *each_own = (
        FigureQuestion("cash-forecast", ENTITY, c, "EUR", FigureParameters(as_of=as_of)) for c in customers
    )
    moment = view(store, as_of, len(log))
    found = store.run(restated_forecast(moment, whole, published, debtors(200)))

    def expected(asked: FigureQuestion, position: int) -> FigureParts:
        scope = Scope(ENTITY, asked.customer_id, "EUR")
        found = store.run(published_forecast(at(moment, asked, position), scope, asked))
        return expected_parts(found.made.cash)

    assert found.then.parts == expected(whole, published)
    assert found.now.parts == expected(whole, len(log))
    touching = {c: [e.position for e in log[published:] if touches(e, c, as_of)] for c in CUSTOMERS}
    assert touching[CUSTOMERS[0]]
    assert {each.debtor: list(each.positions) for each in found.debtors} == {
        c: at_ for c, at_ in touching.items() if at_ and c in {each.debtor for each in found.debtors}
    }
    own = {
        c: expected(q, len(log)).less(expected(q, published))
        for c, q in zip(CUSTOMERS, each_own, strict=True)
    }
    changed = {each.debtor: each.changes.amounts for each in found.debtors}
    for customer, at_positions in touching.items():
        wanted = own[customer].amounts.get("expected", 0) if at_positions else 0
        assert changed.get(customer, {}).get("expected", 0) == wanted
    summed = found.common
    for each in found.debtors:
        summed = summed.plus(each.changes)
    assert summed == found.now.parts.less(found.then.parts)
    rest = found.common.amounts.get("expected", 0)
    untouched = sum(own[c].amounts.get("expected", 0) for c, positions in touching.items() if not positions)
    assert abs(rest - untouched) <= len(CUSTOMERS)


def test_the_debtors_of_a_restated_forecast_are_paged(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    acts: list[Any] = [(issue if n % 4 < 2 else pay, n, -n, 9000 + n) for n in range(16, 0, -1)]
    books = history([*acts, (issue, 0, 1, 70_000), (issue, 1, 1, 30_000)])
    published, as_of = len(books.log), DAY_0 + timedelta(days=9)
    for n, day in ((0, 2), (0, 3), (1, 4)):
        issue(books, n, DAY_0 + timedelta(days=day), 20_000)
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    asked = FigureQuestion("cash-forecast", ENTITY, None, "EUR", FigureParameters(as_of=as_of))
    moment = view(store, as_of, len(books.log))
    found = store.run(restated_forecast(moment, asked, published, debtors(2)))
    monkeypatch.setattr(restatement, "MOST_EVENTS", 1)
    first = store.run(restated_forecast(moment, asked, published, debtors(1)))
    second = store.run(restated_forecast(moment, asked, published, debtors(1, first.next_cursor)))
    assert [each.debtor for each in found.debtors] == [
        each.debtor for each in (*first.debtors, *second.debtors)
    ]
    assert {each.debtor for each in found.debtors} == set(CUSTOMERS[:2])
    assert [[len(each.positions) for each in of.debtors] for of in (found, first, second)] == [
        [2, 1],
        [1],
        [1],
    ]
    assert first.other_debtors == second.debtors[0].changes
    assert (
        (found.next_cursor, found.other_debtors)
        == (second.next_cursor, second.other_debtors)
        == (
            None,
            FigureParts(),
        )
    )
    assert found.common == first.common == second.common


def test_the_events_behind_the_last_one_shown_are_summed_and_come_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = history([(issue, 0, 0, 5000)])
    published = len(books.log)
    for minor in (100, 20, 3):
        issue(books, 0, DAY_0, minor)
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    asked = FigureQuestion("aged-balance", ENTITY, None, "EUR", FigureParameters(as_of=DAY_0))
    monkeypatch.setattr(restatement, "MOST_EVENTS", 2)
    found = []
    for after in (0, published + 1, published + 2):
        each = store.run(restated(view(store, DAY_0, len(books.log)), asked, published, after))
        moved = [(event.position - published, event.changes.amounts["outstanding"]) for event in each.moved]
        found.append((moved, each.further.amounts.get("outstanding", 0), each.last_position))
    assert found == [
        ([(1, 100), (2, 20)], 3, published + 2),
        ([(2, 20), (3, 3)], 0, None),
        ([(3, 3)], 0, None),
    ]


def debtors(limit: int, cursor: str | None = None) -> Page:
    """A page of the debtors of a forecast."""
    last = None if cursor is None else read_cursor(cursor, "test", len(BY_CHANGE))
    return Page(limit, BY_CHANGE, descending=False, nullable=False, last=last, check="test")


def touches(event: StoredEvent, customer: str, as_of: date) -> bool:
    """Return true for an event that may change what is expected of a customer."""
    data: Any = event.recorded().data
    counts = event.effective_on <= as_of and getattr(data, "currency", None) == "EUR"
    named = event.type.startswith(("invoice.", "promise.", "payment.received"))
    return named and counts and getattr(data, "customer_id", None) == customer


def test_a_merge_moves_the_figures_of_both_segments(store: Store) -> None:
    books = history([(issue, 0, 0, 5000), (issue, 1, 0, 3000), (amend, 1, 0, 0)])
    published = len(books.log)
    merged = sample(CustomerMerged, customer_id=CUSTOMERS[0], into_id=CUSTOMERS[1])
    books.record(CUSTOMERS[0], merged, DAY_0 + timedelta(days=1))
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    for segment, before, after in (("A", 5000, 0), ("B", 3000, 8000)):
        asked = FigureQuestion(
            "aged-balance",
            ENTITY,
            None,
            "EUR",
            FigureParameters(as_of=DAY_0 + timedelta(days=10), segment=segment),
        )
        found = store.run(restated(view(store, asked.as_of, len(books.log)), asked, published, 0))
        assert [each.parts.amounts["outstanding"] for each in (found.then, found.now)] == [before, after]
        assert [(each.position, each.changes.amounts["outstanding"]) for each in found.moved] == [
            (len(books.log), after - before)
        ]


def test_a_merge_moves_the_days_on_which_debts_were_covered(store: Store) -> None:
    """The money of one record covers what the other one owes, once they are one debtor."""
    books = history([(issue, 0, 0, 5000), (pay, 1, 3, 9000)])
    published = len(books.log)
    merged = sample(CustomerMerged, customer_id=CUSTOMERS[1], into_id=CUSTOMERS[0])
    books.record(CUSTOMERS[1], merged, DAY_0 + timedelta(days=4))
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    asked = FigureQuestion(
        "recovered-rate",
        ENTITY,
        None,
        "EUR",
        FigureParameters(as_of=DAY_0 + timedelta(days=10), first_day=DAY_0.replace(day=1)),
    )
    found = store.run(restated(view(store, asked.as_of, len(books.log)), asked, published, 0))
    assert [each.parts.amounts["recovered"] for each in (found.then, found.now)] == [0, 5000]
    assert [(each.position, each.changes.amounts) for each in found.moved] == [
        (len(books.log), {"recovered": 5000})
    ]
