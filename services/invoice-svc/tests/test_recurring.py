"""The rules of recurring invoices: given a story, when days open, then each period is billed once."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from encours.contracts.common import Particulars
from encours.contracts.events.sales.recurring import RecurringBilled
from encours.kernel.errors import DomainError
from encours.service.calendar import day_elsewhere
from encours.testing.folding import Folding
from invoice_svc.domain.amounts.adjustments import AdjustmentInput
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.index.commands import PublishIndex
from invoice_svc.domain.index.state import period_of
from invoice_svc.domain.invoice.commands import Content
from invoice_svc.domain.recurring.commands import (
    AgreeRecurring,
    AskedIndexation,
    EndRecurring,
    PauseRecurring,
    ResumeRecurring,
)
from invoice_svc.domain.recurring.rule import occurrences
from invoice_svc.read_models.lists import Lists
from invoice_svc.use_cases.folds import INDEX, INVOICE, RECURRING
from invoice_svc.use_cases.sales import recurring

START = date(2026, 1, 1)
TEN_YEARS = 3_653
ZONES = ("Europe/Paris", "America/Los_Angeles", "Pacific/Auckland", "Indian/Reunion")

MONTHLY = Content(
    None, (LineInput("maintenance", "1", "100.00", "20"),), particulars=Particulars(nature="services")
)


def agreed(**changes: Any) -> AgreeRecurring:
    values: dict[str, Any] = {
        "entity_id": "ent_1", "customer_id": "cus_1", "title": "Maintenance", "rule": "FREQ=MONTHLY;BYMONTHDAY=1",
        "starts_on": START, "content": MONTHLY,
    } | changes  # fmt: skip
    return AgreeRecurring("rec_1", **values)


def by_index(**changes: Any) -> AskedIndexation:
    values: dict[str, Any] = {
        "base_period": START, "months_back": 0, "revision": "yearly", "price_decimals": None,
    } | changes  # fmt: skip
    return AskedIndexation("idx_1", "ILC", **values)


def values(*found: tuple[date, str], frequency: Any = "quarterly") -> PublishIndex:
    return PublishIndex("idx_1", "ent_1", "ILC", "Indice des loyers commerciaux", frequency, "INSEE", found)


def run_day(books: Any, day: date) -> list[str]:
    """Bill what is due on a day, as the reaction does; ids of the invoices."""
    made: list[str] = []
    while (done := books.do(recurring.bill_next, "rec_1", day, today=day)).events:
        made += [event.data.invoice_id for event in done.events if isinstance(event.data, RecurringBilled)]
    return made


def billed(books: Any) -> list[date]:
    """Dates of the periods that were billed, in the order of their invoices."""
    return [e.data.period for e in books.ledger.events if e.type == "recurring.billed"]


def month_ends() -> list[date]:
    months = [(year, month) for year in range(2026, 2036) for month in range(1, 13)]
    return [date(year, month, monthrange(year, month)[1]) for year, month in months]


def every_day() -> Iterator[date]:
    return (START + timedelta(days=n) for n in range(TEN_YEARS))


YEARS: dict[str, Callable[[date], bool]] = {
    "FREQ=MONTHLY;BYMONTHDAY=-1": lambda day: day in set(month_ends()),
    "FREQ=MONTHLY;BYMONTHDAY=31": lambda day: day.day == 31,
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29": lambda day: (day.month, day.day) == (2, 29),
    "FREQ=WEEKLY;INTERVAL=4;BYDAY=TH": lambda day: (day - START).days % 28 == 0,
    "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15": lambda day: day.day == 15 and day.month % 3 == 1,
    # Clocks change on the last Sundays of March and October.
    "FREQ=MONTHLY;BYDAY=-1SU": lambda day: day.weekday() == 6 and (day + timedelta(7)).month != day.month,
}


@pytest.mark.parametrize("rule", YEARS)
def test_ten_years_with_outages_bill_each_period_once_and_in_order(make: Any, firm: Any, rule: str) -> None:
    """The worker stands still for days, opens them late and repeats some: a count of the days knows every period."""
    random = Random(rule)
    firm.do(recurring.agree, agreed(rule=rule, issue=True))
    down, waiting = 0, START
    for day in every_day():
        if down := max(0, down - 1) or (random.randrange(1, 40) if random.random() < 0.02 else 0):
            continue
        if waiting <= day:  # the list knows the next period, and asks for no other
            for _ in range(random.randint(1, 2)):
                run_day(firm, day)
            waiting = firm.state(RECURRING, "rec_1").schedule.first() or date.max
    run_day(firm, START + timedelta(days=TEN_YEARS))
    expected = [day for day in every_day() if YEARS[rule](day)]
    assert billed(firm) == expected
    invoices = [firm.state(INVOICE, e.stream) for e in firm.ledger.events if e.type == "invoice.issued"]
    assert [invoice.supply_on for invoice in invoices] == expected
    assert len({invoice.invoice_id for invoice in invoices}) == len(expected)
    assert [invoice.issued_on for invoice in invoices] == sorted(invoice.issued_on for invoice in invoices)
    assert all(invoice.issued_on >= invoice.supply_on for invoice in invoices)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("ledger_zone", ZONES)
def test_a_creditor_has_each_day_once_also_when_clocks_change(zone: str, ledger_zone: str) -> None:
    days = [day_elsewhere(day, ledger_zone, zone) for day in every_day()]
    assert all(after - before == timedelta(days=1) for before, after in pairwise(days))


def test_two_workers_that_bill_the_same_period_make_one_invoice(firm: Any) -> None:
    firm.do(recurring.agree, agreed(ends_on=START))
    key = uuid4()
    for _ in range(3):
        firm.do(recurring.bill_next, "rec_1", START, key=key)
        firm.do(recurring.bill_next, "rec_1", START)
    assert firm.kinds().count("invoice.drafted") == 1


def test_an_invoice_is_over_the_days_to_the_next_period_and_dated_today(firm: Any) -> None:
    firm.do(recurring.agree, agreed(issue=True))
    late = date(2026, 3, 10)
    first, second, third = (firm.state(INVOICE, made) for made in run_day(firm, late))
    assert (first.supply_on, first.issued_on, first.number) == (START, late, "FAC-2026-000001")
    assert [(i.particulars.supply_from, i.particulars.supply_until) for i in (first, second, third)] == [
        (START, date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 3, 1), date(2026, 3, 31)),
    ]


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("FREQ=DAILY;INTERVAL=10;COUNT=3", ["2026-01-01", "2026-01-11", "2026-01-21"]),
        ("FREQ=MONTHLY;BYDAY=1MO;COUNT=3", ["2026-01-05", "2026-02-02", "2026-03-02"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", ["2026-01-30", "2026-02-27"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", ["2026-01-30", "2026-02-27"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=3", ["2026-01-01", "2026-01-05", "2026-01-08"]),
        ("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1;COUNT=3", ["2026-02-28", "2027-02-28", "2028-02-29"]),
        ("FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=15;COUNT=3", ["2026-03-15", "2026-09-15", "2027-03-15"]),
        ("FREQ=MONTHLY;COUNT=2", ["2026-01-01", "2026-02-01"]),
    ],
)
def test_a_rule_gives_the_dates_of_the_rfc(text: str, dates: list[str]) -> None:
    assert [day.isoformat() for day in occurrences(text, START)] == dates


@pytest.mark.parametrize(
    "text",
    [
        "", "FREQ=HOURLY", "MONTHLY", "FREQ=MONTHLY;", "FREQ=MONTHLY;FREQ=DAILY", "FREQ=MONTHLY;BYHOUR=1",
        "FREQ=MONTHLY;UNTIL=20270101", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=MONTHLY;INTERVAL=0", "FREQ=MONTHLY;INTERVAL=x", "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=XX", "FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=2", "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=2",
        "FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;COUNT=0",
        "FREQ=YEARLY;BYMONTH=13", "FREQ=WEEKLY;WKST=XX", "FREQ=MONTHLY;BYDAY=5MO", "FREQ=MONTHLY" + ";COUNT=1" * 40,
    ],
)  # fmt: skip
def test_a_rule_that_gives_no_dates_or_is_not_of_days_is_refused(text: str) -> None:
    with pytest.raises(DomainError) as refusal:
        list(occurrences(text, START))
    assert refusal.value.errors[0].pointer == "/rule"


def test_prices_follow_the_index_from_anniversary_to_anniversary(firm: Any) -> None:
    firm.do(recurring.publish_index, values((date(2026, 2, 9), "130.69"), (date(2027, 1, 1), "134.58")))
    firm.do(recurring.agree, agreed(indexation=by_index()))
    made = run_day(firm, date(2027, 1, 1))
    prices = [firm.state(INVOICE, name).lines[0].unit_price for name in made]
    assert prices == ["100"] * 12 + ["102.98"]  # 100 × 134.58 / 130.69 = 102.9765…
    assert firm.state(RECURRING, "rec_1").latest.indexed_by.value_period == date(2027, 1, 1)


def test_a_missing_value_is_named_and_the_period_waits_for_it(firm: Any) -> None:
    firm.do(recurring.publish_index, values((START, "100"), frequency="monthly"))
    firm.do(
        recurring.agree,
        agreed(indexation=by_index(revision="each_period", months_back=1), starts_on=date(2026, 2, 1)),
    )
    run_day(firm, date(2026, 2, 1))
    march = date(2026, 3, 1)
    with pytest.raises(DomainError, match=r"ILC \(monthly\) has no value for 2026-02-01") as refusal:
        firm.do(recurring.bill_next, "rec_1", march, today=march)
    assert refusal.value.code == "index-value-missing"
    for _ in range(2):
        firm.do(recurring.block, "rec_1", refusal.value, today=march)
    assert firm.kinds().count("recurring.blocked") == 1
    assert firm.state(RECURRING, "rec_1").blocked.period == march
    firm.do(recurring.publish_index, values((date(2026, 2, 1), "110"), frequency="monthly"))
    run_day(firm, date(2026, 3, 5))
    state = firm.state(RECURRING, "rec_1")
    assert (state.blocked, firm.state(INVOICE, state.latest.invoice_id).lines[0].unit_price) == (None, "110")


def test_an_index_needs_its_base_value_and_keeps_its_frequency(make: Any, firm: Any) -> None:
    with make.refused("index-not-found"):
        firm.do(recurring.agree, agreed(indexation=by_index()))
    firm.do(recurring.publish_index, values((START, "100.0")))
    firm.do(recurring.publish_index, values((START, "100")))
    assert firm.kinds().count("index.published") == 1
    with make.refused("index-value-missing"):
        firm.do(recurring.agree, agreed(indexation=by_index(base_period=date(2025, 12, 31))))
    for wrong in (values((START, "0")), values((START, "1"), (START, "2"))):
        with make.refused("invalid-request"):
            firm.do(recurring.publish_index, wrong)
    with make.refused("index-frequency-fixed"):
        firm.do(recurring.publish_index, values((START, "1"), frequency="monthly"))
    firm.do(recurring.publish_index, values((START, "101")))
    assert firm.state(INDEX, "idx_1").values == {START: "101"}


@pytest.mark.parametrize(
    ("frequency", "day", "back", "period"),
    [
        ("monthly", "2026-03-31", 4, "2025-11-01"),
        ("quarterly", "2026-03-31", 0, "2026-01-01"),
        ("quarterly", "2026-01-15", 1, "2025-10-01"),
        ("yearly", "2026-12-31", 12, "2025-01-01"),
    ],
)
def test_a_day_lies_in_a_period_of_the_index(frequency: Any, day: str, back: int, period: str) -> None:
    assert period_of(frequency, date.fromisoformat(day), back).isoformat() == period


def test_discounts_of_an_amount_are_not_indexed(firm: Any) -> None:
    rebate = AdjustmentInput("allowance", "loyalty", amount="10.00")
    line = replace(LineInput("rent", "1", "100.00", "20"), adjustments=(rebate,))
    firm.do(recurring.publish_index, values((START, "100"), (date(2027, 1, 1), "110")))
    firm.do(
        recurring.agree, agreed(content=Content(None, (line,)), indexation=by_index(), rule="FREQ=YEARLY")
    )
    first, second = (firm.state(INVOICE, name) for name in run_day(firm, date(2027, 1, 1)))
    assert (first.net_minor, second.net_minor) == (9_000, 10_000)


def test_a_pause_leaves_its_periods_out_and_an_end_ends(make: Any, firm: Any) -> None:
    firm.do(recurring.agree, agreed())
    june = date(2026, 6, 1)
    with make.refused("recurring-behind"):
        firm.do(recurring.pause, PauseRecurring("rec_1"), today=june)
    run_day(firm, date(2026, 5, 1))
    firm.do(recurring.pause, PauseRecurring("rec_1", "holiday"), today=june)
    with make.refused("recurring-paused"):
        firm.do(recurring.pause, PauseRecurring("rec_1"), today=june)
    assert run_day(firm, date(2026, 7, 2)) == []
    firm.do(recurring.resume, ResumeRecurring("rec_1"), today=date(2026, 7, 2))
    with make.refused("recurring-not-paused"):
        firm.do(recurring.resume, ResumeRecurring("rec_1"), today=date(2026, 7, 2))
    assert firm.state(RECURRING, "rec_1").next_dates(2) == [date(2026, 8, 1), date(2026, 9, 1)]
    run_day(firm, date(2026, 8, 1))
    with make.refused("invalid-request"):
        firm.do(recurring.end, EndRecurring("rec_1", date(2026, 7, 31)), today=date(2026, 8, 2))
    for _ in range(2):
        firm.do(recurring.end, EndRecurring("rec_1", date(2026, 9, 30)), today=date(2026, 8, 2))
    run_day(firm, date(2027, 1, 1))
    assert [day.month for day in billed(firm)] == [1, 2, 3, 4, 5, 8, 9]
    assert firm.kinds().count("recurring.ended") == 1
    assert firm.state(RECURRING, "rec_1").status_on(date(2026, 10, 1)) == "ended"
    lists = Folding(Lists())
    rows = lists.fold_in(firm.ledger.events, range(0, len(firm.ledger.events), 3))["recurring"]
    assert (lists.parked, rows["rec_1",][-1]) == ({}, None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ends_on": date(2025, 12, 31)}, "invalid-request"),
        ({"rule": "FREQ=MONTHLY;BYMONTHDAY=2", "ends_on": START}, "invalid-request"),
        ({"rule": "FREQ=DAILY", "starts_on": date(2020, 1, 1)}, "invalid-request"),
        ({"series": "AVO"}, "series-not-defined"),
        ({"entity_id": "ent_2"}, "entity-not-found"),
    ],
)
def test_an_agreement_that_cannot_be_billed_is_refused(make: Any, firm: Any, changes: Any, code: str) -> None:
    with make.refused(code):
        firm.do(recurring.agree, agreed(**changes))
