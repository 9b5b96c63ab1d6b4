"""A limit in one currency, exposure in several: by the rates of the day, each shown, and never without one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from encours.contracts.events.risk import CreditChecked
from encours.contracts.insured.share import InsuredShare
from encours.kernel.exchange import QuotedRate
from encours.reading.moment import TimeTravel
from risk_svc.domain.check import CheckCredit, CheckState, decide
from risk_svc.domain.exposure import ExposureItem
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import Picture
from risk_svc.http.checks.answers import CheckOut
from risk_svc.http.customers.answers import ExposureOut

DAY = date(2026, 6, 30)
USD = QuotedRate("USD", "EUR", "0.90", date(2026, 6, 26), "ECB")
GBP = QuotedRate("EUR", "GBP", "0.80", date(2026, 6, 29), "ECB")
LIMIT = ApprovedLimit("lim_1", 300_00, "EUR", 30, None)


def item(open_minor: int, due: date = DAY, disputed: int = 0) -> ExposureItem:
    return ExposureItem("inv", "F", due, due, open_minor, open_minor, disputed, open_minor, None, due)


PICTURE = Picture(
    "cus_1",
    "ent_1",
    "Dupont SA",
    items=(("EUR", item(100_00)), ("USD", item(50_00, date(2026, 5, 20), 10_00)), ("USD", item(50_01))),
    drafts={"GBP": 40_00},
    unapplied={"USD": 20_00},
    limit=LIMIT,
    rates=(USD, GBP),
)


def ordered(picture: Picture, amount_minor: int, currency: str = "EUR") -> CreditChecked:
    command = CheckCredit("dec_1", "cus_1", amount_minor, currency, None)
    return decide(command, picture, DAY, position=7, lag=0)


def test_each_currency_is_converted_by_component_and_shown_with_its_rate() -> None:
    whole = PICTURE.whole("EUR", DAY)
    assert [(share.currency, share.rate) for share in whole.shares] == [
        ("EUR", None),
        ("USD", USD),
        ("GBP", GBP),
    ]
    in_euros = [share.converted.total_minor for share in whole.shares if share.converted]
    assert in_euros == [100_00, 45_00 + 45_01 - 18_00, 50_00]
    known = whole.known
    assert (known.not_due_minor, known.overdue_minor, known.disputed_minor) == (145_01, 45_00, 9_00)
    assert (known.drafts_minor, known.unapplied_minor, known.total_minor) == (50_00, 18_00, 222_01)
    assert (whole.missing, PICTURE.headroom_minor(DAY)) == ((), 300_00 - 222_01)


def test_days_past_due_are_those_of_any_currency() -> None:
    assert PICTURE.whole("EUR", DAY).known.oldest_days_past_due == 41
    assert ordered(PICTURE, 1).reasons == ("overdue-beyond-days",)
    assert PICTURE.whole("JPY", DAY).known.oldest_days_past_due == 41


def test_a_missing_rate_leaves_the_exposure_unknown() -> None:
    late = replace(LIMIT, max_days_past_due=60)
    picture = replace(PICTURE, rates=(GBP,), limit=late)
    assert picture.whole("EUR", DAY).missing == ("USD",)
    assert picture.headroom_minor(DAY) is None
    checked = ordered(picture, 150_00)
    assert (checked.decision, checked.reasons) == ("refer", ("exchange-rate-missing",))
    assert [(share.currency, share.converted is None) for share in checked.shares] == [
        ("USD", True),
        ("GBP", False),
    ]
    refused = ordered(picture, 150_01)
    assert refused.reasons == ("limit-exceeded", "exchange-rate-missing")


def test_cash_without_a_rate_keeps_a_breach_a_doubt() -> None:
    picture = replace(PICTURE, items=PICTURE.items[:1], rates=(GBP,))
    assert ordered(picture, 150_01).reasons == ("exchange-rate-missing",)


def test_a_guarantee_without_a_rate_keeps_a_breach_a_doubt() -> None:
    picture = replace(PICTURE, items=PICTURE.items[:1], unapplied={}, rates=(GBP,), guaranteed={"USD": 50_00})
    assert ordered(picture, 150_01).reasons == ("exchange-rate-missing",)


@pytest.mark.parametrize(("amount", "decision"), [(86_65, "accept"), (86_67, "refuse")])
def test_an_order_in_another_currency_counts_in_that_of_the_limit(amount: int, decision: str) -> None:
    picture = replace(PICTURE, limit=replace(LIMIT, max_days_past_due=60))
    checked = ordered(picture, amount, "USD")
    assert checked.decision == decision
    assert (checked.exposure_currency, checked.limit_minor, checked.currency) == ("EUR", 300_00, "USD")
    shown = CheckOut.of(CheckState(checked, "ent_1", DAY))
    assert shown.amount.currency == "USD"
    assert shown.amount_in_limit_currency is not None
    assert shown.amount_in_limit_currency.currency == shown.exposure_seen.total.currency == "EUR"
    assert [(share.currency, share.rate.rate if share.rate else None) for share in shown.shares_seen] == [
        ("USD", "0.90"),
        ("GBP", "0.80"),
    ]


def test_an_order_without_a_rate_is_referred() -> None:
    picture = replace(PICTURE, limit=replace(LIMIT, max_days_past_due=60))
    assert ordered(picture, 1_000, "JPY").reasons == ("exchange-rate-missing",)


def test_the_answer_names_the_rates_and_those_that_are_missing() -> None:
    time = TimeTravel(DAY, 7, None, is_now=True)
    picture = replace(PICTURE, rates=(USD,))
    shown = ExposureOut.of(picture, picture, "limit", "USD", time)
    assert (shown.currency, shown.components.total.amount, shown.headroom) == ("USD", "80.01", None)
    assert (shown.whole.currency, shown.whole.missing_rates) == ("EUR", ["GBP"])
    assert [share.converted and share.converted.amount for share in shown.whole.shares] == [
        "100.00",
        "72.01",
        None,
    ]


def share(customer_currency: str, by_invoice: dict[str, int]) -> InsuredShare:
    paid = sum(by_invoice.values())
    return InsuredShare(f"C-{customer_currency}", customer_currency, 0, paid, paid, by_invoice, 0)


MEMBER = replace(
    PICTURE,
    customer_id="cus_2",
    items=(("USD", replace(item(30_00), invoice_id="inv_2", planned_minor=30_00)),),
    drafts={},
    unapplied={},
    insured=(share("USD", {"inv_2": 27_00}), share("EUR", {})),
)
SHARING = replace(
    PICTURE, items=PICTURE.items[:1], unapplied={}, insured=(share("EUR", {"inv": 90_00}),), others=(MEMBER,)
)


def test_insured_and_planned_parts_of_all_who_share_the_limit_are_in_its_currency() -> None:
    time = TimeTravel(DAY, 7, None, is_now=True)
    shown = ExposureOut.of(SHARING, SHARING, "limit", None, time)
    parts = shown.whole.components
    assert (parts.open.amount, parts.on_plan.amount, parts.insured.amount) == ("127.00", "27.00", "114.30")
    assert [(each.customer_id, each.converted and each.converted.amount) for each in shown.insured] == [
        ("cus_1", "90.00"),
        ("cus_2", "24.30"),
        ("cus_2", "0.00"),
    ]
    without = replace(SHARING, rates=(GBP,))
    unknown = ExposureOut.of(without, without, "limit", None, time)
    assert ([each.converted is None for each in unknown.insured], unknown.whole.missing_rates) == (
        [False, True, False],
        ["USD"],
    )
    alone = ExposureOut.of(SHARING, SHARING.alone, "customer", None, time)
    assert (alone.members, alone.whole.components.insured.amount) == (["cus_1"], "90.00")
    assert (alone.headroom, alone.limit_holder_id) == (shown.headroom, shown.limit_holder_id)


def test_a_decision_keeps_the_insured_and_planned_parts_and_an_earlier_one_has_none() -> None:
    command = CheckCredit("dec_1", "cus_1", 1_00, "EUR", None)
    now = decide(command, SHARING, DAY, position=7, lag=0)
    assert (now.exposure.on_plan_minor, now.exposure.insured_minor) == (27_00, 114_30)
    before = decide(command, SHARING, DAY, position=7, lag=0, rules_version=3)
    assert (before.exposure.on_plan_minor, before.exposure.insured_minor) == (0, 0)
    assert (before.decision, before.exposure.total_minor) == (now.decision, now.exposure.total_minor)


def test_of_an_invoice_that_two_contracts_cover_no_more_is_insured_than_is_open() -> None:
    twice = replace(SHARING, others=(), insured=(share("EUR", {"inv": 90_00}), share("EUR", {"inv": 60_00})))
    assert twice.exposure("EUR", DAY).insured_minor == 100_00


@pytest.mark.parametrize("minor", range(1, 12))
def test_a_converted_part_is_never_above_what_is_open(minor: int) -> None:
    late = replace(item(minor, date(2026, 5, 20)), planned_minor=minor)
    picture = replace(
        SHARING, others=(), insured=(), items=(("USD", late), ("USD", replace(late, due_on=DAY)))
    )
    for rate in ("0.5", "0.9", "0.07"):
        known = replace(picture, rates=(replace(USD, rate=rate), GBP)).whole("EUR", DAY).known
        assert known.on_plan_minor <= known.not_due_minor + known.overdue_minor
