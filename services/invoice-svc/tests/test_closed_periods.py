"""Nothing is issued into a closed period; a year closes by itself, and the entity can close more."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoice_svc.domain.entity.closing import closed_until
from invoice_svc.domain.entity.commands import AmendEntity
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.invoice.commands import TakeOverInvoice
from invoice_svc.use_cases.folds import ENTITY
from invoice_svc.use_cases.parties import entities
from invoice_svc.use_cases.sales import invoices

NOVEMBER = date(2026, 11, 15)


def close(firm: Any, until: date, today: date = NOVEMBER) -> None:
    firm.do(entities.amend, AmendEntity("ent_1", closed_until=until), today=today)


@pytest.mark.parametrize(
    ("today", "closed"),
    [
        (date(2026, 1, 1), date(2024, 12, 31)),
        (date(2026, 1, 31), date(2024, 12, 31)),
        (date(2026, 2, 1), date(2025, 12, 31)),
        (NOVEMBER, date(2025, 12, 31)),
    ],
)
def test_a_year_closes_a_month_after_its_end(today: date, closed: date) -> None:
    assert closed_until(Entity(entity_id="ent_1"), today) == closed


def test_an_invoice_is_not_issued_into_a_closed_year_and_the_refusal_says_which(make: Any, firm: Any) -> None:
    """An invoice dated 2025-12-31 was issued in November 2026."""
    with make.refused("period-closed"):
        firm.do(invoices.draft, make.at_once(make.draft(), date(2025, 12, 31)), today=NOVEMBER)
    firm.do(invoices.draft, make.at_once(make.draft(), date(2026, 1, 1)), today=NOVEMBER)


def test_a_credit_note_neither(make: Any, issued: Any) -> None:
    close(issued, date(2026, 10, 31))
    with make.refused("period-closed"):
        issued.do(invoices.credit, make.credit(1_000, on=date(2026, 10, 31)), today=NOVEMBER)
    issued.do(invoices.credit, make.credit(1_000, on=date(2026, 11, 1)), today=NOVEMBER)


def test_what_is_closed_stays_closed_and_no_day_closes_before_its_end(make: Any, firm: Any) -> None:
    close(firm, date(2026, 9, 30))
    close(firm, date(2026, 9, 30))  # as it is
    assert firm.kinds().count("entity.period_closed") == 1
    with make.refused("invalid-request"):
        close(firm, date(2026, 8, 31))
    with make.refused("invalid-request"):
        close(firm, NOVEMBER)
    close(firm, date(2026, 10, 31))
    assert firm.state(ENTITY, "ent_1").closed_until == date(2026, 10, 31)


def test_an_entity_may_keep_the_last_year_open_until_the_next_one_closes(firm: Any) -> None:
    close(firm, date(2025, 11, 30), today=date(2026, 3, 1))
    entity = firm.state(ENTITY, "ent_1")
    assert closed_until(entity, NOVEMBER) == date(2025, 11, 30)
    assert closed_until(entity, date(2027, 2, 1)) == date(2026, 12, 31)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 1_000))
def test_by_default_a_closed_period_never_opens_again(today: date, days: int) -> None:
    entity = Entity(entity_id="ent_1")
    later = date.fromordinal(today.toordinal() + days)
    assert closed_until(entity, today) <= closed_until(entity, later) < later


def test_documents_of_another_system_keep_their_dates(firm: Any) -> None:
    taken = TakeOverInvoice(
        "inv_9", "cus_1", "ent_1", "OLD-1", date(2019, 5, 1), date(2019, 6, 1), "EUR", 12_000, 10_000, 2_000
    )
    firm.do(invoices.take_over, taken, today=NOVEMBER)
