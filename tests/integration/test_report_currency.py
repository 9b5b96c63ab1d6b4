"""Receivables of two currencies in one, as of any date and known at any moment, are those of a naive conversion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encours.contracts.books import movements
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.rate import ExchangeRatePublished
from encours.kernel.bands import STANDARD
from encours.kernel.money import div_half_up
from encours.ledger.stored import StoredEvent
from encours.reading.moment import TimeTravel, View
from encours.reading.pages import Page
from encours.testing.servers import Installation
from reporting_svc.domain.measures.dso import Dso
from reporting_svc.read_models.aged_balance.penalties import open_penalties
from reporting_svc.read_models.aged_balance.query import aged, aged_groups
from reporting_svc.read_models.dashboard.query import month_to_date
from reporting_svc.read_models.dso.query import billed_months, days_sales_outstanding, grouped_days
from reporting_svc.read_models.overdue.query import DayRange, listed_sum
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.conversion import (
    ReportConversion,
    ReportRateMissing,
    conversion_to,
    unrealised,
)
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.tie_out.query import require_aged_tied
from tests.integration.receivable_histories import (
    DAY_0,
    ENTITY,
    Books,
    contest,
    history,
    issue,
    replay,
    settle_dispute,
    steps,
)
from tests.integration.store import Store, project

EVERY_ROW = Page(limit=500, columns=("row_key",), descending=False, nullable=False, last=None, check="")
RATES = {-400: Fraction("0.85"), 20: Fraction(1) / Fraction("1.08"), 60: Fraction("0.9537")}
"""EUR for one USD, by day."""
BEFORE = Fraction("0.8")
"""The last of them, until it was corrected."""
ACCEPTED = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def store(module_installation: Installation) -> Iterator[Store]:
    opened = Store(module_installation.store_url("reporting"))
    yield opened
    opened.close()


def rated(books: Books) -> int:
    """Publish the rates, and correct the last; the position before the correction."""

    def publish(base: str, quote: str, days: int, rate: str) -> None:
        on = DAY_0 + timedelta(days)
        stream = f"fxr_{base == 'USD':032x}"
        event = ExchangeRatePublished(
            rate_id=stream, entity_id=ENTITY, base=base, quote=quote, on=on, rate=rate, source="ECB"
        )
        books.record(stream, event, on)

    publish("USD", "EUR", -400, "0.85")
    publish("EUR", "USD", 20, "1.08")
    publish("USD", "EUR", 60, "0.8")
    known = len(books.log)
    publish("USD", "EUR", 60, "0.9537")
    return known


def in_euros(minor: int, currency: str, day: date, known: dict[int, Fraction]) -> int:
    if currency == "EUR":
        return minor
    exact = minor * known[max(n for n in known if DAY_0 + timedelta(n) <= day)]
    return div_half_up(exact.numerator, exact.denominator)


def opened(log: list[StoredEvent], as_of: date, known_to: int) -> Iterator[tuple[str, date, int]]:
    """Currency, day of issue and open amount of each invoice."""
    open_minor, issued = Counter[str](), dict[str, tuple[str, date]]()
    for event in log[:known_to]:
        data = event.recorded().data
        if isinstance(data, InvoiceIssued):
            issued[data.invoice_id] = (data.currency, data.issued_on)
        for moved in movements(event.recorded()) if event.effective_on <= as_of else ():
            open_minor[moved.invoice_id or ""] += moved.item_minor
    for invoice, (currency, day) in issued.items():
        yield currency, day, open_minor[invoice]


def month(log: list[StoredEvent], as_of: date, rates: dict[int, Fraction]) -> tuple[int, int]:
    """Outstanding amount at the beginning of the month, and the amount billed in it, both at the rates of the day."""
    before, sales = Counter[str](), 0
    for moved in (each for event in log for each in movements(event.recorded())):
        if moved.effective_on < as_of.replace(day=1):
            before[moved.currency] += moved.account_minor
        elif moved.effective_on <= as_of and moved.kind in ("issued", "credited"):
            sales += in_euros(moved.account_minor, moved.currency, as_of, rates)
    return sum(in_euros(minor, currency, as_of, rates) for currency, minor in before.items()), sales


def view(store: Store, as_of: date, known_to: int | None) -> View:
    time = TimeTravel(as_of, known_to or 10**9, None if known_to is None else "then", known_to is None)
    return View(store.conn, "live", time, granted=None)


@ACCEPTED
@given(acts=steps, days=st.integers(-60, 200), corrected=st.booleans())
def test_sums_rows_and_unrealised_difference_are_those_of_a_naive_conversion(
    store: Store, acts: list[tuple[Any, int, int, int]], days: int, corrected: bool
) -> None:
    dollars = [(issue, n, 7 * n - 90, 1_000 * n + 7) for n in (6, 13, 20, 34)]
    conceded = [(contest, 0, -30, 1_003), (settle_dispute, 0, -20, 1_003)]
    books = history([*dollars, *conceded, *acts])
    known_to = rated(books)
    log, as_of = books.log, DAY_0 + timedelta(days)
    rates = RATES if corrected else RATES | {60: BEFORE}
    upto = len(log) if corrected else known_to
    store.run(project(store.conn, "live", log, 1000, Receivables()))
    moment, scope = view(store, as_of, None if corrected else known_to), Scope()
    conversion = store.run(conversion_to(moment, scope, "EUR"))
    found = store.run(aged(moment, scope, page=EVERY_ROW, conversion=conversion))
    expected: dict[str, list[int]] = {}
    for (customer, currency), own in replay(log, as_of, upto).items():
        amounts = [in_euros(minor, currency, as_of, rates) for minor in (*own.bands, own.unapplied)]
        sums = expected.setdefault(customer, [0] * 7)
        expected[customer] = [a + b for a, b in zip(sums, amounts, strict=True)]
    rows = {f.customer_id: [*f.bands, f.unapplied] for f in map(found.figures, found.rows)}
    assert rows == expected
    assert all(figures.tied for figures in (*found.sums, *map(found.figures, found.rows)))
    assert [figures.currency for figures in found.sums] == (["EUR"] if expected else [])
    if total := found.one_currency():
        assert [*total.bands, total.unapplied] == [sum(column) for column in zip(*rows.values(), strict=True)]
        assert store.run(require_aged_tied(moment, scope, found, STANDARD, "EUR"))[0].figures == total
        for place, minor in ((None, sum(total.bands)), (0, total.bands[0]), (2, total.bands[2])):
            within = DayRange.of_band(STANDARD, place, as_of)
            assert store.run(listed_sum(moment, scope, within, STANDARD, conversion=conversion)) == minor
        penalties = store.run(open_penalties(moment, scope, conversion))
        billed = store.run(billed_months(moment, scope, 90, conversion))
        dso = days_sales_outstanding(total, penalties, billed, moment.time.as_of, 90)
        check_groups(store, moment, dso, total.outstanding, conversion)
        cei = store.run(month_to_date(moment, scope, dso, total.bands[0], conversion))
        opening, sales = month(log[:upto], as_of, rates)
        due = opening + sales - min(total.bands[0], total.outstanding)
        assert cei == (Fraction(100 * (opening + sales - total.outstanding), due) if due > 0 else None)
    groups = store.run(aged_groups(moment, scope, "salesperson", conversion=conversion))
    assert sum(each.converted_minor or 0 for each in groups) == sum(
        sum(row[:6]) - row[6] for row in rows.values()
    )
    shown = [found.figures(row) for row in found.rows]
    assert sum(each.converted_overdue_minor or 0 for each in groups) == sum(each.overdue for each in shown)
    assert sum(each.converted_not_due_minor or 0 for each in groups) == sum(each.bands[0] for each in shown)
    by_day: dict[date, int] = {}
    for currency, day, minor in opened(log, as_of, upto):
        if currency == "USD":
            by_day[day] = by_day.get(day, 0) + minor
    difference = sum(
        in_euros(minor, "USD", as_of, rates) - in_euros(minor, "USD", min(day, as_of), rates)
        for day, minor in by_day.items()
    )
    assert store.run(unrealised(moment, scope, conversion)).difference_minor == difference


def check_groups(
    store: Store, moment: View, whole: Dso, outstanding: int, conversion: ReportConversion
) -> None:
    """The only entity is the whole, and groups and months add up to it, all in the currency of the report."""
    one = store.run(grouped_days(moment, Scope(), "entity", 90, conversion))
    assert (dict(one.measured), one.balance_minor) == ({(None, ENTITY): whole}, outstanding)
    both = store.run(grouped_days(moment, Scope(), "month,salesperson", 90, conversion))
    last = [own for (month, _), own in both.measured.items() if month == f"{moment.time.as_of:%Y-%m}"]
    assert sum(own.receivables_minor for own in last) == whole.receivables_minor
    assert sum(own.turnover_minor for own in last) == whole.turnover_minor
    assert both.balance_minor == outstanding


@pytest.mark.parametrize("other", [13, 34])
def test_each_band_of_each_debtor_is_rounded_once(store: Store, other: int) -> None:
    """Of two debtors, and of one in two bands, 7 cents each are 6.48 in euro."""
    books = history([(issue, 6, 0, 7), (issue, other, 0, 7)])
    rated(books)
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    moment, scope = view(store, DAY_0 + timedelta(45), None), Scope()
    conversion = store.run(conversion_to(moment, scope, "EUR"))
    (total,) = store.run(aged(moment, scope, conversion=conversion)).sums
    listed = store.run(listed_sum(moment, scope, DayRange(), STANDARD, conversion=conversion))
    assert (listed, sum(total.bands)) == (12, 12)


def test_a_currency_without_a_rate_is_refused_by_name(store: Store) -> None:
    books = history([(issue, 6, 0, 5_000), (issue, 1, 0, 3_000)])
    store.run(project(store.conn, "live", books.log, 1000, Receivables()))
    moment, scope = view(store, books.today, None), Scope()
    conversion = store.run(conversion_to(moment, scope, "EUR"))
    with pytest.raises(ReportRateMissing) as refused:
        store.run(aged(moment, scope, conversion=conversion))
    assert f"USD/EUR of {ENTITY}" in refused.value.detail
