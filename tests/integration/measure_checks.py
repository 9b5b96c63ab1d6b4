"""Turnover, days sales outstanding and months of delays, of all and of each group, beside a naive count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from encours.contracts.events.figure import TurnoverPlanSet, TurnoverTarget
from encours.kernel.bands import STANDARD
from encours.ledger.stored import StoredEvent
from encours.reading.moment import View
from reporting_svc.domain.measures.collection import Receivable
from reporting_svc.domain.measures.dso import Dso
from reporting_svc.read_models.aged_balance.penalties import open_penalties
from reporting_svc.read_models.aged_balance.query import Figures, aged
from reporting_svc.read_models.collection.query import collection
from reporting_svc.read_models.dashboard.query import month_to_date
from reporting_svc.read_models.delays.figures import delay_figures
from reporting_svc.read_models.delays.query import covered_debts
from reporting_svc.read_models.dso.query import (
    DsoGrouping,
    billed_months,
    days_sales_outstanding,
    grouped_days,
)
from reporting_svc.read_models.receivables.groups import GroupBy, with_collectors
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.turnover.plans import compared
from reporting_svc.read_models.turnover.products import by_product
from reporting_svc.read_models.turnover.query import Turnover, TurnoverGroup, by_group, by_period, opening
from tests.integration import naive_money
from tests.integration.product_parts import sold_and_paid
from tests.integration.random_questions import Question, group_of
from tests.integration.receivable_histories import CUSTOMERS
from tests.integration.store import Store

if TYPE_CHECKING:
    pass

COLUMNS = ("billed", "credited", "net", "gross", "collected", "reversed", "billed_net")
TURNOVER_GROUPS: tuple[TurnoverGroup, ...] = ("entity", "customer", "segment", "salesperson", "collector")
DSO_GROUPS: tuple[GroupBy, ...] = ("entity", "segment", "salesperson", "collector")


def check_turnover(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    view, first = asked.view(store, len(log)), asked.as_of - timedelta(days=45)
    before = sum(e.account for e in asked.expected(log, first - timedelta(days=1)).values())
    assert store.run(opening(view, asked.scope, first)) == before
    periods = store.run(by_period(view, asked.scope, "week", first))
    after = sum(e.account for e in asked.expected(log, asked.as_of).values())
    assert before + sum(period.change for period in periods) == after
    sold = list(naive_money.turnover(log[: asked.known(log)], first, asked.as_of, asked.scope.currency))
    sold = [(c, week_of(day), amounts) for c, day, amounts in sold if c in asked.customers]
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


def week_of(day: date) -> date:
    """Return the Monday of a day."""
    return day - timedelta(days=day.weekday())


def check_plans(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """Both months of a plan by salesperson, whether planned or not, have what each event brought to its salesperson."""
    view, this = asked.view(store, len(log)), asked.as_of.replace(day=1)
    first = (this - timedelta(days=40)).replace(day=1)
    targets = (
        TurnoverTarget(month=first, group="sales-1", billed_minor=7),
        TurnoverTarget(month=this, group="sales-3", collected_minor=5),
    )
    plan = TurnoverPlanSet(
        turnover_plan_id="tpn", plan_version=1, code="p", title="p", currency="EUR", by="salesperson", targets=targets
    )  # fmt: skip
    found = store.run(compared(view, asked.scope, plan))
    assert all(own.minor == own.expected_minor for own in found.sums)
    expected = {(each.month, each.group): (0, 0) for each in targets}
    known = log[: asked.known(log)]
    for customer, day, amounts in naive_money.turnover(known, first, asked.as_of, asked.scope.currency):
        key = day.replace(day=1), group_of("salesperson", customer, asked, log)
        if customer in asked.customers and key[0] in (first, this):
            net, cash = expected.get(key, (0, 0))
            added = amounts["collected"] - amounts["reversed"]
            expected[key] = net + amounts["net"], cash + added
    planned = {(first, "sales-1"): (7, None), (this, "sales-3"): (None, 5)}
    shown = {(row.month, row.group): (row.billed, row.collected) for row in found.months}
    assert shown == {key: each for key, each in expected.items() if any(each) or key in planned}
    for row in found.months:
        wanted = planned.get((row.month, row.group or ""), (None, None))
        assert (row.billed_planned, row.collected_planned) == wanted
    assert found.balance_minor == sum(e.account for e in asked.expected(log, asked.as_of).values())


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
    products = store.run(by_product(view, asked.scope, "week", first, periods))
    assert all(own.minor == own.expected_minor for own in products.sums)
    found = products.rows
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


async def outstanding_days(view: View, scope: Scope) -> tuple[Dso, int]:
    """Return the days sales outstanding, and what is not due of the same balance."""
    total = (await aged(view, scope)).one_currency() or Figures.none(scope.currency or "", STANDARD)
    penalties = await open_penalties(view, scope, None)
    since = view.time.as_of - timedelta(days=29)
    billed = await billed_months(view, scope, 90, since=since)
    assert billed.balance_minor == total.outstanding
    assert billed.before_minor == await opening(view, scope, since)
    dso = days_sales_outstanding(total, penalties, billed, view.time.as_of, 90)
    return dso, total.bands[0] - penalties.not_due_minor


def check_month(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """The sums by day give the collection that the movements and the open items give."""
    view, scope = asked.view(store, len(log)), asked.scope
    dso, not_due = store.run(outstanding_days(view, scope))
    found = store.run(month_to_date(view, scope, dso, not_due))
    month = store.run(collection(view, scope, asked.as_of, None, 90))[-1]
    assert (found, dso.simple) == (month.effectiveness, month.dso)


def check_collection(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """What stood at the end of each of four months, of all and of each group, is what the aged balance of that day has,
    and the groups are the whole."""
    view, first = asked.view(store, len(log)), asked.as_of - timedelta(days=100)
    by = DSO_GROUPS[asked.as_of.toordinal() % len(DSO_GROUPS)]
    scope = replace(store.run(with_collectors(view, asked.scope, by)), portfolio_on=asked.as_of)
    whole = store.run(collection(view, asked.scope, first, None, 90))
    grouped = store.run(collection(view, scope, first, by, 90))
    for month in whole:
        own = [each for each in grouped if each.last == month.last]
        assert sum(each.sales_minor for each in own) == month.sales_minor
        check_standing(store, view, replace(asked.scope, portfolio_on=asked.as_of), month.last, month.closing)
        for name in ("open_minor", "not_due_minor", "overdue_minor", "unapplied_minor"):
            for end in ("opening", "closing"):
                found = sum(getattr(getattr(each, end), name) for each in own)
                assert found == getattr(getattr(month, end), name), (name, end, by)
        for each in own:
            if by != "entity" and each.group is not None and getattr(scope, by) is None:
                alone: dict[str, Any] = {by: each.group}
                check_standing(store, view, replace(scope, **alone), month.last, each.closing)


def check_standing(store: Store, view: View, scope: Scope, day: date, found: Receivable) -> None:
    """Penalty documents are left out of the aged balance."""
    then = replace(view, time=replace(view.time, as_of=day))
    total = store.run(aged(then, scope)).one_currency() or Figures.none("EUR", STANDARD)
    penalties = store.run(open_penalties(then, scope, None))
    assert found.open_minor == sum(total.bands) - penalties.open_minor
    assert found.not_due_minor == total.bands[0] - penalties.not_due_minor
    assert found.unapplied_minor == total.unapplied
    if not penalties.open_minor:
        assert found.overdue_minor == total.overdue


def check_countback(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """Sales of calendar months, counted one by one, are taken off the balance from the last month back."""
    found, _ = store.run(outstanding_days(asked.view(store, len(log)), asked.scope))
    assert counted_back(found) == naive_countback(asked, found.receivables_minor, log)


def counted_back(dso: Dso) -> tuple[Fraction, bool]:
    """Return the days and true if they are a lower bound."""
    return dso.countback.days, dso.countback.exhausted


def naive_countback(asked: Question, receivables: int, log: list[StoredEvent]) -> tuple[Fraction, bool]:
    """Return the same of the customers of a question."""
    sales: dict[date, int] = {}
    for day, minor in asked.sold(log):
        month = day.replace(day=1)
        sales[month] = sales.get(month, 0) + minor
    left, days, last = receivables, Fraction(0), asked.as_of
    while left > 0 and sales and last >= min(sales):
        sold_minor = sales.get(last.replace(day=1), 0)
        share = min(Fraction(1), Fraction(left, sold_minor)) if sold_minor > 0 else Fraction(1)
        days += share * last.day
        left -= min(left, sold_minor)
        last = last.replace(day=1) - timedelta(days=1)
    return days, left > 0


def check_dso_groups(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """Each group is measured as the answer about its customers alone, its sales are counted one by one, and all groups
    are the whole."""
    view, since = asked.view(store, len(log)), asked.as_of - timedelta(days=90)
    by = DSO_GROUPS[asked.as_of.toordinal() % len(DSO_GROUPS)]
    groups = {each: group_of(by, each, asked, log) for each in asked.customers}
    whole, _ = store.run(outstanding_days(view, asked.scope))
    scope = store.run(with_collectors(view, asked.scope, by))
    grouped = store.run(grouped_days(view, scope, by, 90))
    found = {group: dso for (_, group), dso in grouped.measured.items()}
    assert grouped.balance_minor == sum(e.account for e in asked.expected(log, asked.as_of).values())
    for name in ("receivables_minor", "turnover_minor"):
        assert sum(getattr(each, name) for each in found.values()) == getattr(whole, name), by
    for group, dso in found.items():
        own = replace(asked, customers=frozenset(each for each, of in groups.items() if of == group))
        assert dso.turnover_minor == sum(minor for day, minor in own.sold(log) if day > since)
        assert counted_back(dso) == naive_countback(own, dso.receivables_minor, log)
        if by != "entity" and group is not None and getattr(scope, by) is None:
            alone: dict[str, Any] = {by: group}
            assert store.run(outstanding_days(view, replace(scope, **alone)))[0] == dso
    months = store.run(grouped_days(view, asked.scope, "month", 90)).measured
    both = store.run(grouped_days(view, scope, cast("DsoGrouping", f"month,{by}"), 90)).measured
    now = {group: dso for (month, group), dso in both.items() if month == f"{asked.as_of:%Y-%m}"}
    assert {group: now.pop(group) for group in found} == found
    assert not any(dso.receivables_minor or dso.turnover_minor for dso in now.values())  # of earlier months
    assert len(months) == 12
    for (month, _), dso in list(months.items())[-1::-5]:
        own_month = [own for (of, _), own in both.items() if of == month]
        assert sum(own.receivables_minor for own in own_month) == dso.receivables_minor
        assert sum(own.turnover_minor for own in own_month) == dso.turnover_minor
        end = min(asked.as_of, month_end(date.fromisoformat(f"{month}-01")))
        then = replace(view, time=replace(view.time, as_of=end))
        assert store.run(outstanding_days(then, replace(asked.scope, portfolio_on=asked.as_of)))[0] == dso


def month_end(first: date) -> date:
    """Return the last day of a month."""
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def check_delay_groups(store: Store, asked: Question, log: list[StoredEvent]) -> None:
    """Months of issue and calendar months of each group, added up debt by debt."""
    view, first = asked.view(store, len(log)), asked.as_of - timedelta(days=200)
    by = DSO_GROUPS[asked.as_of.toordinal() % len(DSO_GROUPS)]
    scope = store.run(with_collectors(view, asked.scope, by))
    outcomes = store.run(covered_debts(view, scope)).outcomes
    groups = {each: group_of(by, each, asked, log) for each in CUSTOMERS}
    billed, delays = Counter[Any](), dict[Any, list[int]]()
    for each in outcomes:
        key, issued = groups[each.customer_id], each.issued_on.replace(day=1)
        if issued >= first.replace(day=1):
            billed[key, issued, "billed"] += each.owed_minor
            billed[key, issued, "recovered"] += each.owed_minor - each.uncovered_minor
        if each.settled_on is not None and first <= each.due_on <= asked.as_of:
            delays.setdefault((key, each.due_on.month), []).append(each.delay_days)
    found = store.run(delay_figures(view, scope, first, by)).group_months()
    assert Counter({
        (group, cohort.month, name): getattr(cohort, f"{name}_minor")
        for group, months in found.items() for cohort in months.cohorts for name in ("billed", "recovered")
    }) == billed  # fmt: skip
    assert {
        (group, season): own.mean
        for group, months in found.items()
        for season, own in months.seasons.items()
        if own.mean is not None
    } == {key: Fraction(sum(days), len(days)) for key, days in delays.items()}
