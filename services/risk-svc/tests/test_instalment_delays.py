"""Exposure and delay of an invoice in instalments, each by its agreed date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from encours.contracts.common import Instalment, Reason
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.contracts.parties import Survivors
from encours.projection.row_cache import RowCache
from encours.testing.events import event, issued
from encours.testing.history import recorded
from risk_svc.domain.exposure import ExposureItem, exposure
from risk_svc.domain.score.behaviour import score
from risk_svc.read_models.credit.accounts import accounts_of
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.credit.rows import ExposureInstalmentRow

DAY = date(2026, 6, 30)
Parts = Sequence[tuple[int, int]]
"""Days from today, and an amount."""


def invoice(
    schedule: Parts, payments: Parts = (), *, earlier: Parts = (), conceded: int = 0, cash: Parts = ()
) -> ExposureItem:
    """An invoice over the sum of the schedule, due today as a whole; payments are by the day of their funds."""
    total = sum(minor for _, minor in schedule)
    paid = sum(minor for _, minor in payments)
    item = {
        "customer_id": "cus_1", "currency": "EUR", "invoice_id": "inv_1", "number": "F1", "issued_on": at(-200),
        "due_on": DAY, "total_minor": total + conceded, "open_minor": total + conceded - paid, "owed_minor": total,
        "disputed_minor": conceded, "conceded_minor": conceded, "planned_minor": 0, "moved_on": at(-200),
        "is_penalty": False,
    }  # fmt: skip
    funds = [
        {
            "customer_id": "cus_1", "currency": "EUR", "invoice_id": invoice_id, "payment_id": f"pay_{on}_{n}",
            "applied_minor": minor if invoice_id else 0, "unapplied_minor": 0 if invoice_id else minor,
            "available_on": at(on),
        }
        for invoice_id, found in (("inv_1", payments), ("", cash))
        for n, (on, minor) in enumerate(found)
    ]  # fmt: skip
    agreed = [
        {
            "invoice_id": "inv_1",
            "position": position,
            "effective_on": at(-200 + position),
            "due_on": at(days),
            "amount_minor": minor,
        }
        for position, parts in enumerate((earlier, schedule))
        for days, minor in parts
    ]
    (found,) = accounts_of([item], funds, agreed, Survivors((), date.min))["cus_1"]["EUR"].items
    return found


def at(days: int) -> date:
    return DAY + timedelta(days=days)


def seen(item: ExposureItem) -> tuple[int, int, int]:
    """Not due, overdue, oldest days past due."""
    found = exposure([item], drafts_minor=0, unapplied_minor=0, day=DAY)
    return found.not_due_minor, found.overdue_minor, found.oldest_days_past_due


def reasons(item: ExposureItem) -> tuple[Reason, ...]:
    return score([item], DAY).reasons


THREE = [(-70, 100), (-10, 100), (20, 100)]


def test_only_instalments_past_their_dates_are_overdue() -> None:
    assert seen(invoice(THREE)) == (100, 200, 70)
    assert seen(invoice(THREE, [(-80, 100)])) == (100, 100, 10)
    assert seen(invoice(THREE, [(-80, 200)])) == (100, 0, 0)


def test_the_schedule_that_was_agreed_last_counts() -> None:
    assert seen(invoice([(40, 150), (80, 150)], earlier=THREE)) == (300, 0, 0)


def test_the_invoice_is_due_when_its_first_open_instalment_is() -> None:
    assert invoice(THREE).due_on == at(-70)
    assert invoice(THREE, [(-80, 150)]).due_on == at(-10)
    assert invoice(THREE, [(-80, 300)]).due_on == at(20)


def test_a_conceded_claim_is_not_exposure_and_leaves_the_first_instalments_as_they_are() -> None:
    assert seen(invoice(THREE, conceded=50)) == (100, 200, 70)


def test_unapplied_cash_covers_the_oldest_instalment() -> None:
    assert seen(invoice(THREE, cash=[(-75, 100)])) == (100, 200, 10)


def test_instalments_paid_on_their_dates_are_in_time_although_the_whole_was_due_before() -> None:
    paid = invoice([(-70, 100), (-10, 100), (0, 100)], [(-70, 100), (-10, 100), (0, 100)])
    assert reasons(paid) == (Reason.of("paid-in-time", settled=1),)


def test_the_delay_is_the_longest_of_the_instalments() -> None:
    paid = invoice([(-100, 100), (-40, 100)], [(-60, 100), (-41, 100)])
    assert paid.delay(DAY) == 40
    assert paid.settled_on == at(-41)
    assert reasons(paid) == (Reason.of("paid-late", late=1, settled=1, days=40),)


def test_an_instalment_that_was_paid_late_counts_before_the_invoice_is_settled() -> None:
    found = score([invoice([(-100, 100), (40, 100)], [(-60, 100)])], DAY)
    assert found.reasons == (Reason.of("instalments-late-before", invoices=1, days=40),)
    assert (found.settled, found.open_late) == (0, 0)
    late = score([invoice([(-40, 100), (40, 100)])], DAY)
    assert (late.value, late.open_late) == (found.value, 1)


def test_a_schedule_that_is_agreed_late_forgives_no_delay_before_it() -> None:
    extended = invoice([(10, 100), (40, 100)], earlier=[(-230, 100), (-205, 100)])
    assert (seen(extended), extended.delay(DAY)) == ((200, 0, 0), 30)
    assert reasons(extended) == (Reason.of("instalments-late-before", invoices=1, days=30),)


def test_instalments_that_are_not_due_yet_are_no_history() -> None:
    assert reasons(invoice([(10, 100), (40, 100)])) == (Reason(code="no-history"),)


@given(
    gaps=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    first=st.integers(-150, 30),
    amounts=st.lists(st.integers(1, 9), min_size=4, max_size=4),
    payments=st.lists(st.tuples(st.integers(-180, 0), st.integers(1, 9)), max_size=5),
)
def test_overdue_and_delay_are_those_of_a_count_unit_by_unit(
    gaps: list[int], first: int, amounts: list[int], payments: Parts
) -> None:
    days = list(accumulate(gaps, initial=first))[: len(gaps)]
    schedule = list(zip(days, amounts, strict=False))
    units = [due for due, minor in schedule for _ in range(minor)]
    paid_on = sorted(on for on, minor in payments for _ in range(minor))[: len(units)]
    kept: list[tuple[int, int]] = []
    for on, minor in sorted(payments):
        kept.append((on, min(minor, len(units) - sum(each for _, each in kept))))
    item = invoice(schedule, [(on, minor) for on, minor in kept if minor])
    left = units[len(paid_on) :]
    delays = [on - due for due, on in zip(units, paid_on, strict=False)] + [-due for due in left]
    assert item.open_minor == len(left)
    assert item.overdue_minor(DAY) == sum(due < 0 for due in left)
    assert item.delay(DAY) == max(0, *delays)
    assert [part.open_minor for part in item.parts] == [left.count(due) for due in days]


def test_instalments_are_kept_by_the_event_that_agreed_them() -> None:
    model, rows = Credit(), RowCache(Credit().rows)
    rows.assume_empty()
    parts = tuple(Instalment(due_on=at(days), amount_minor=minor) for days, minor in THREE)
    agreed: Any = [issued(300), event(InvoiceRescheduled, instalments=parts)]
    for position, each in enumerate(agreed, 1):
        model.project(recorded(each, position=position), rows)
    stored = [rows.get(ExposureInstalmentRow, "inv_1", 2, at(days)) for days, _ in THREE]
    assert [row.amount_minor for row in stored if row] == [100, 100, 100]
