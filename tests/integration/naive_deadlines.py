"""Ten years of sales under two insurance contracts in a row; deadlines and stops of cover by a count of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from msgspec.structs import replace

from encours.contracts.events.insurance import InsuranceContractSet, InsuranceTerms, TurnoverRule
from encours.kernel.business_days import business_calendar
from encours.kernel.ids import derived_id
from encours.testing.events import event
from risk_svc.domain.insurance.contract import contract_of

FIRST, LAST = date(2024, 1, 1), date(2033, 12, 31)
DAY = timedelta(days=1)
ENTITY = derived_id("ent", "insured")
NAMED, SMALL, SEASON, CUT = CUSTOMERS = [
    derived_id("cus", f"insured {name}") for name in ("named", "small", "season", "cut")
]
STEADY = InsuranceTerms(
    insured_share_bps=9_000, longest_extension_days=60, notice_days=30, hand_over_days=90, waiting_days=150,
    stop_days=60, unnamed_minor=200_00, turnover=TurnoverRule(period="quarter", within_days=30), calendar="FR",
)  # fmt: skip
OTHER = replace(
    STEADY, notice_days=45, hand_over_days=120, stop_days=45, counted_from="extended_date", shift="following",
    turnover=TurnoverRule(period="year", within_days=90), calendar="TARGET",
)  # fmt: skip
CHANGE = date(2029, 1, 1)
CONTRACTS = {
    contract_of(code): event(
        InsuranceContractSet, insurance_contract_id=contract_of(code), entity_id=ENTITY, code=code, version=1,
        currency="EUR", valid_from=first, valid_until=last, conditions=terms,
    )
    for code, first, last, terms in (
        ("ALPHA", FIRST, CHANGE - DAY, STEADY),
        ("BETA", CHANGE, LAST, OTHER),
    )
}  # fmt: skip
AWAY = date(2027, 9, 1), date(2027, 9, 8)
"""First day on which no worker runs, and the day on which one does the work of them all."""


@dataclass(frozen=True)
class Sale:
    """An invoice of 100.00: issued, perhaps extended, and paid."""

    number: int
    customer: str
    issued_on: date
    due_on: date
    paid_on: date
    told_on: date | None = None
    agreed_on: date | None = None

    @property
    def invoice(self) -> str:
        return derived_id("inv", f"insured {self.number}")


def sales() -> list[Sale]:
    """Each customer buys once a year, and pays early, late or very late."""
    draw, found = random.Random(40), list[Sale]()
    for year in range(2024, 2033):
        for customer in CUSTOMERS:
            issued_on = date(year, draw.randrange(1, 13), draw.randrange(1, 29))
            due_on = issued_on + timedelta(days=draw.choice((30, 45, 60)))
            paid_on = due_on + timedelta(days=draw.choice((-5, 0, 40, 70, 130, 260)))
            sale = Sale(len(found), customer, issued_on, due_on, paid_on)
            if len(found) % 7 == 5:
                told, agreed = issued_on + 5 * DAY, due_on + timedelta(days=draw.choice((20, 75)))
                late = max(sale.paid_on, agreed)
                sale = Sale(sale.number, customer, issued_on, due_on, late, told, agreed)
            found.append(sale)
    # Its cover stops while no worker runs.
    away = Sale(len(found), NAMED, date(2027, 5, 20), date(2027, 7, 4), date(2027, 10, 1))
    return [*found, away]


SALES = sales()
PAID = {each.invoice: each.paid_on for each in SALES}


def shifted(day: date, step: int, calendar: str) -> date:
    """The business day on or after a day, or before it with a step of -1."""
    known = business_calendar(calendar)
    while day.weekday() > 4 or day in known.holidays:
        day += step * DAY
    return day


def ten_before(day: date, calendar: str) -> date:
    day = shifted(day, -1, calendar)
    for _ in range(10):
        day = shifted(day - DAY, -1, calendar)
    return day


@dataclass(frozen=True)
class Due:
    """A deadline by the count of this test: its contract, kind, subject and last day, and the day of its alert."""

    code: str
    kind: str
    subject: str
    last_day: date
    alert_on: date


def claims(sale: Sale, code: str) -> Iterator[tuple[str, date]]:
    """Kinds and last days of an invoice under one of the contracts."""
    if code == "ALPHA":
        base, notice, hand_over, calendar, step = sale.due_on, 30, 90, "FR", -1
    else:
        base, notice, hand_over, calendar, step = sale.due_on, 45, 120, "TARGET", 1
        base = min(sale.agreed_on or base, sale.due_on + 60 * DAY)
    yield "overdue_notice", shifted(base + notice * DAY, step, calendar)
    yield "hand_over", shifted(base + hand_over * DAY, step, calendar)
    if sale.agreed_on is not None and sale.agreed_on > sale.due_on + 60 * DAY:
        yield "extension", shifted(sale.due_on + 60 * DAY, step, calendar)


def stopped(customer: str, day: date, stop_days: int) -> bool:
    """A debt of the customer is open on the day, and past due by more."""
    return any(
        each.customer == customer and each.due_on + stop_days * DAY < day < each.paid_on
        for each in SALES
        if each.issued_on <= day
    )


def cover_of(customer: str, day: date) -> bool:
    """Deliveries of the day are within the time of a cover, stopped or not."""
    if customer == SEASON:
        return FIRST <= day < CHANGE
    return customer != CUT or day < date(2027, 3, 31)


def due_for_sales() -> Iterator[Due]:
    for sale in SALES:
        code, calendar, stop = ("ALPHA", "FR", 60) if sale.issued_on < CHANGE else ("BETA", "TARGET", 45)
        covered = cover_of(sale.customer, sale.issued_on)
        if covered and not stopped(sale.customer, sale.issued_on, stop):
            for kind, last in claims(sale, code):
                yield Due(code, kind, sale.invoice, last, ten_before(last, calendar))
        for code, calendar, stop in (("ALPHA", "FR", 60), ("BETA", "TARGET", 45)):
            last = sale.due_on + stop * DAY
            alert = ten_before(last, calendar)
            ends = CHANGE - DAY if code == "ALPHA" else LAST
            insured = cover_of(sale.customer, alert) if code == "ALPHA" else sale.customer in (NAMED, SMALL)
            if insured and last < ends and (code == "ALPHA" or last + DAY >= CHANGE):
                yield Due(code, "stop_of_cover", sale.invoice, last, alert)


def due_for_periods() -> Iterator[Due]:
    for year in range(2024, 2029):
        for quarter in range(4):
            after = date(year + quarter // 3, (quarter * 3 + 3) % 12 + 1, 1)
            last = shifted(after + 29 * DAY, -1, "FR")
            yield Due("ALPHA", "turnover", f"{year}-Q{quarter + 1}", last, ten_before(last, "FR"))
    for year in range(2029, 2033):
        last = shifted(date(year + 1, 1, 1) + 89 * DAY, 1, "TARGET")
        yield Due("BETA", "turnover", str(year), last, ten_before(last, "TARGET"))
    yield Due("BETA", "contract_expiry", "", LAST, ten_before(LAST, "TARGET"))


def awaited() -> list[Due]:
    """Deadlines that are alerted, as their invoice is open then. The work of the years ends with them."""
    found = [*due_for_sales(), *due_for_periods()]
    return [each for each in found if each.alert_on < min(LAST + DAY, PAID.get(each.subject, date.max))]
