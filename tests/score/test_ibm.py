"""Acceptance of the payment model on a real file that nobody here wrote, and no look at the future."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from risk_svc.domain.score.fit import Fitted, fit
from risk_svc.domain.score.history import InvoiceOutcome, PayerHistory
from risk_svc.domain.score.measures import quality
from tests.score import ibm

pytestmark = pytest.mark.skipif(not ibm.FILE.exists(), reason=f"ACCEPTANCE NOT RUN: {ibm.FILE} is absent")


@pytest.fixture(scope="module")
def payers() -> list[PayerHistory]:
    return ibm.payers()


@pytest.fixture(scope="module")
def fitted(payers: list[PayerHistory]) -> Fitted:
    return fit(payers, ibm.CUT, "ibm")


def shifted(payer: PayerHistory, since: int, dice: random.Random) -> PayerHistory:
    """Give settlements from a day on another day not before it or none, and leave out some invoices issued then."""

    def other(each: InvoiceOutcome) -> InvoiceOutcome:
        if not each.open_on(since):
            return each
        return replace(each, settled=dice.choice((None, max(since, each.issued) + dice.randrange(400))))

    kept = (each for each in payer.history if each.issued <= since or dice.random() < 0.5)
    return PayerHistory(payer.segment, tuple(map(other, kept)))


def test_forecasts_at_issue_are_good_and_no_baseline_is_better(
    payers: list[PayerHistory], fitted: Fitted
) -> None:
    found = quality(ibm.by_model(fitted.model, payers))
    assert found.auc >= 0.85
    assert found.brier <= 0.143
    assert found.mean_error_days <= 2.2
    assert 0.77 <= found.coverage <= 0.83
    for judged in ibm.by_baselines(payers).values():
        other = quality(judged)
        assert found.auc >= other.auc
        assert found.brier <= other.brier
        assert found.mean_error_days <= other.mean_error_days
        assert found.interval_score_days <= other.interval_score_days


def test_a_fit_does_not_see_later_settlements(payers: list[PayerHistory], fitted: Fitted) -> None:
    dice = random.Random(7)
    others = [shifted(payer, ibm.CUT, dice) for payer in payers]
    assert others != payers
    assert fit(others, ibm.CUT, "ibm") == fitted


def test_a_forecast_does_not_see_later_settlements(payers: list[PayerHistory], fitted: Fitted) -> None:
    dice = random.Random(8)
    for payer, each in ibm.tested(payers):
        other = shifted(payer, each.issued, dice)
        before = fitted.model.forecast(payer.history, each.issued, payer.segment)
        assert fitted.model.forecast(other.history, each.issued, payer.segment) == before
