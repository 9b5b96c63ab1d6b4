"""Acceptance of the payment model on a real file that nobody here wrote, and no look at the future."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from msgspec import structs

from risk_svc.domain.score.boosted.fit import fit_boosted
from risk_svc.domain.score.fit import Fitted, fit
from risk_svc.domain.score.history import InvoiceOutcome, PayerHistory
from risk_svc.domain.score.measures import quality
from risk_svc.domain.score.model import PaymentModel
from risk_svc.domain.warning.rules import SHIPPED
from tests.score import ibm, warned

Make = Callable[[list[PayerHistory], int, str], Fitted[PaymentModel]]
pytestmark = pytest.mark.skipif(not ibm.FILE.exists(), reason=f"ACCEPTANCE NOT RUN: {ibm.FILE} is absent")


@pytest.fixture(scope="module")
def payers() -> list[PayerHistory]:
    return ibm.payers()


@pytest.fixture(scope="module", params=[fit, fit_boosted], ids=["plain", "boosted"])
def make(request: pytest.FixtureRequest) -> Make:
    found: Make = request.param
    return found


@pytest.fixture(scope="module")
def fitted(payers: list[PayerHistory], make: Make) -> Fitted[PaymentModel]:
    return make(payers, ibm.CUT, "ibm")


def shifted(payer: PayerHistory, since: int, dice: random.Random) -> PayerHistory:
    """Give settlements from a day on another day not before it or none, and leave out some invoices issued then."""

    def other(each: InvoiceOutcome) -> InvoiceOutcome:
        if not each.open_on(since):
            return each
        return replace(each, settled=dice.choice((None, max(since, each.issued) + dice.randrange(400))))

    kept = (each for each in payer.history if each.issued <= since or dice.random() < 0.5)
    return PayerHistory(payer.segment, tuple(map(other, kept)))


def test_forecasts_at_issue_are_good_and_no_baseline_is_better(
    payers: list[PayerHistory], fitted: Fitted[PaymentModel]
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


def test_a_fit_does_not_see_later_settlements(
    payers: list[PayerHistory], make: Make, fitted: Fitted[PaymentModel]
) -> None:
    dice = random.Random(7)
    others = [shifted(payer, ibm.CUT, dice) for payer in payers]
    assert others != payers
    assert make(others, ibm.CUT, "ibm") == fitted


def test_a_forecast_does_not_see_later_settlements(
    payers: list[PayerHistory], fitted: Fitted[PaymentModel]
) -> None:
    dice = random.Random(8)
    for payer, each in ibm.tested(payers):
        other = shifted(payer, each.issued, dice)
        before = fitted.model.forecast(payer.history, each.issued, payer.segment)
        assert fitted.model.forecast(other.history, each.issued, payer.segment) == before


def test_warnings_of_slowing_payments_are_as_in_the_documentation(payers: list[PayerHistory]) -> None:
    """Rows of docs/warnings.md: threshold, least days, warnings, those with invoices after, later ones, rate."""
    assert SHIPPED.slowing_payments is not None
    for raised, keep, days, wanted in (
        (35, 20, 7, (0, 0, 0, 0.0)),
        (25, 15, 7, (8, 5, 3, 0.45)),
        (20, 10, 3, (19, 12, 9, 1.08)),
    ):
        rule = structs.replace(
            SHIPPED.slowing_payments, raise_tenths=raised, keep_tenths=keep, least_days=days
        )
        found = warned.follow(payers, rule)
        assert (found.raised, found.followed, found.rose, round(found.per_100_and_month, 2)) == wanted
    assert warned.any_day(payers) == (3514, 812)
