"""Given an invoice in instalments, then each is in the band of its own due date."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.contracts import Event
from encours.contracts.common import Instalment
from encours.contracts.events.invoice import EarlyDiscountWithdrawn, InvoicePlanned, InvoiceUnplanned
from encours.contracts.events.loss import InvoiceWrittenOff
from encours.contracts.events.money.plan import InvoiceRescheduled
from encours.projection.row_cache import RowCache
from encours.testing.events import DAY, applied, credited, disputed, event, issued, received, undisputed
from encours.testing.history import happened
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.rows import AGING_DAY_ID, AgingDay, Balance

INVOICE = issued(30_000, due_on=DAY - timedelta(days=1))


def agreed(*instalments: tuple[int, int]) -> InvoiceRescheduled:
    """Instalments by days from today and amount."""
    parts = (Instalment(due_on=DAY + timedelta(days=days), amount_minor=minor) for days, minor in instalments)
    return event(InvoiceRescheduled, instalments=tuple(parts))


THREE = agreed((-70, 10_000), (-10, 10_000), (20, 10_000))


def after(*events: Event, day: date | None = DAY) -> Balance:
    model = Receivables()
    rows = RowCache(model.rows)
    rows.assume_empty()
    if day is not None:
        rows.put(AgingDay(id=AGING_DAY_ID, day=day))
    for each in happened(*events):
        model.project(each, rows)
    found = rows.get(Balance, "ent_1", "cus_1", "EUR")
    assert found is not None
    return found


def bands(*events: Event, day: date | None = DAY) -> tuple[int, ...]:
    """Amounts not due, 1 to 30, 31 to 60 and 61 to 90 days past due."""
    now = after(*events, day=day)
    assert now.band_4_minor == now.band_5_minor == 0
    found = (now.band_0_minor, now.band_1_minor, now.band_2_minor, now.band_3_minor)
    assert sum(found) == now.open_minor
    return found


def test_each_instalment_is_in_the_band_of_its_own_due_date() -> None:
    assert bands(INVOICE) == (0, 30_000, 0, 0)
    assert bands(INVOICE, THREE) == (10_000, 10_000, 0, 10_000)


def test_before_any_day_was_opened_no_instalment_is_due() -> None:
    assert bands(INVOICE, THREE, day=None) == (30_000, 0, 0, 0)


def test_payments_settle_the_earliest_instalments_whether_they_came_before_or_after_the_agreement() -> None:
    paid = (received(12_000), applied(12_000))
    assert bands(INVOICE, THREE, *paid) == bands(INVOICE, *paid, THREE) == (10_000, 8_000, 0, 0)


def test_a_credit_note_is_taken_off_the_last_instalments() -> None:
    assert bands(INVOICE, THREE, credited(13_000)) == (0, 7_000, 0, 10_000)


def test_a_write_off_settles_as_a_payment_does() -> None:
    written_off = event(InvoiceWrittenOff, amount_minor=10_000)
    assert bands(INVOICE, THREE, written_off) == (10_000, 10_000, 0, 0)


def test_what_is_owed_again_after_the_agreement_is_in_the_last_instalment() -> None:
    assert bands(INVOICE, THREE, event(EarlyDiscountWithdrawn, amount_minor=600)) == (
        10_600, 10_000, 0, 10_000,
    )  # fmt: skip


def test_a_new_schedule_replaces_the_one_before() -> None:
    assert bands(INVOICE, THREE, agreed((-40, 5_000), (90, 25_000))) == (25_000, 0, 5_000, 0)


@pytest.mark.parametrize(("minor", "late"), [(4_000, 0), (13_000, 3_000), (30_000, 20_000)])
def test_a_conceded_claim_is_in_the_last_instalments_and_not_overdue_in_those_past_due(
    minor: int, late: int
) -> None:
    conceded = undisputed(minor, outcome="credited", awaiting_credit_minor=minor)
    now = after(INVOICE, THREE, disputed(minor), conceded)
    assert (now.disputed_minor, now.conceded_minor, now.late_conceded_minor) == (minor, minor, late)


def test_an_amount_on_a_plan_stays_in_its_band_until_the_plan_ends() -> None:
    planned = event(InvoicePlanned, amount_minor=30_000)
    broken = event(InvoiceUnplanned, amount_minor=30_000)
    on_plan = after(INVOICE, THREE, planned, disputed(4_000), received(10_000), applied(10_000))
    assert (on_plan.planned_minor, on_plan.disputed_minor, on_plan.open_minor) == (16_000, 4_000, 20_000)
    assert bands(INVOICE, THREE, planned) == bands(INVOICE, THREE)
    assert after(INVOICE, THREE, planned, broken).planned_minor == 0


def test_instalments_of_an_invoice_that_was_never_issued_are_refused() -> None:
    with pytest.raises(LookupError, match="never issued"):
        after(THREE)


@given(st.lists(st.integers(1, 9).map(lambda n: n * 1_000), min_size=1, max_size=6), st.integers(0, 30))
def test_bands_of_any_schedule_add_up_to_what_is_open(amounts: list[int], paid: int) -> None:
    schedule = agreed(*((30 * n - 60, minor) for n, minor in enumerate(amounts)))
    now = after(INVOICE, schedule, received(paid * 1_000), applied(paid * 1_000))
    in_bands = sum(getattr(now, f"band_{n}_minor") for n in range(6))
    assert in_bands == now.open_minor == 30_000 - paid * 1_000
