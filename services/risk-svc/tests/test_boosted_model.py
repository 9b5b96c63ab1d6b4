"""Boosted payment model: trees as data, its calibration, and the words for its signals."""

from __future__ import annotations

import os
import random
import sys
from dataclasses import replace
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_svc.domain.score.boosted.fit import (
    BoostingNotInstalled,
    calibrated,
    classifier,
    fit_boosted,
    plain_trees,
    require_boosting,
)
from risk_svc.domain.score.boosted.model import BoostedModel, OddsLine, SeenSignals
from risk_svc.domain.score.boosted.signals import SIGNALS, signals
from risk_svc.domain.score.document import document_of, model_of
from risk_svc.domain.score.fit import Fitted, HistoryTooShort, fit
from risk_svc.domain.score.history import InvoiceOutcome, PayerHistory, Weights, level
from risk_svc.domain.score.reasons import largest_effects

TODAY = 740_000


def customer(dice: random.Random, number: int) -> PayerHistory:
    """Give a customer one habit: nine of ten invoices a day late, or in time, and the tenth very late.

    Its mean delay says little about the habit, its late share all.
    """
    usual = 1 if number % 2 else -1
    history = []
    for nth in range(18):
        issued = TODAY - 600 + 30 * nth + number % 30
        delay = dice.choice((20, 60)) if dice.random() < 0.15 else usual
        history.append(InvoiceOutcome(issued, issued + 30, issued + 30 + delay))
    return PayerHistory("ab"[number % 3 == 0], tuple(history))


@pytest.fixture(scope="module")
def firm() -> list[PayerHistory]:
    dice = random.Random(11)
    return [customer(dice, number) for number in range(60)]


@pytest.fixture(scope="module")
def fitted(firm: list[PayerHistory]) -> Fitted[BoostedModel]:
    return fit_boosted(firm, TODAY, "own-1")


def test_the_sums_of_the_trees_are_those_of_the_library() -> None:
    dice = random.Random(5)
    rows = [[dice.choice((dice.gauss(0, 9), 0.0, 1.0)) for _ in SIGNALS] for _ in range(400)]
    grown = classifier().fit(rows, [dice.gauss(row[0], 5) > 0 for row in rows])
    ours = plain_trees(grown)
    on_thresholds = [[tree[0][1]] * len(SIGNALS) for tree in ours.trees]
    asked = rows + on_thresholds
    assert [ours.of(row) for row in asked] == grown.decision_function(asked).tolist()


def test_trees_find_a_habit_that_the_mean_delay_hides(
    firm: list[PayerHistory], fitted: Fitted[BoostedModel]
) -> None:
    plain, boosted = (each.calibration.quality for each in (fit(firm, TODAY, "x"), fitted))
    assert boosted.brier < plain.brier / 2
    assert boosted.auc > plain.auc + 0.2


def test_the_same_history_gives_the_same_document(
    firm: list[PayerHistory], fitted: Fitted[BoostedModel]
) -> None:
    document = document_of(fitted.model)
    assert document_of(fit_boosted(firm, TODAY, "own-1").model) == document
    assert len(document) < 100_000


def test_a_stored_model_forecasts_without_the_library(
    firm: list[PayerHistory], fitted: Fitted[BoostedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "numpy", None)
    stored = model_of(document_of(fitted.model))
    assert stored.kind == "boosted"
    for payer in firm[:4]:
        ours, again = (each.forecast_at_end_of(payer, TODAY) for each in (fitted.model, stored))
        assert again.probability_late == pytest.approx(ours.probability_late, abs=1e-3)
        assert again.definition == "boosted-forecast/1"
    with pytest.raises(BoostingNotInstalled, match="scikit-learn is missing"):
        require_boosting()


lives = st.lists(st.tuples(st.integers(1, 400), st.integers(-20, 90)), min_size=1, max_size=12)


@given(lives, st.data())
@settings(max_examples=2_000 if "DEEP" in os.environ else 25)
def test_more_past_lateness_never_lowers_the_probability(
    fitted: Fitted[BoostedModel], drawn: list[tuple[int, int]], data: st.DataObject
) -> None:
    made = (InvoiceOutcome(TODAY - age, TODAY - age + 30, TODAY - age + 30 + delay) for age, delay in drawn)
    history = sorted(made, key=lambda each: each.place)
    nth = data.draw(st.integers(0, len(history) - 1))
    later = data.draw(st.integers(1, 60))
    worse = list(history)
    settled = worse[nth].settled
    assert settled is not None
    worse[nth] = replace(worse[nth], settled=settled + later)
    before, after = (fitted.model.forecast(each, TODAY, "a") for each in (history, worse))
    if (settled + later < TODAY) == (settled < TODAY):
        assert after.probability_late >= before.probability_late
        assert after.days_late >= before.days_late


def test_the_median_is_above_zero_just_if_late_payment_is_more_likely(
    firm: list[PayerHistory], fitted: Fitted[BoostedModel]
) -> None:
    found = [fitted.model.forecast_at_end_of(payer, TODAY) for payer in firm]
    assert {each.days_late > 0 for each in found} == {True, False}
    for each in found:
        assert (each.days_late > 0) == (each.probability_late > 0.5)
        assert each.from_days <= each.days_late or each.days_late == 0
        assert each.days_late <= each.to_days or each.days_late == 0


def test_a_calibration_keeps_the_late_share_also_where_its_slope_is_bounded() -> None:
    dice = random.Random(9)
    for slope, wanted in ((1.3, 1.3), (6.0, 2.0)):
        odds = [dice.gauss(-1, 1) for _ in range(3_000)]
        judged = [(each, dice.random() < OddsLine(1.0, slope).probability(each)) for each in odds]
        line = calibrated(judged)
        assert line.slope == pytest.approx(wanted, abs=0.1)
        shares = mean(map(line.probability, odds)), mean(late for _, late in judged)
        assert shares[0] == pytest.approx(shares[1], abs=1e-3)


def test_signals_by_hand() -> None:
    history = (
        InvoiceOutcome(TODAY - 100, TODAY - 70, TODAY - 60),
        InvoiceOutcome(TODAY - 90, TODAY - 60, TODAY - 65),
        InvoiceOutcome(TODAY - 50, TODAY - 20, None),
        InvoiceOutcome(TODAY - 5, TODAY + 9, None),
        InvoiceOutcome(TODAY, TODAY + 30, None),
    )
    weights = Weights(0.0, 1e12, 10.0)
    seen = level(history, TODAY, 0.0, weights)
    found = dict(
        zip((each.name for each in SIGNALS), signals(history, TODAY, 4.0, seen, weights, 0.5), strict=True)
    )
    assert found == {
        "level_days": pytest.approx((10 - 5 + 30) / 3),
        "late_share": pytest.approx((0.5 * 2 + 2) / 5),
        "open_late": 1,
        "oldest_open_days": 20,
        "open_invoices": 2,
        "settled": 2,
        "term_days": 14,
        "segment_days": 4.0,
    }


def test_reasons_name_the_largest_effects_against_the_usual_customer(
    firm: list[PayerHistory], fitted: Fitted[BoostedModel]
) -> None:
    late, in_time = (fitted.model.forecast_at_end_of(payer, TODAY) for payer in (firm[1], firm[2]))
    for each, sign in ((late, 1), (in_time, -1)):
        first, *_ = largest_effects(each)
        assert (first.group, first.points * sign > 20) == ("effect-habit", True)
    usual = fitted.model.usual["a"]
    assert isinstance(late.explanation, SeenSignals)
    same = replace(late.explanation, values=usual, segment="a")
    assert [each.points for each in same.effects()] == [0] * 6


def test_a_history_with_one_outcome_before_the_last_quarter_is_too_short(firm: list[PayerHistory]) -> None:
    since = TODAY - 200

    def in_time(each: InvoiceOutcome) -> InvoiceOutcome:
        return replace(each, settled=each.due) if each.issued < since else each

    calm = [replace(payer, history=tuple(map(in_time, payer.history))) for payer in firm]
    with pytest.raises(HistoryTooShort, match="some late and some in time"):
        fit_boosted(calm, TODAY, "x")
