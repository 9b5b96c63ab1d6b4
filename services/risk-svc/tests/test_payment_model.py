import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from risk_svc.domain.score.boosted.fit import fit_boosted
from risk_svc.domain.score.fit import Fitted, HistoryTooShort, fit
from risk_svc.domain.score.history import InvoiceOutcome, PayerHistory
from risk_svc.domain.score.measures import JudgedForecast, quality, reliability
from risk_svc.domain.score.model import Forecast, LevelModel, PaymentModel
from risk_svc.domain.score.reasons import reasons

TODAY = 740_000
Life = Callable[[int], int | None]
"""Day of the settlement of an invoice issued on a day."""


def payer(life: Life, *, months: int = 18, segment: str = "a") -> PayerHistory:
    issues = [TODAY - 30 * month - 1 for month in reversed(range(months))]
    return PayerHistory(segment, tuple(InvoiceOutcome(day, day + 30, life(day)) for day in issues))


def around(dice: random.Random, habit: float, day: int) -> int:
    return day + max(1, round(dice.gauss(habit, 8)))


def forty() -> list[PayerHistory]:
    dice = random.Random(3)
    firm = []
    for number in range(40):
        late = partial(around, dice, dice.gauss(25, 10))
        firm.append(payer(late, segment="ab"[number % 2]))
    return firm


@pytest.fixture(scope="module")
def fitted() -> Fitted[LevelModel]:
    return fit(forty(), TODAY, "test")


@pytest.fixture(scope="module", params=[fit, fit_boosted], ids=["plain", "boosted"])
def model(request: pytest.FixtureRequest) -> PaymentModel:
    found: PaymentModel = request.param(forty(), TODAY, "test").model
    return found


def forecast(model: PaymentModel, life: Life, months: int = 18) -> Forecast:
    return model.forecast(payer(life, months=months).history, TODAY, "a")


def test_who_never_pays_ends_at_e_without_one_paid_invoice(model: PaymentModel) -> None:
    assert forecast(model, lambda _: None).grade == "E"


def test_one_invoice_that_stays_open_ends_at_e_and_never_improves(model: PaymentModel) -> None:
    history = (InvoiceOutcome(TODAY, TODAY + 30, None),)
    found = [model.forecast(history, TODAY + days, "a") for days in range(20, 2_000, 20)]
    late = [each.days_late for each in found]
    assert late == sorted(late)
    assert found[-1].grade == "E"


@pytest.mark.parametrize(("days", "grade"), [(15, "C"), (45, "D")])
def test_who_pays_late_but_always_is_between(model: PaymentModel, days: int, grade: str) -> None:
    assert forecast(model, lambda day: day + 30 + days).grade == grade


@pytest.mark.parametrize("before", [0, 10, 200])
def test_who_pays_in_advance_is_at_a(model: PaymentModel, before: int) -> None:
    assert forecast(model, lambda day: day - before).grade == "A"


def test_money_before_the_issue_counts_from_the_issue(model: PaymentModel) -> None:
    assert forecast(model, lambda day: day - 200) == forecast(model, lambda day: day)


def test_a_customer_without_history_is_at_the_level_of_its_segment(fitted: Fitted[LevelModel]) -> None:
    new = fitted.model.forecast((), TODAY, "a")
    assert new.level.days == fitted.model.segments["a"]
    assert not new.level.known
    few = forecast(fitted.model, lambda day: day + 90, months=3)
    assert new.probability_late < few.probability_late


def test_the_probability_falls_with_the_residual_and_stays_a_probability(fitted: Fitted[LevelModel]) -> None:
    found = [fitted.model.probability_above(step / 10) for step in range(-200, 201)]
    assert found == sorted(found, reverse=True)
    assert 0 <= found[-1] < 0.01 < 0.99 < found[0] <= 1


def test_the_report_is_about_the_last_quarter(fitted: Fitted[LevelModel]) -> None:
    report = fitted.calibration
    assert (report.invoices, report.forecast) == (680, 200)
    assert 0 < report.late < report.forecast
    assert report.quality.brier < 0.25
    assert 0.7 < report.quality.coverage < 0.9


def test_open_late_invoices_of_others_raise_what_is_expected_of_a_newcomer(
    fitted: Fitted[LevelModel],
) -> None:
    dice = random.Random(4)
    firm = [payer(lambda day: day + dice.randrange(1, 60)) for _ in range(20)]
    never = [
        PayerHistory("a", tuple(replace(each, settled=None) for each in one.history)) for one in firm[10:]
    ]
    unpaid = [*firm[:10], *never]
    before, after = (fit(payers, TODAY, "x").model.forecast((), TODAY, "a") for payers in (firm, unpaid))
    assert before.probability_late < after.probability_late


def test_the_reasons_say_what_the_forecast_rests_on(fitted: Fitted[LevelModel]) -> None:
    never = forecast(fitted.model, lambda _: None, months=3)
    assert reasons(never) == ["open-late"]
    assert reasons(forecast(fitted.model, lambda day: day + 31)) == ["open-late", "settled-late"]
    assert reasons(forecast(fitted.model, lambda day: day)) == ["settled-in-time"]
    assert reasons(fitted.model.forecast((), TODAY, "a")) == ["no-outcome"]


def test_a_short_history_fits_nothing() -> None:
    with pytest.raises(HistoryTooShort):
        fit([payer(lambda day: day + 20)], TODAY, "x")


@pytest.mark.parametrize(
    "firm",
    [
        [payer(lambda day: day + 30 + day % 2 * 10, months=200)],
        [PayerHistory("a", (InvoiceOutcome(TODAY - 90, TODAY - 60, TODAY - 55 - n),)) for n in range(100)],
    ],
    ids=["one customer", "all issued on one day"],
)
def test_a_history_that_cannot_be_divided_fits_nothing(firm: list[PayerHistory]) -> None:
    with pytest.raises(HistoryTooShort, match="two customers"):
        fit(firm, TODAY, "x")


def test_the_measures_of_forecasts_by_hand() -> None:
    found = quality(
        [
            JudgedForecast(0.8, 4.0, 0.0, 10.0, 12),
            JudgedForecast(0.4, 0.0, -10.0, 0.0, -5),
            JudgedForecast(0.8, 1.0, 0.0, 2.0, 0),
        ]
    )
    assert found.auc == 0.75
    assert found.brier == pytest.approx((0.04 + 0.16 + 0.64) / 3)
    assert found.mean_error_days == pytest.approx((8 + 0 + 1) / 3)
    assert found.coverage == pytest.approx(2 / 3)
    assert found.interval_score_days == pytest.approx((10 + 20 + 10 + 2) / 3)


def test_the_bins_hold_each_forecast_beside_its_outcome() -> None:
    """The bounds of 2 late of 4 and of 0 of 1 are those that Wilson's formula gives by hand."""
    chances = (0.0, 0.31, 0.33, 0.35, 0.37, 1.0)
    delays = (-3, 4, 0, 9, -1, 12)
    found = reliability([JudgedForecast(p, 0.0, 0.0, 0.0, d) for p, d in zip(chances, delays, strict=True)])
    assert [(each.count, round(each.forecast, 2), each.late) for each in found] == [
        (1, 0.0, 0.0),
        (4, 0.34, 0.5),
        (1, 1.0, 1.0),
    ]
    assert [(round(each.low, 3), round(each.high, 3)) for each in found] == [
        (0.0, 0.793),
        (0.15, 0.85),
        (0.207, 1.0),
    ]
