"""Given events, when projected, then these movements and limits."""

from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encours.contracts import Event, Recorded
from encours.contracts.books import moving
from encours.contracts.common import Terms
from encours.contracts.customer import CustomerRegistered
from encours.contracts.invoice import (
    InvoiceAmended,
    InvoiceCancelled,
    InvoiceCredited,
    InvoiceDrafted,
    InvoiceIssued,
    PaymentApplied,
    PaymentUnapplied,
    ShareDisputed,
)
from encours.contracts.payment import (
    Allocation,
    PaymentAllocated,
    PaymentIdentified,
    PaymentReceived,
    PaymentReleased,
    PaymentReversed,
)
from encours.contracts.risk import LimitApproved, LimitRequested
from encours.projection.rows import Row
from encours.projection.rowset import RowSet
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.credit.rows import CustomerRow, LimitRequestRow, MovementRow

R = TypeVar("R", bound=Row)

DAY = date(2026, 3, 31)
COMPONENTS = ("open", "disputed", "draft", "unapplied")
TERMS = Terms(due_kind="NET", days=30, penalty_rate_bps=None, indemnity_minor=4000)


class Ledger:
    """Events projected one after the other, as the projector does."""

    def __init__(self) -> None:
        self.model = Credit()
        self.rows = RowSet(self.model.rows)
        self.rows.assume_empty()
        self.position = 0

    def record(self, *events: Event, on: date = DAY) -> "Ledger":
        for event in events:
            self.position += 1
            recorded = Recorded(
                ledger="main",
                position=self.position,
                stream="s",
                version=self.position,
                type=event.TYPE,
                schema_version=1,
                entity="ent_1",
                event_id=UUID(int=self.position),
                effective_on=on,
                recorded_at=datetime(2026, 4, 1, tzinfo=UTC),
                actor="test",
                command_id=UUID(int=0),
                data=event,
            )
            if event.TYPE in self.model.applies:
                list(self.model.keys(recorded))
                self.model.project(recorded, self.rows)
            self.rows.undo.clear()
        return self

    def all(self, kind: type[R]) -> list[R]:
        return [row for _, rows, _ in self.rows.changes() for row in rows if isinstance(row, kind)]

    def sums(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for row in self.all(MovementRow):
            for component in COMPONENTS:
                if amount := getattr(row, f"{component}_minor"):
                    key = row.customer_id, component
                    found[key] = found.get(key, 0) + amount
        return found

    def as_of(self, day: date, component: str) -> int:
        return sum(
            getattr(row, f"{component}_minor") for row in self.all(MovementRow) if row.effective_on <= day
        )

    def exposure(self, customer_id: str = "cus_1") -> int:
        return next(row.exposure_minor for row in self.all(CustomerRow) if row.customer_id == customer_id)


def customer(customer_id: str = "cus_1") -> CustomerRegistered:
    return CustomerRegistered(
        customer_id=customer_id,
        entity_id="ent_1",
        name="Dupont SA",
        external_ref=None,
        country="FR",
        language="fr",
        email=None,
        phone=None,
        siren=None,
        vat_id=None,
        address=None,
        segment=None,
        salesperson=None,
    )


def draft(total: int = 120_00) -> InvoiceDrafted:
    return InvoiceDrafted(
        invoice_id="inv_1",
        customer_id="cus_1",
        series="FAC",
        currency="EUR",
        supply_on=DAY,
        lines=(),
        vat=(),
        net_minor=total,
        vat_minor=0,
        total_minor=total,
        terms=None,
        reference=None,
        salesperson=None,
    )


def amended(total: int) -> InvoiceAmended:
    return InvoiceAmended(
        invoice_id="inv_1",
        customer_id="cus_1",
        supply_on=DAY,
        lines=(),
        vat=(),
        net_minor=total,
        vat_minor=0,
        total_minor=total,
        terms=None,
        reference=None,
        salesperson=None,
    )


def issued(total: int = 120_00) -> InvoiceIssued:
    return InvoiceIssued(
        invoice_id="inv_1",
        customer_id="cus_1",
        number="FAC-2026-000001",
        series="FAC",
        issued_on=DAY,
        supply_on=DAY,
        due_on=date(2026, 4, 30),
        currency="EUR",
        vat=(),
        net_minor=total,
        vat_minor=0,
        total_minor=total,
        terms=TERMS,
        reference=None,
        salesperson=None,
        origin="issued",
    )


def received(customer_id: str | None, amount: int) -> PaymentReceived:
    return PaymentReceived(
        payment_id="pay_1",
        customer_id=customer_id,
        received_on=DAY,
        amount_minor=amount,
        currency="EUR",
        method="transfer",
        remittance_text=None,
        external_ref=None,
        origin="issued",
    )


def part(amount: int) -> Allocation:
    return Allocation(
        allocation_id="alo_1",
        invoice_id="inv_1",
        amount_minor=amount,
        rule="oldest_due",
        basis="C. civ. 1342-10",
        evidence=None,
    )


def applied(amount: int) -> PaymentApplied:
    return PaymentApplied(
        invoice_id="inv_1",
        customer_id="cus_1",
        currency="EUR",
        payment_id="pay_1",
        allocation_id="alo_1",
        amount_minor=amount,
        received_on=DAY,
    )


def unapplied(amount: int) -> PaymentUnapplied:
    return PaymentUnapplied(
        invoice_id="inv_1",
        customer_id="cus_1",
        currency="EUR",
        payment_id="pay_1",
        allocation_id="alo_1",
        amount_minor=amount,
        cause="reversed",
    )


def allocated(amount: int) -> PaymentAllocated:
    return PaymentAllocated(
        payment_id="pay_1", customer_id="cus_1", currency="EUR", allocations=(part(amount),)
    )


def test_a_draft_is_exposure_until_it_is_issued_and_then_counts_once() -> None:
    ledger = Ledger().record(customer(), draft())
    assert ledger.sums() == {("cus_1", "draft"): 120_00}
    ledger.record(issued())
    assert ledger.sums() == {("cus_1", "draft"): 0, ("cus_1", "open"): 120_00}
    assert ledger.exposure() == 120_00


def test_an_invoice_dated_before_its_draft_was_written_counts_once_on_every_day() -> None:
    ledger = Ledger().record(customer()).record(draft(500_00), on=date(2026, 7, 6))
    ledger.record(issued(500_00), on=date(2026, 5, 24))
    for day in (date(2026, 5, 25), date(2026, 7, 5), date(2026, 7, 6)):
        assert (ledger.as_of(day, "draft"), ledger.as_of(day, "open")) == (0, 500_00)
    assert ledger.exposure() == 500_00


def test_a_draft_that_is_given_up_is_exposure_until_that_day() -> None:
    ledger = Ledger().record(customer(), draft(500_00))
    ledger.record(InvoiceCancelled(invoice_id="inv_1", customer_id="cus_1"), on=DAY + timedelta(days=3))
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
        ledger.record(amended(total) if nth else draft(total), on=day)
    closed_on = (
        max(day, DAY + timedelta(days=closed_after)) if cancelled else DAY + timedelta(days=closed_after)
    )
    end = InvoiceCancelled(invoice_id="inv_1", customer_id="cus_1") if cancelled else issued(versions[-1][1])
    ledger.record(end, on=closed_on)
    for n in range(-31, 130):
        seen = DAY + timedelta(days=n)
        drafts = ledger.as_of(seen, "draft")
        assert drafts == 0 if seen >= closed_on else drafts >= 0
    assert ledger.exposure() == (0 if cancelled else versions[-1][1])


def test_cash_reduces_exposure_when_it_arrives_and_not_again_when_it_is_allocated() -> None:
    ledger = Ledger().record(customer(), issued(), received("cus_1", 50_00))
    assert ledger.exposure() == 70_00
    ledger.record(allocated(50_00), applied(50_00))
    assert ledger.exposure() == 70_00
    assert ledger.sums() == {("cus_1", "open"): 70_00, ("cus_1", "unapplied"): 0}


def test_a_payment_of_an_unknown_payer_moves_to_the_customer_when_it_is_identified() -> None:
    ledger = Ledger().record(customer(), received(None, 50_00))
    assert ledger.sums() == {("", "unapplied"): 50_00}
    ledger.record(
        PaymentIdentified(payment_id="pay_1", customer_id="cus_1", amount_minor=50_00, currency="EUR")
    )
    assert ledger.sums() == {("", "unapplied"): 0, ("cus_1", "unapplied"): 50_00}
    assert ledger.exposure() == -50_00


def test_a_reversed_payment_leaves_no_cash_behind() -> None:
    ledger = Ledger().record(customer(), issued(), received("cus_1", 50_00), allocated(20_00), applied(20_00))
    ledger.record(
        unapplied(20_00),
        PaymentReleased(payment_id="pay_1", customer_id="cus_1", currency="EUR", allocations=(part(20_00),)),
        PaymentReversed(
            payment_id="pay_1",
            customer_id="cus_1",
            amount_minor=50_00,
            currency="EUR",
            cause="returned",
            reversed_on=None,
        ),
    )
    assert ledger.sums() == {("cus_1", "open"): 120_00, ("cus_1", "unapplied"): 0}


def test_a_dispute_shows_and_does_not_add_and_a_credit_note_reduces() -> None:
    ledger = Ledger().record(
        customer(),
        issued(),
        ShareDisputed(
            invoice_id="inv_1", customer_id="cus_1", currency="EUR", dispute_id="dis_1", amount_minor=30_00
        ),
        InvoiceCredited(
            invoice_id="inv_1",
            customer_id="cus_1",
            currency="EUR",
            credit_note_id="cre_1",
            number="AVO-1",
            series="AVO",
            issued_on=DAY,
            vat=(),
            net_minor=10_00,
            vat_minor=0,
            total_minor=10_00,
            whole=False,
            cause="return",
            origin="issued",
        ),
    )
    assert ledger.sums() == {("cus_1", "open"): 110_00, ("cus_1", "disputed"): 30_00}
    assert ledger.exposure() == 110_00


def test_a_limit_is_in_the_file_from_the_day_and_position_of_its_approval() -> None:
    names = {"limit_id": "lim_1", "customer_id": "cus_1", "currency": "EUR"}
    ledger = Ledger().record(
        LimitRequested(**names, amount_minor=100, max_days_past_due=30, valid_until=None, evidence="x")
    )
    ledger.record(
        LimitApproved(**names, amount_minor=80, max_days_past_due=15, valid_until=None, text=None),
        on=date(2026, 4, 2),
    )
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
