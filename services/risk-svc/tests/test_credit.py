"""Given events, when projected, then these movements and limits."""

from datetime import date, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.contracts import Event
from encours.contracts.books import moving
from encours.contracts.common import CitedInvoice
from encours.contracts.events.invoice import (
    InvoiceAmended,
    InvoiceCancelled,
    InvoicePlanned,
    InvoiceUnplanned,
)
from encours.contracts.events.loss import InvoiceWrittenOff
from encours.contracts.events.money.payment import PaymentIdentified
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.risk import LimitApproved, LimitRequested
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row
from encours.testing.events import (
    DAY,
    allocated,
    allocation,
    applied,
    credited,
    disputed,
    drafted,
    event,
    issued,
    received,
    released,
    reversed_,
    sums,
    unapplied,
)
from encours.testing.history import recorded
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.credit.rows import (
    CreditCustomerRow,
    ExposureMovementRow,
    ExposureRow,
    LimitRequestRow,
)

R = TypeVar("R", bound=Row)

COMPONENTS = ("open", "disputed", "planned", "draft", "unapplied")
CANCELLED = event(InvoiceCancelled)


def customer() -> CustomerRegistered:
    return event(CustomerRegistered)


def amended(total_minor: int, **fields: Any) -> InvoiceAmended:
    return event(InvoiceAmended, **(sums(total_minor) | fields))


class Ledger:
    """Events projected one after the other, as the projector does."""

    def __init__(self) -> None:
        self.model = Credit()
        self.rows = RowCache(self.model.rows)
        self.rows.assume_empty()
        self.position = 0

    def record(self, *events: Event, on: date = DAY) -> "Ledger":
        for each in events:
            self.position += 1
            place = recorded(each, position=self.position, effective_on=on)
            if each.TYPE in self.model.applies:
                list(self.model.keys(place))
                self.model.project(place, self.rows)
            self.rows.undo.clear()
        return self

    def all(self, kind: type[R]) -> list[R]:
        return [row for _, rows, _ in self.rows.changes() for row in rows if isinstance(row, kind)]

    def sums(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for row in self.all(ExposureMovementRow):
            for component in COMPONENTS:
                if amount := getattr(row, f"{component}_minor"):
                    key = row.customer_id, component
                    found[key] = found.get(key, 0) + amount
        return found

    def as_of(self, day: date, component: str) -> int:
        return sum(
            getattr(row, f"{component}_minor")
            for row in self.all(ExposureMovementRow)
            if row.effective_on <= day
        )

    def exposure(self, customer_id: str = "cus_1") -> int:
        return sum(row.exposure_minor for row in self.all(ExposureRow) if row.customer_id == customer_id)


def test_a_draft_is_exposure_until_it_is_issued_and_then_counts_once() -> None:
    ledger = Ledger().record(customer(), drafted(120_00))
    assert ledger.sums() == {("cus_1", "draft"): 120_00}
    ledger.record(issued(120_00))
    assert ledger.sums() == {("cus_1", "draft"): 0, ("cus_1", "open"): 120_00}
    assert ledger.exposure() == 120_00


def test_a_draft_is_exposure_of_who_ordered_until_the_invoice_is_of_who_is_billed() -> None:
    ledger = Ledger().record(customer(), event(CustomerRegistered, customer_id="cus_2"), drafted(120_00))
    invoice = issued(120_00, customer_id="cus_2", purchaser_id="cus_1")
    asked = set(ledger.model.keys(recorded(invoice, position=4, effective_on=DAY)))
    assert {(CreditCustomerRow, ("cus_1",)), (CreditCustomerRow, ("cus_2",))} <= asked
    ledger.record(invoice)
    assert ledger.sums() == {("cus_1", "draft"): 0, ("cus_2", "open"): 120_00}
    assert (ledger.exposure("cus_1"), ledger.exposure("cus_2")) == (0, 120_00)


def test_an_invoice_dated_before_its_draft_was_written_counts_once_on_every_day() -> None:
    ledger = Ledger().record(customer()).record(drafted(500_00), on=date(2026, 7, 6))
    ledger.record(issued(500_00), on=date(2026, 5, 24))
    for day in (date(2026, 5, 25), date(2026, 7, 5), date(2026, 7, 6)):
        assert (ledger.as_of(day, "draft"), ledger.as_of(day, "open")) == (0, 500_00)
    assert ledger.exposure() == 500_00


def test_the_draft_of_a_correction_adds_nothing_to_what_it_replaces() -> None:
    old = CitedInvoice(invoice_id="inv_1", invoice_number="FAC-1", issued_on=DAY)
    draft = drafted(90_00, invoice_id="inv_2", corrects=old)
    ledger = Ledger().record(customer(), issued(120_00), draft, amended(80_00, invoice_id="inv_2"))
    assert ledger.sums() == {("cus_1", "open"): 120_00}
    ledger.record(credited(120_00), issued(80_00, invoice_id="inv_2"))
    assert ledger.sums() == {("cus_1", "open"): 80_00}


def test_a_plan_adds_nothing_to_the_exposure_and_takes_nothing_of_it() -> None:
    ledger = Ledger().record(customer(), issued(120_00), event(InvoicePlanned, amount_minor=120_00))
    assert ledger.sums() == {("cus_1", "open"): 120_00, ("cus_1", "planned"): 120_00}
    ledger.record(event(InvoiceUnplanned, amount_minor=120_00, outcome="broken"), on=DAY + timedelta(days=2))
    assert [ledger.as_of(DAY + timedelta(days=n), "planned") for n in (0, 1, 2)] == [120_00, 120_00, 0]
    assert ledger.exposure() == 120_00


def test_a_draft_that_is_given_up_is_exposure_until_that_day() -> None:
    ledger = Ledger().record(customer(), drafted(500_00))
    ledger.record(CANCELLED, on=DAY + timedelta(days=3))
    assert [ledger.as_of(DAY + timedelta(days=n), "draft") for n in (0, 2, 3)] == [500_00, 500_00, 0]


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 1000)), min_size=1, max_size=6),
    st.integers(-30, 40),
    st.booleans(),
)
def test_drafts_are_never_below_zero_and_nothing_of_them_counts_beside_the_invoice(
    versions: list[tuple[int, int]], closed_after: int, cancelled: bool
) -> None:
    ledger, day = Ledger().record(customer()), DAY
    for nth, (later, total) in enumerate(versions):
        day += timedelta(days=later)
        ledger.record(amended(total) if nth else drafted(total), on=day)
    closed_on = (
        max(day, DAY + timedelta(days=closed_after)) if cancelled else DAY + timedelta(days=closed_after)
    )
    end = CANCELLED if cancelled else issued(versions[-1][1])
    ledger.record(end, on=closed_on)
    for n in range(-31, 130):
        seen = DAY + timedelta(days=n)
        drafts = ledger.as_of(seen, "draft")
        assert drafts == 0 if seen >= closed_on else drafts >= 0
    assert ledger.exposure() == (0 if cancelled else versions[-1][1])


def test_cash_reduces_exposure_when_it_arrives_and_not_again_when_it_is_allocated() -> None:
    ledger = Ledger().record(customer(), issued(120_00), received(50_00))
    assert ledger.exposure() == 70_00
    ledger.record(allocated(allocation(50_00)), applied(50_00))
    assert ledger.exposure() == 70_00
    assert ledger.sums() == {("cus_1", "open"): 70_00, ("cus_1", "unapplied"): 0}


def test_a_payment_of_an_unknown_payer_moves_to_the_customer_when_it_is_identified() -> None:
    ledger = Ledger().record(customer(), received(50_00, customer_id=None))
    assert ledger.sums() == {("", "unapplied"): 50_00}
    ledger.record(event(PaymentIdentified, amount_minor=50_00))
    assert ledger.sums() == {("", "unapplied"): 0, ("cus_1", "unapplied"): 50_00}
    assert ledger.exposure() == -50_00


def test_a_reversed_payment_leaves_no_cash_behind() -> None:
    ledger = Ledger().record(
        customer(), issued(120_00), received(50_00), allocated(allocation(20_00)), applied(20_00)
    )
    ledger.record(
        unapplied(20_00),
        released(allocation(20_00)),
        reversed_(50_00),
    )
    assert ledger.sums() == {("cus_1", "open"): 120_00, ("cus_1", "unapplied"): 0}


def test_a_dispute_shows_and_does_not_add_and_a_credit_note_reduces() -> None:
    ledger = Ledger().record(
        customer(),
        issued(120_00),
        disputed(30_00),
        credited(10_00),
    )
    assert ledger.sums() == {("cus_1", "open"): 110_00, ("cus_1", "disputed"): 30_00}
    assert ledger.exposure() == 110_00


def test_a_limit_is_in_the_file_from_the_day_and_position_of_its_approval() -> None:
    ledger = Ledger().record(event(LimitRequested, amount_minor=100, max_days_past_due=30))
    ledger.record(event(LimitApproved, amount_minor=80, max_days_past_due=15), on=date(2026, 4, 2))
    (row,) = ledger.all(LimitRequestRow)
    assert (row.state, row.approved_minor, row.approved_max_days) == ("approved", 80, 15)
    assert (row.requested_position, row.decided_position, row.decided_on) == (1, 2, date(2026, 4, 2))


def test_an_event_of_an_invoice_that_nobody_issued_is_an_error_and_changes_nothing() -> None:
    ledger = Ledger().record(customer())
    with pytest.raises(LookupError, match="never drafted or issued"):
        ledger.record(applied(1))
    ledger.rows.rollback_event()
    assert ledger.sums() == {}


def test_whatever_moves_money_reaches_exposure_and_score() -> None:
    assert moving() <= Credit.applies


def test_a_write_off_ends_the_exposure_though_nothing_here_names_it() -> None:
    ledger = Ledger().record(customer(), issued(120_00), event(InvoiceWrittenOff, amount_minor=120_00))
    assert ledger.sums() == {("cus_1", "open"): 0}
    assert ledger.exposure() == 0
