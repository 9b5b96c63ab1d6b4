"""Cash forecast: curves by a naive count, sums that add up, promises and plans, and no look at the future."""

from __future__ import annotations

import dataclasses
import os
import random
from datetime import date, timedelta
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reporting_svc.domain.columns import ints
from reporting_svc.domain.forecast import accuracy
from reporting_svc.domain.forecast.accuracy import PastForecasts
from reporting_svc.domain.forecast.cash import (
    Z_50,
    Z_80,
    CashForecast,
    OpenDebt,
    OpenDebts,
    PeriodCash,
    ends_of,
    last_business_day,
)
from reporting_svc.domain.forecast.cash import forecast as forecast_of
from reporting_svc.domain.forecast.curves import WEIGHTS, CurveWeights, PaymentCurves
from reporting_svc.domain.forecast.debts import PaidDebt, PaidDebts
from reporting_svc.domain.forecast.owed import Expectable, ExpectedPart, Outlook, PaymentPromise, expectable
from reporting_svc.jobs.forecast_store import AskedForecast
from reporting_svc.read_models.receivables.scope import Scope

ON = date(2026, 6, 30)
TODAY = ON.toordinal()
UNSHRUNK = CurveWeights(debtor_prior=0.0, half_life_days=1e12)
EXAMPLES = 200 if "DEEP" in os.environ else 25


def forecast(debts: list[OpenDebt], curves: PaymentCurves, on: int, *asked: Any) -> CashForecast:
    return forecast_of(OpenDebts.of(debts, curves.history, on), curves, on, *asked)


def unpaid(
    debts: list[PaidDebt], debtor: str, *days: int, on: int = TODAY, weights: CurveWeights = WEIGHTS
) -> list[float]:
    """Share of a debt of a debtor in segment x that is unpaid on days from its due date."""
    history = PaidDebts.of(debts)
    segment = history.segments.index("x") if "x" in history.segments else -1
    rows = PaymentCurves(history, on, weights).rows(ints([history.places.get(debtor, -1)]), ints([segment]))
    found: list[float] = rows.unpaid_after(ints([0] * len(days)), ints(days)).tolist()
    return found


def debts_of(dice: random.Random, count: int = 60) -> list[PaidDebt]:
    """Invoices of three debtors in a year, paid whole, in two parts, or not."""
    found = []
    for _ in range(count):
        issued = TODAY - dice.randrange(1, 365)
        due, minor = issued + dice.choice((14, 30, 45)), dice.randrange(100, 100_000)
        first = max(issued, due + dice.randrange(-20, 60))
        funds = dice.choice(((), ((first, minor),), ((first, minor // 3), (first + 9, minor - minor // 3))))
        found.append(PaidDebt(dice.choice("abc"), dice.choice("xy"), issued, due, minor, funds))
    return found


def naive_unpaid(debts: list[PaidDebt], day: int) -> float | None:
    """Product of the shares that stayed unpaid on each day, counted debt by debt; None if a day has no debt."""
    unpaid = 1.0
    for late in range(-90, day + 1):
        at_risk = paid = 0.0
        for debt in debts:
            when = debt.due + late
            if debt.issued <= when <= TODAY:
                before = debt.left(when - 1) if when > debt.issued else debt.owed_minor
                at_risk += before / debt.owed_minor
                paid += (before - debt.left(when)) / debt.owed_minor
        if at_risk:
            unpaid *= 1 - paid / at_risk
        elif late > -45:
            return None
    return unpaid


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 10**6), day=st.integers(-30, 70))
def test_a_curve_without_a_prior_is_the_share_unpaid_of_a_naive_count(seed: int, day: int) -> None:
    debts = [debt for debt in debts_of(random.Random(seed)) if debt.debtor == "a"]
    expected = naive_unpaid(debts, day)
    if expected is not None:
        assert unpaid(debts, "a", day, weights=UNSHRUNK) == pytest.approx([expected], abs=1e-9)


def test_few_debts_follow_the_segment_and_many_their_debtor() -> None:
    fast = [
        PaidDebt("fast", "x", day := TODAY - n, day + 30, 100, ((day + 30, 100),)) for n in range(60, 160)
    ]
    slow = [
        PaidDebt("slow", "x", day := TODAY - n, day + 30, 100, ((day + 80, 100),)) for n in range(90, 190)
    ]
    once = PaidDebt("once", "x", TODAY - 100, TODAY - 70, 100, ((TODAY - 20, 100),))
    debts = [*fast, *slow, once]
    at_due = {debtor: unpaid(debts, debtor, 0)[0] for debtor in ("fast", "slow", "once", "new")}
    assert at_due["fast"] < 0.2 < at_due["new"] < at_due["once"] < 0.7 < at_due["slow"]


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 10**6), by=st.sampled_from(["day", "week", "month"]), days=st.integers(1, 90))
def test_what_is_expected_of_each_debt_adds_up_and_is_never_more_than_owed(
    seed: int, by: str, days: int
) -> None:
    dice = random.Random(seed)
    history = debts_of(dice)
    debts = [OpenDebt(each.debtor, each.segment, each.due, each.owed_minor) for each in history[:20]]
    debts += [replace(each, promised=TODAY + dice.randrange(1, 99), kept=0.7) for each in debts[:5]]
    ends = [end.toordinal() for end in ends_of(ON, ON + timedelta(days=days), by)]  # type: ignore[arg-type]
    assert ends[-1] == TODAY + days
    curves = PaymentCurves(PaidDebts.of(history), TODAY)
    whole = forecast(debts, curves, TODAY, ends, 1.2, last_business_day)
    alone = [forecast([debt], curves, TODAY, ends, 1.2, last_business_day) for debt in debts]
    assert whole.expected == pytest.approx(sum(each.expected for each in alone))
    assert all(-1e-9 <= each.expected <= each.open_minor + 1e-9 for each in alone)
    due = sum(period.due_minor for period in whole.periods)
    assert due + whole.later_due_minor == whole.open_minor == sum(debt.minor for debt in debts)
    for period in whole.periods:
        low, high = period.range(Z_80, 1.2, whole.open_minor)
        inner_low, inner_high = period.range(Z_50, 1.2, whole.open_minor)
        assert 0 <= low <= inner_low <= inner_high <= high <= whole.open_minor + 1e-6


@pytest.mark.parametrize("shape", [0.05, 0.3, 0.9, 1.0, 4.0])
def test_cash_by_gamma_ranges_has_the_share_that_they_name(shape: float) -> None:
    dice = random.Random(1)
    period = PeriodCash(TODAY, TODAY + 7, expected=1000.0, variance=1000.0**2 / shape)
    drawn = [dice.gammavariate(shape, 1000.0 / shape) for _ in range(4_000)]
    for z, share in ((Z_50, 0.5), (Z_80, 0.8)):
        low, high = period.range(z, 1.0, 10**9)
        assert sum(low <= each <= high for each in drawn) / 4_000 == pytest.approx(share, abs=0.03)


def test_of_a_debt_that_hardly_comes_the_ranges_are_nothing() -> None:
    period = PeriodCash(TODAY, TODAY + 7, expected=186.0, variance=186.0 * 20_400)
    assert [round(end) for z in (Z_50, Z_80) for end in period.range(z, 1.0, 20_400)] == [0, 0, 0, 0]


def test_nothing_is_expected_on_a_weekend_where_payments_come_on_business_days() -> None:
    history = [
        PaidDebt("a", "x", TODAY - n, TODAY - n + 30, 100, ((TODAY - n + 31, 100),)) for n in range(40, 200)
    ]
    friday = date(2026, 7, 3)
    ends = [end.toordinal() for end in ends_of(friday, friday + timedelta(days=4), "day")]
    debts = [OpenDebt("a", "x", friday.toordinal(), 10_000)]
    found = forecast(
        debts, PaymentCurves(PaidDebts.of(history), TODAY), friday.toordinal(), ends, 1.0, last_business_day
    )
    assert [period.expected > 0 for period in found.periods] == [False, False, True, True]


def test_a_promised_amount_comes_on_its_day_as_often_as_its_debtor_keeps_promises() -> None:
    ended = [PaymentPromise("a", ("i0",), 1, ON, "kept")] * 8
    promise = PaymentPromise("a", ("i1",), 600, ON + timedelta(days=10), "made")
    found = expectable([ExpectedPart("a", "i1", ON, 1000)], {}, Outlook(promises=[*ended, promise]), ON)
    plain, promised = found.debts
    assert (plain.minor, promised.minor, promised.promised) == (400, 600, TODAY + 10)
    assert promised.kept == pytest.approx((8 + 4 * 10 / 12) / 12)
    ends = [TODAY + 9, TODAY + 10, TODAY + 11]
    periods = forecast([promised], PaymentCurves(PaidDebts.of([]), TODAY), TODAY, ends).periods
    assert periods[0].expected == 0
    assert periods[1].expected == periods[1].promised == pytest.approx(600 * promised.kept)
    assert 0 < periods[2].expected < 600 * (1 - promised.kept)
    late = dataclasses.replace(promise, promised_on=ON)
    (whole,) = expectable([ExpectedPart("a", "i1", ON, 1000)], {}, Outlook(promises=[late]), ON).debts
    assert (whole.minor, whole.promised) == (1000, None)


def test_an_amount_on_a_plan_is_due_by_its_last_instalments() -> None:
    days = [ON + timedelta(days=n) for n in (-30, 1, 31)]
    plans = {"a": [(days[0], 400), (days[1], 300), (days[2], 300)]}
    part = ExpectedPart("a", "i1", ON - timedelta(days=90), 700, disputed_minor=150, planned_minor=450)
    found = expectable([part], {}, Outlook(plans=plans), ON)
    assert sorted((debt.due - TODAY, debt.minor) for debt in found.debts) == [(-90, 100), (1, 150), (31, 300)]
    assert (found.left_out.disputed_minor, found.outstanding_minor) == (150, 700)


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_parts_add_up_to_what_is_outstanding(seed: int) -> None:
    dice = random.Random(seed)
    parts = []
    for n in range(dice.randrange(15)):
        minor = dice.randrange(-300, 2000)
        disputed = dice.randrange(max(1, minor))
        parts.append(
            ExpectedPart(
                dice.choice("abc"), f"i{n}", ON + timedelta(days=dice.randrange(-90, 90)), minor, disputed,
                dice.randrange(max(1, minor - disputed)), dice.random() < 0.1,
            )
        )  # fmt: skip
    cash = {debtor: dice.randrange(0, 3000) for debtor in ("", "a", "b") if dice.random() < 0.7}
    promises = [PaymentPromise("a", ("i0", "i1"), dice.randrange(1, 900), ON + timedelta(days=5), "made")]
    plans = {"b": [(ON + timedelta(days=9), 500)]} if dice.random() < 0.5 else {}
    outlook = Outlook(promises=promises, plans=plans, in_proceedings={"c"} if dice.random() < 0.5 else ())
    found = expectable(parts, cash, outlook, ON)
    assert found.outstanding_minor == sum(part.open_minor for part in parts) - sum(cash.values())
    assert all(debt.minor > 0 for debt in found.debts)
    assert_left_out(found, parts, outlook)


def test_a_forecast_is_kept_by_all_that_a_scope_asks_for() -> None:
    found_out = {"merged", "insured", "collectors", "portfolio_on"}
    assert {each.name for each in dataclasses.fields(Scope)} - found_out <= set(
        AskedForecast.__struct_fields__
    )


def assert_left_out(found: Expectable, parts: list[ExpectedPart], outlook: Outlook) -> None:
    owed = [part for part in parts if not part.is_penalty and part.open_minor > 0]
    assert found.left_out.penalties_minor == sum(part.open_minor for part in parts if part.is_penalty)
    assert found.left_out.disputed_minor == sum(part.disputed_minor for part in owed)
    in_proceedings = [part for part in owed if part.debtor in outlook.in_proceedings]
    assert found.left_out.in_proceedings_minor == sum(p.open_minor - p.disputed_minor for p in in_proceedings)


def test_payments_after_the_day_change_nothing_in_its_forecast() -> None:
    dice = random.Random(3)
    debts = [replace(debt, debtor=f"d{n % 20}") for n, debt in enumerate(debts_of(dice, 400))]
    day = TODAY - 90

    def moved(debt: PaidDebt) -> PaidDebt:
        known = tuple(fund for fund in debt.funds if fund[0] <= day)
        return replace(debt, funds=(*known, (day + dice.randrange(1, 200), debt.left(day))))

    others = [moved(debt) for debt in debts if debt.issued <= day]
    assert others != [debt for debt in debts if debt.issued <= day]
    both = PaidDebts.of(others), PaidDebts.of(debts)
    told, known = (PastForecasts(each).calibration(day) for each in both)
    assert told == known
    for debtor in ("d1", "d2", "new"):
        told_of, known_of = (unpaid(each, debtor, *range(-95, 200), on=day) for each in (others, debts))
        assert told_of == known_of
    asked = [OpenDebt(debt.debtor, debt.segment, debt.due, 100) for debt in debts[:30]]
    first, second = (forecast(asked, PaymentCurves(each, day), day, [day + 7]) for each in both)
    assert first == second


def test_past_forecasts_are_compared_with_what_came_of_their_debts() -> None:
    debts = debts_of(random.Random(4), 200)
    judged = PastForecasts(PaidDebts.of(debts)).judged(TODAY, 3)
    assert [(week.made_on - TODAY, week.weeks_ahead) for week in judged] == [
        (-21, 1), (-21, 2), (-21, 3), (-14, 1), (-14, 2), (-7, 1),
    ]  # fmt: skip
    for week in judged:
        last = week.made_on + 7 * week.weeks_ahead
        assert week.came_minor == sum(
            minor
            for debt in debts
            for day, minor in debt.funds
            if debt.issued <= week.made_on and debt.left(week.made_on) > 0 and last - 7 < day <= last
        )
    columns, nothing = PaidDebts.of(debts), PastForecasts(PaidDebts.of([]))
    assert nothing.judged(TODAY, 3) == PastForecasts(columns, within={"new"}).judged(TODAY, 3) == []
    assert nothing.calibration(TODAY).weeks == 0
    own = PastForecasts(columns, within={"a"}).judged(TODAY, 3)
    assert [week.expected <= whole.expected for week, whole in zip(own, judged, strict=True)] == [True] * 6


def test_trend_and_spread_of_a_large_ledger_rest_on_a_bounded_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    debts = [replace(debt, debtor=f"d{n % 40}") for n, debt in enumerate(debts_of(random.Random(9), 400))]
    monkeypatch.setattr(accuracy, "SAMPLED_DEBTS", 100)
    sampled = PastForecasts(PaidDebts.of(debts))
    ids = sorted({debt.debtor for debt in debts}, key=lambda debtor: (crc32(debtor.encode()), debtor))[:10]
    own = [debt for debt in debts if debt.debtor in ids]
    assert len(own) == 100
    assert sampled.calibration(TODAY).spread == PastForecasts(PaidDebts.of(own)).calibration(TODAY).spread
    monkeypatch.setattr(accuracy, "SAMPLED_DEBTS", 5)
    first = [debt for debt in debts if debt.debtor == ids[0]]
    assert PastForecasts(PaidDebts.of(debts)).calibration(TODAY) == PastForecasts(
        PaidDebts.of(first)
    ).calibration(TODAY)
