"""Grades of customers, recorded when they change."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from encours.contracts.events.score import ScoreGraded
from encours.contracts.parties import Survivors
from encours.testing.memory import TODAY, BooksInMemory
from risk_svc.domain.score.grading import GradeCustomer, grade_of
from risk_svc.domain.score.history import PayerHistory
from risk_svc.domain.score.model import Forecast
from risk_svc.domain.score.outcomes import outcomes
from risk_svc.domain.score.shipped import SHIPPED
from risk_svc.read_models.credit.accounts import accounts_of
from risk_svc.use_cases.grades import grade_customer

CUSTOMER = f"cus_{1:032x}"
NOBODY = Survivors((), date.min)


def day(days: int) -> date:
    return TODAY + timedelta(days=days)


def account(
    invoices: list[tuple[int, int]], cash: dict[str, tuple[int, int]], letters: dict[tuple[str, str], int]
) -> PayerHistory:
    """History of invoices ``(due in days, amount)`` and payments ``(day of the funds, amount)``, lettered as given."""
    paid = {f"inv_{n}": 0 for n in range(len(invoices))}
    for (invoice, _), minor in letters.items():
        paid[invoice] += minor
    items = [
        {
            "customer_id": CUSTOMER, "currency": "EUR", "invoice_id": f"inv_{n}", "number": f"F{n}",
            "issued_on": day(due - 30), "due_on": day(due), "total_minor": minor, "owed_minor": minor,
            "open_minor": minor - paid[f"inv_{n}"], "disputed_minor": 0, "conceded_minor": 0, "planned_minor": 0,
            "moved_on": day(due - 30), "is_penalty": False,
        }
        for n, (due, minor) in enumerate(invoices)
    ]  # fmt: skip
    items.sort(key=lambda each: (each["due_on"], each["invoice_id"]))
    funds: list[dict[str, Any]] = []
    for payment, (on, minor) in cash.items():
        lettered = {invoice: part for (invoice, by), part in letters.items() if by == payment}
        shares = [(invoice, part, 0) for invoice, part in lettered.items()]
        shares.append(("", 0, minor - sum(lettered.values())))
        funds += (
            {
                "customer_id": CUSTOMER, "currency": "EUR", "invoice_id": invoice, "payment_id": payment,
                "applied_minor": applied, "unapplied_minor": unapplied,
                "available_on": None if invoice else day(on),
            }
            for invoice, applied, unapplied in shares
        )  # fmt: skip
    found = accounts_of(items, funds, [], NOBODY)[CUSTOMER]["EUR"]
    return PayerHistory("", outcomes(found.items, TODAY))


def forecast(payer: PayerHistory) -> Forecast:
    return SHIPPED.forecast_at_end_of(payer, TODAY.toordinal())


DUE = [-30 * n for n in range(1, 13)]
INVOICES = [(due, 100_00) for due in DUE]


def paying(after: int) -> dict[str, tuple[int, int]]:
    """A payment of each invoice, so many days after its due date."""
    return {f"pay_{n}": (due + after, 100_00) for n, due in enumerate(DUE)}


def in_order(cash: dict[str, tuple[int, int]]) -> dict[tuple[str, str], int]:
    return {(f"inv_{payment.removeprefix('pay_')}", payment): minor for payment, (_, minor) in cash.items()}


def test_who_never_pays_ends_at_e_without_one_paid_invoice() -> None:
    never = forecast(account(INVOICES, {}, {}))
    assert (never.grade, never.level.settled, never.level.open_late) == ("E", 0, 12)


@pytest.mark.parametrize(("after", "grade"), [(12, "C"), (25, "C"), (29, "C")])
def test_who_pays_late_but_always_is_between(after: int, grade: str) -> None:
    cash = paying(after)
    assert forecast(account(INVOICES, cash, in_order(cash))).grade == grade


def test_who_pays_in_advance_is_at_a_however_late_it_is_lettered() -> None:
    cash = paying(-20)
    lettered, unapplied = account(INVOICES, cash, in_order(cash)), account(INVOICES, cash, {})
    assert forecast(lettered).grade == "A"
    assert unapplied == lettered
    half = dict(list(in_order(cash).items())[::2])
    assert account(INVOICES, cash, half) == lettered


def test_a_grade_is_recorded_when_it_changes_and_once() -> None:
    books = BooksInMemory()
    late = forecast(account(INVOICES, {}, {}))
    good = forecast(account(INVOICES, paying(-20), {}))
    unknown = forecast(PayerHistory("", ()))
    for found in (unknown, late, late, good, unknown, late):
        books.do(grade_customer, GradeCustomer(CUSTOMER, found, 7), "ent_1")
    graded = [e.data for e in books.stream(grade_of(CUSTOMER))]
    assert [(each.previous, each.grade) for each in graded if isinstance(each, ScoreGraded)] == [
        (None, "E"),
        ("E", "A"),
        ("A", "E"),
    ]
    (first, *_) = graded
    assert isinstance(first, ScoreGraded)
    assert (first.model_version, first.open_late, first.reasons) == ("default-1", 12, ("open-late",))
    assert first.from_tenths < first.expected_tenths < first.to_tenths


def test_invoices_of_one_day_are_in_order_whether_or_not_they_are_paid() -> None:
    alike = [(-30, 100), (-30, 100)]
    paid = account(alike, {"pay_1": (-20, 100)}, {("inv_1", "pay_1"): 100})
    assert [each.settled for each in paid.history] == [day(-20).toordinal(), None]
