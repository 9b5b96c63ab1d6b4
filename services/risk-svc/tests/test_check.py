from dataclasses import replace
from datetime import date

import pytest

from encours.contracts.events.risk import CreditChecked, ExposureSeen
from encours.http.models import MoneyModel
from encours.kernel.errors import Invalid
from encours.reading.texts.reasons import REASONS
from risk_svc.domain.assessment import check
from risk_svc.domain.check import CheckCredit, CheckState, decide
from risk_svc.domain.exposure import CurrencyShare, ExposureItem, WholeExposure, exposure
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import Picture
from risk_svc.http.checks.answers import CheckOut

DAY = date(2026, 6, 30)
LIMIT = ApprovedLimit("lim_1", 100_00, "EUR", 30, date(2026, 12, 31))


def seen(total: int = 0, oldest: int = 0) -> ExposureSeen:
    return ExposureSeen(
        not_due_minor=total,
        overdue_minor=0,
        disputed_minor=0,
        drafts_minor=0,
        unapplied_minor=0,
        total_minor=total,
        oldest_days_past_due=oldest,
    )


@pytest.mark.parametrize(
    ("total", "oldest", "limit", "weak", "decision", "reasons"),
    [
        (60_00, 30, LIMIT, False, "accept", ("within-limit",)),
        (60_01, 0, LIMIT, False, "refuse", ("limit-exceeded",)),
        (0, 31, LIMIT, False, "refuse", ("overdue-beyond-days",)),
        (0, 0, None, False, "refer", ("no-limit",)),
        (0, 0, ApprovedLimit("l", 1, "EUR", 0, date(2026, 6, 29)), False, "refer", ("limit-expired",)),
        (0, 0, LIMIT, True, "refer", ("weak-payment-behaviour",)),
        (
            99_99,
            99,
            LIMIT,
            True,
            "refuse",
            ("limit-exceeded", "overdue-beyond-days", "weak-payment-behaviour"),
        ),
    ],
)
def test_a_breach_refuses_a_doubt_refers_the_rest_is_accepted(
    total: int,
    oldest: int,
    limit: ApprovedLimit | None,
    weak: bool,
    decision: str,
    reasons: tuple[str, ...],
) -> None:
    share = CurrencyShare("EUR", seen(total, oldest), None, seen(total, oldest))
    verdict = check(40_00, DAY, WholeExposure("EUR", (share,)), limit, weak=weak)
    assert (verdict.decision, verdict.reasons) == (decision, reasons)
    assert set(reasons) <= set(REASONS)


def test_an_insolvent_customer_is_refused_whatever_its_limit() -> None:
    share = CurrencyShare("EUR", seen(), None, seen())
    for limit, reasons in ((LIMIT, ("insolvency",)), (None, ("insolvency", "no-limit"))):
        verdict = check(40_00, DAY, WholeExposure("EUR", (share,)), limit, insolvent=True)
        assert (verdict.decision, verdict.reasons) == ("refuse", reasons)
        assert set(reasons) <= set(REASONS)


def test_exposure_adds_drafts_deducts_unapplied_cash_and_shows_the_disputed_part() -> None:
    def item(due: date, open_minor: int, disputed: int = 0) -> ExposureItem:
        return ExposureItem("inv", "F", due, due, open_minor, open_minor, disputed, open_minor, None, due)

    found = exposure(
        [item(date(2026, 6, 30), 10_00), item(date(2026, 6, 20), 20_00, 5_00), item(date(2026, 1, 1), 0)],
        drafts_minor=3_00,
        unapplied_minor=4_00,
        day=DAY,
    )
    assert (found.not_due_minor, found.overdue_minor, found.disputed_minor) == (10_00, 20_00, 5_00)
    assert (found.total_minor, found.oldest_days_past_due) == (29_00, 10)


PICTURE = Picture("cus_1", "ent_1", "Dupont SA", (), {}, {}, replace(LIMIT, valid_until=date(2026, 8, 10)))


def decided(deliver_on: date | None, day: date = date(2026, 7, 8)) -> CreditChecked:
    return decide(CheckCredit("dec_1", "cus_1", 40_00, "EUR", deliver_on), PICTURE, day, position=1, lag=0)


@pytest.mark.parametrize(
    ("deliver_on", "decision", "reason"),
    [
        (None, "accept", "within-limit"),
        (date(2026, 7, 8), "accept", "within-limit"),
        (date(2026, 8, 10), "accept", "within-limit"),
        (date(2026, 8, 11), "refer", "limit-expired"),
    ],
)
def test_the_limit_must_be_in_force_on_the_day_of_delivery(
    deliver_on: date | None, decision: str, reason: str
) -> None:
    found = decided(deliver_on)
    assert (found.decision, found.reasons, found.deliver_on) == (decision, (reason,), deliver_on)


def test_without_a_day_of_delivery_it_is_today() -> None:
    assert decided(None, day=date(2026, 8, 11)).reasons == ("limit-expired",)


def test_a_delivery_in_the_past_is_refused_as_written() -> None:
    with pytest.raises(Invalid) as caught:
        decided(date(2026, 7, 7))
    assert [error.pointer for error in caught.value.errors] == ["/deliver_on"]


@pytest.mark.parametrize(
    ("lag", "rules_version", "decision", "reasons"),
    [
        (0, 3, "accept", ("within-limit",)),
        (1, 3, "refer", ("figures-behind",)),
        (1, 2, "accept", ("within-limit",)),
    ],
)
def test_figures_that_are_behind_accept_nothing(
    lag: int, rules_version: int, decision: str, reasons: tuple[str, ...]
) -> None:
    order = CheckCredit("dec_1", "cus_1", 40_00, "EUR", None)
    found = decide(order, PICTURE, DAY, position=1, lag=lag, rules_version=rules_version)
    assert (found.decision, found.reasons) == (decision, reasons)
    assert set(reasons) <= set(REASONS)


def test_a_check_says_whose_limit_holds_and_what_was_left_of_it() -> None:
    member = replace(PICTURE, limit_holder_id="cus_9", drafts={"EUR": 70_00})
    found = decide(CheckCredit("dec_1", "cus_1", 40_00, "EUR", None), member, DAY, position=1, lag=0)
    assert (found.reasons, found.holder_id, found.left_minor) == (("limit-exceeded",), "cus_9", 30_00)
    shown = CheckOut.of(CheckState(found, "ent_1", DAY))
    assert shown.limit_holder_id == "cus_9"
    assert shown.left_seen == MoneyModel(amount="30.00", currency="EUR")
