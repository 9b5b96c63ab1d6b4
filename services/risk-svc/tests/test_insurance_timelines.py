"""Worked timelines of insurance contracts: terms and dates on the left, the deadlines that follow on the right.

``insurance_timelines.csv``: ``<kind>=<last day>/<day of the alert>``. The dates were worked out from the calendars of
the years, not by the code. Ten simulated years follow.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from encours.contracts.events.insurance import (
    CoverGranted,
    InsuranceContractSet,
    InsuranceTerms,
    TurnoverRule,
)
from encours.contracts.insured.claims import DeadlineFacts, InsuredBook, InsuredInvoice, deadline_id_of
from encours.contracts.insured.covers import Amount, InsuranceCover
from encours.kernel.business_days import business_calendar
from encours.testing.events import event
from risk_svc.domain.insurance.contract import contract_of
from risk_svc.domain.insurance.deadlines import InsuranceDeadline, deadlines_of
from risk_svc.domain.insurance.work import is_missed, near

with (Path(__file__).parent / "insurance_timelines.csv").open(encoding="utf-8") as table:
    CASES = list(csv.DictReader(table))
USUAL = {
    "calendar": "FR", "shift": "preceding", "counted_from": "due_date", "notice": "30", "hand_over": "90",
    "extension": "60", "stop": "60", "waiting": "150", "insolvency": "", "turnover": "", "alert": "10",
    "contract_until": "",
}  # fmt: skip


def pairs(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split())


def contract_with(wanted: dict[str, str], valid_from: date) -> InsuranceContractSet:
    period, _, within = wanted["turnover"].partition("/")
    kinds: Any = {"period": period, "shift": wanted["shift"], "counted_from": wanted["counted_from"]}
    terms = InsuranceTerms(
        insured_share_bps=9_000,
        longest_extension_days=int(wanted["extension"]),
        notice_days=int(wanted["notice"]),
        hand_over_days=int(wanted["hand_over"]),
        waiting_days=int(wanted["waiting"]),
        stop_days=int(wanted["stop"]),
        counted_from=kinds["counted_from"],
        insolvency_days=int(wanted["insolvency"]) if wanted["insolvency"] else None,
        turnover=TurnoverRule(period=kinds["period"], within_days=int(within)) if within else None,
        calendar=wanted["calendar"],
        shift=kinds["shift"],
        alert_business_days=int(wanted["alert"]),
    )
    until = date.fromisoformat(wanted["contract_until"]) if wanted["contract_until"] else None
    return event(
        InsuranceContractSet,
        insurance_contract_id=contract_of("C"),
        code="C",
        currency="EUR",
        valid_from=valid_from,
        valid_until=until,
        conditions=terms,
    )


def cover(contract: InsuranceContractSet, **fields: Any) -> InsuranceCover:
    usual = {"valid_from": date(2020, 1, 1), "valid_until": None, "amount_minor": 10**9, "currency": "EUR"}
    granted = event(
        CoverGranted,
        insurance_contract_id=contract.insurance_contract_id,
        **({"cover_id": "cov_1"} | usual | fields),
    )
    return InsuranceCover(granted, "ent_1", (Amount(granted.valid_from, granted.amount_minor),))


def invoice(due_on: date, **fields: Any) -> InsuredInvoice:
    usual: dict[str, Any] = {
        "invoice_id": "inv_1", "number": "F-1", "customer_id": "cus_1", "currency": "EUR",
        "issued_on": due_on - timedelta(days=30), "due_on": due_on, "open_minor": 1_000_00,
    }  # fmt: skip
    return InsuredInvoice(**(usual | fields))


def book_of(terms: dict[str, str], story: dict[str, date]) -> InsuredBook:
    contract = contract_with(USUAL | terms, story.get("from", date(2020, 1, 1)))
    covers = [cover(contract, valid_until=story.get("cover_until"))]
    if "renewed" in story:
        covers.append(cover(contract, cover_id="cov_2", valid_from=story["renewed"]))
    facts = {
        deadline_id_of(contract.insurance_contract_id, kind, "inv_1"): DeadlineFacts(met_on=story[name])
        for name, kind in (("noticed", "overdue_notice"), ("handed", "hand_over"))
        if name in story
    }
    return InsuredBook(
        contract,
        tuple(covers),
        (invoice(story["due"], agreed_on=story.get("agreed")),) if "due" in story else (),
        {"cus_1": story["opened"]} if "opened" in story else {},
        facts,
    )


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_timeline_has_the_deadlines_that_were_worked_out(case: dict[str, str]) -> None:
    story = {name: date.fromisoformat(day) for name, day in pairs(case["story"]).items()}
    book = book_of(pairs(case["terms"]), story)
    first = story.get("due", story.get("from", date(2026, 1, 1)))
    found = deadlines_of(book, first, story.get("until", date(2029, 1, 1)))
    shown = {
        f"{each.kind}:{each.period}" if each.period else each.kind: f"{each.last_day}/{each.alert_on}"
        for each in found
    }
    assert shown == pairs(case["expected"])


CALENDAR = business_calendar("FR")


def business_days_between(first: date, last: date) -> int:
    """Count the business days after a day, up to another, by the calendar's file alone."""
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sum(day.weekday() < 5 and day not in CALENDAR.holidays for day in days)


@dataclass
class Firm:
    """A firm with an insurance contract: invoices, extensions, proceedings; a clerk acts on what is alerted."""

    draw: random.Random
    diligent: bool = True
    book: InsuredBook = field(
        default_factory=lambda: InsuredBook(
            contract_with(USUAL | {"insolvency": "20", "turnover": "quarter/30"}, date(2024, 1, 1))
        )
    )
    pays_on: dict[str, date] = field(default_factory=dict)
    news: set[str | None] = field(default_factory=set)
    """Invoices that were made or extended on the day, customers whose proceedings opened on it."""
    acts_on: dict[str, date] = field(default_factory=dict)
    shown: int = 0
    missed: int = 0
    made: int = 0

    def __post_init__(self) -> None:
        covers = tuple(
            cover(
                self.book.contract,
                cover_id=f"cov_{n}",
                customer_id=f"cus_{n}",
                valid_until=date(2024, 12, 31),
            )
            for n in range(3)
        )
        self.book = replace(self.book, covers=covers)

    def live(self, day: date) -> None:
        """Let a day pass: what happens to the firm, the work of the day, and the clerk."""
        self._happen(day)
        for each in near(self.book, day):
            self._work(day, each)
        for identifier in [each for each, on in self.acts_on.items() if on <= day]:
            del self.acts_on[identifier]
            self._fact(identifier, met_on=day)

    def _work(self, day: date, each: InsuranceDeadline) -> None:
        if each.facts.alerted_for != each.last_day:
            self.shown += 1
            assert (
                not self.news.isdisjoint({each.invoice_id, each.customer_id})
                or business_days_between(day, each.last_day) >= 10
            )
            self._fact(each.deadline_id, alerted_for=each.last_day, alerted_on=day)
            if each.kind == "cover_expiry":
                self._renew(each)
            elif each.kind != "stop_of_cover" and self.diligent:
                self.acts_on[each.deadline_id] = day + timedelta(days=self.draw.randrange(8))
        if is_missed(each, day):
            self.missed += 1
            self._fact(each.deadline_id, missed_on=day)

    def _renew(self, each: InsuranceDeadline) -> None:
        first = each.last_day + timedelta(days=1)
        again = cover(
            self.book.contract,
            cover_id=f"cov_{each.customer_id}_{first.year}",
            customer_id=each.customer_id,
            valid_from=first,
            valid_until=date(first.year, 12, 31),
        )
        current = (old for old in self.book.covers if (each.last_day - old.content.valid_from).days < 700)
        self.book = replace(self.book, covers=(*current, again))

    def _fact(self, identifier: str, **changes: Any) -> None:
        facts = self.book.facts_of(identifier)
        self.book = replace(self.book, facts={**self.book.facts, identifier: replace(facts, **changes)})

    def _happen(self, day: date) -> None:
        draw = self.draw
        self.news.clear()
        invoices = [each for each in self.book.invoices if self.pays_on[each.invoice_id] > day]
        opened = {each: on for each, on in self.book.insolvent_since.items() if (day - on).days < 200}
        if draw.random() < 0.06:
            self.made += 1
            due = day + timedelta(days=draw.choice((10, 30, 45, 60)))
            late = draw.choice((-5, 0, 3, 10, 40, 70, 130, 260))
            made = invoice(
                due, invoice_id=f"inv_{self.made}", customer_id=f"cus_{draw.randrange(3)}", issued_on=day
            )
            invoices.append(made)
            self.news.add(made.invoice_id)
            self.pays_on[made.invoice_id] = due + timedelta(days=late)
        for n, each in enumerate(invoices):
            if draw.random() < 0.002 and day < each.due_on:
                invoices[n] = with_fields(
                    each, agreed_on=each.due_on + timedelta(days=draw.choice((20, 60, 90)))
                )
                self.news.add(each.invoice_id)
        if draw.random() < 0.002:
            self.news.add(customer := f"cus_{draw.randrange(3)}")
            opened.setdefault(customer, day)
        self.book = replace(self.book, invoices=tuple(invoices), insolvent_since=opened)


YEARS = [date(2024, 1, 1) + timedelta(days=n) for n in range(3_653)]


def test_in_ten_years_every_deadline_is_shown_ten_business_days_before_and_none_is_missed() -> None:
    firm = Firm(random.Random(11))
    for day in YEARS:
        firm.live(day)
    assert firm.missed == 0
    assert firm.shown > 300


def test_a_clerk_who_does_not_act_misses_deadlines() -> None:
    firm = Firm(random.Random(11), diligent=False)
    for day in YEARS[:400]:
        firm.live(day)
    assert firm.missed > 10
