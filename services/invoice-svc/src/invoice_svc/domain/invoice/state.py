"""State of an invoice, folded from its events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal, assert_never, cast

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts import invoice as events
from encours.contracts import rate as rates
from encours.contracts.books import contested_of
from encours.contracts.common import (
    CitedDelivery,
    CitedInvoice,
    DeductedDeposit,
    DocumentAdjustment,
    Line,
    Origin,
    Particulars,
    Purpose,
    Terms,
    VatShare,
)
from invoice_svc.domain.approval.state import Approval, ApprovalEvent, amended, decided, of_draft
from invoice_svc.domain.invoice.parts import (
    AppliedPayment,
    BalanceChange,
    CreditNote,
    Disputed,
    RealisedDifference,
    TakenDiscount,
)

Document = Literal["none", "draft", "issued", "cancelled"]


class Invoice(Struct, frozen=True):
    """State of an invoice, for decisions and answers. Amounts in minor units, VAT included unless the name differs."""

    document: Document = "none"
    invoice_id: str = ""
    entity_id: str = ""
    customer_id: str = ""
    currency: str = ""
    series: str | None = None
    supply_on: date = date.min
    purpose: Purpose = "invoice"
    lines: tuple[Line, ...] = ()
    adjustments: tuple[DocumentAdjustment, ...] = ()
    vat: tuple[VatShare, ...] = ()
    net_minor: int | None = 0
    vat_minor: int | None = 0
    total_minor: int = 0
    terms: Terms | None = None
    reference: str | None = None
    salesperson: str | None = None
    particulars: Particulars = Particulars()
    deposits: tuple[str, ...] = ()
    """Ids of the deposit invoices that a draft is to deduct."""
    deducted: tuple[DeductedDeposit, ...] = ()
    """Deposits that the issued invoice deducts: its net, VAT and total are those that they leave."""
    deducted_by: str | None = None
    """Final invoice that deducts this deposit invoice."""
    corrects: CitedInvoice | None = None
    purchaser_id: str | None = None
    """Customer who ordered, if another is billed."""
    number: str | None = None
    issued_on: date | None = None
    due_on: date | None = None
    discount_until: date | None = None
    """Last day of the early-payment discount of the terms; ``None`` without one."""
    origin: Origin | None = None
    drafted_on: date | None = None
    deliveries: tuple[CitedDelivery, ...] = ()
    approval: Approval = Approval()
    credits: tuple[CreditNote, ...] = ()
    applied: tuple[AppliedPayment, ...] = ()
    disputed: tuple[Disputed, ...] = ()
    movements: tuple[BalanceChange, ...] = ()
    discount: TakenDiscount | None = None
    """Early-payment discount that was taken."""
    exchange_differences: tuple[RealisedDifference, ...] = ()
    written_off_minor: int = 0
    written_off_on: date = date.min
    """Latest business date of a write-off."""
    unrecoverable_minor: int = 0
    """The part of it that was declared unrecoverable."""
    relieved: tuple[VatShare, ...] = ()
    """Net and VAT of that part whose VAT is relieved, by rate; not 0 at each."""
    provisioned_minor: int = 0
    duplicate_text: str | None = None
    """Statement for the duplicate of the invoice, of the last relief."""
    conceded_minor: int = 0
    """Accepted claims whose credit note is still to come."""
    answered_minor: int = 0
    """Part of the accepted claims that credit notes had answered when they were accepted."""

    @property
    def lines_minor(self) -> int:
        """Sum of the lines, before discounts and charges on the document."""
        return sum(line.net_minor for line in self.lines)

    @property
    def credited_minor(self) -> int:
        """Amount that credit notes have taken off."""
        return sum(credit.total_minor for credit in self.credits)

    @property
    def paid_minor(self) -> int:
        """Amount of the payments applied to it."""
        return sum(part.amount_minor for part in self.applied)

    @property
    def discounted_minor(self) -> int:
        """Early-payment discount that was taken."""
        return self.discount.amount_minor if self.discount else 0

    @property
    def outstanding_minor(self) -> int:
        """Amount still owed; 0 before issue."""
        return sum(movement.amount_minor for movement in self.movements)

    @property
    def disputed_minor(self) -> int:
        """The part of what is still owed that is in dispute, or was accepted and not credited yet."""
        contested = sum(share.amount_minor for share in self.disputed) + self.conceded_minor
        return contested_of(self.outstanding_minor, contested)

    @property
    def creditable_minor(self) -> int:
        """Amount that credit notes have left of the invoice, paid or not."""
        return self.total_minor - self.credited_minor

    @property
    def relieved_minor(self) -> int:
        """Amount, VAT included, whose VAT is relieved."""
        return sum(share.net_minor + share.vat_minor for share in self.relieved)


InvoiceEvent = (
    events.InvoiceDrafted
    | events.InvoiceAmended
    | events.InvoiceCancelled
    | ApprovalEvent
    | events.InvoiceIssued
    | events.DepositDeducted
    | events.InvoiceTermsBeyondCeiling
    | events.InvoicePenaltyBelowFloor
    | events.InvoiceCredited
    | events.PaymentApplied
    | events.PaymentUnapplied
    | events.ShareDisputed
    | events.ShareUndisputed
    | events.EarlyDiscountTaken
    | events.EarlyDiscountWithdrawn
    | rates.ExchangeDifferenceRealised
    | rates.ExchangeDifferenceReversed
    | events.InvoiceWrittenOff
    | events.WriteOffReversed
    | events.InvoiceProvisioned
    | events.InvoiceUnrecoverable
    | events.WriteOffRecovered
)


def evolve(state: Invoice, recorded: Recorded) -> Invoice:
    """Return the invoice after one more event."""
    event = cast(InvoiceEvent, recorded.data)
    day = recorded.effective_on
    if isinstance(event, ApprovalEvent):
        return replace(state, approval=decided(state.approval, event, recorded.actor))
    match event:
        case events.InvoiceDrafted():
            return replace(_drafted(recorded.entity, day, event), approval=of_draft(recorded.actor))
        case events.InvoiceAmended():
            return replace(_amended(state, event), approval=amended(state.approval, recorded.actor))
        case events.InvoiceCancelled():
            return replace(state, document="cancelled")
        case events.InvoiceIssued():
            return _issued(state, recorded.entity, event)
        case events.DepositDeducted():
            return replace(state, deducted_by=event.final_invoice_id)
        case events.InvoiceTermsBeyondCeiling() | events.InvoicePenaltyBelowFloor():
            return state
        case events.InvoiceCredited():
            credit = CreditNote(
                event.credit_note_id,
                event.number,
                event.series,
                event.issued_on,
                event.vat,
                event.net_minor,
                event.vat_minor,
                event.total_minor,
                event.cause,
                event.awaited_minor,
                event.released,
            )
            return replace(
                state,
                credits=(*state.credits, credit),
                movements=(*state.movements, BalanceChange(day, -event.total_minor)),
                conceded_minor=state.conceded_minor - event.awaited_minor,
            )
        case events.PaymentApplied():
            part = AppliedPayment(
                event.allocation_id,
                event.payment_id,
                event.amount_minor,
                event.received_on,
                day,
                event.payer_id,
            )
            moved = (*state.movements, BalanceChange(day, -event.amount_minor))
            return replace(state, applied=(*state.applied, part), movements=moved)
        case events.PaymentUnapplied():
            kept = tuple(part for part in state.applied if part.allocation_id != event.allocation_id)
            moved = (*state.movements, BalanceChange(day, event.amount_minor))
            return replace(state, applied=kept, movements=moved)
        case events.ShareDisputed():
            share = Disputed(event.dispute_id, event.amount_minor, day)
            return replace(state, disputed=(*state.disputed, share))
        case events.ShareUndisputed():
            return _undisputed(state, event)
        case events.EarlyDiscountTaken():
            taken = TakenDiscount(
                event.amount_minor, event.vat, event.net_minor, event.vat_minor, event.payment_id, day
            )
            moved = (*state.movements, BalanceChange(day, -event.amount_minor))
            return replace(state, discount=taken, movements=moved)
        case events.EarlyDiscountWithdrawn():
            moved = (*state.movements, BalanceChange(day, event.amount_minor))
            return replace(state, discount=None, movements=moved)
        case rates.ExchangeDifferenceRealised():
            realised = RealisedDifference(
                event.allocation_id, event.payment_id, event.amount_minor, event.currency, day
            )
            return replace(state, exchange_differences=(*state.exchange_differences, realised))
        case rates.ExchangeDifferenceReversed():
            left = tuple(e for e in state.exchange_differences if e.allocation_id != event.allocation_id)
            return replace(state, exchange_differences=left)
        case events.InvoiceWrittenOff():
            return _written_off(state, day, event.amount_minor)
        case events.WriteOffReversed():
            back = _written_off(state, day, -event.amount_minor)
            return replace(back, unrecoverable_minor=0, relieved=())
        case events.InvoiceProvisioned():
            return replace(state, provisioned_minor=event.amount_minor)
        case events.InvoiceUnrecoverable():
            lost = _written_off(state, day, event.written_off_minor)
            return replace(
                lost,
                unrecoverable_minor=state.unrecoverable_minor + event.amount_minor,
                relieved=_added(state.relieved, event.vat, 1),
                duplicate_text=event.duplicate_text or state.duplicate_text,
            )
        case events.WriteOffRecovered():
            found = _written_off(state, day, -event.amount_minor)
            return replace(
                found,
                unrecoverable_minor=min(
                    state.unrecoverable_minor - event.relieved_minor, found.written_off_minor
                ),
                relieved=_added(state.relieved, event.vat, -1),
            )
        case _:
            assert_never(event)


def _written_off(state: Invoice, day: date, amount_minor: int) -> Invoice:
    return replace(
        state,
        movements=(*state.movements, BalanceChange(day, -amount_minor)),
        written_off_minor=state.written_off_minor + amount_minor,
        written_off_on=max(state.written_off_on, day) if amount_minor > 0 else state.written_off_on,
    )


def _added(known: tuple[VatShare, ...], more: tuple[VatShare, ...], sign: int) -> tuple[VatShare, ...]:
    """Add shares by category and rate; those of 0 are dropped."""
    sums = {(share.rate_bps, share.category): [share.net_minor, share.vat_minor] for share in known}
    for share in more:
        found = sums.setdefault((share.rate_bps, share.category), [0, 0])
        found[0] += sign * share.net_minor
        found[1] += sign * share.vat_minor
    return tuple(
        VatShare(category=category, rate_bps=rate, net_minor=net, vat_minor=vat)
        for (rate, category), (net, vat) in sorted(sums.items())
        if net or vat
    )


def _undisputed(state: Invoice, event: events.ShareUndisputed) -> Invoice:
    answered = event.amount_minor - event.awaiting_credit_minor if event.outcome == "credited" else 0
    return replace(
        state,
        disputed=tuple(share for share in state.disputed if share.dispute_id != event.dispute_id),
        conceded_minor=state.conceded_minor + event.awaiting_credit_minor,
        answered_minor=state.answered_minor + answered,
    )


def _drafted(entity_id: str, day: date, event: events.InvoiceDrafted) -> Invoice:
    return Invoice(
        document="draft",
        invoice_id=event.invoice_id,
        entity_id=entity_id,
        customer_id=event.customer_id,
        currency=event.currency,
        series=event.series,
        supply_on=event.supply_on,
        purpose=event.purpose,
        lines=event.lines,
        adjustments=event.adjustments,
        vat=event.vat,
        net_minor=event.net_minor,
        vat_minor=event.vat_minor,
        total_minor=event.total_minor,
        terms=event.terms,
        reference=event.reference,
        salesperson=event.salesperson,
        particulars=event.particulars or Particulars(),
        deposits=event.deposits,
        corrects=event.corrects,
        drafted_on=day,
        deliveries=event.deliveries,
    )


def _amended(state: Invoice, event: events.InvoiceAmended) -> Invoice:
    return replace(
        state,
        supply_on=event.supply_on,
        lines=event.lines,
        adjustments=event.adjustments,
        vat=event.vat,
        net_minor=event.net_minor,
        vat_minor=event.vat_minor,
        total_minor=event.total_minor,
        terms=event.terms,
        reference=event.reference,
        salesperson=event.salesperson,
        particulars=event.particulars or Particulars(),
        deposits=event.deposits,
    )


def _issued(state: Invoice, entity_id: str, event: events.InvoiceIssued) -> Invoice:
    return Invoice(
        document="issued",
        invoice_id=event.invoice_id,
        entity_id=entity_id,
        customer_id=event.customer_id,
        currency=event.currency,
        series=event.series,
        supply_on=event.supply_on,
        purpose=event.purpose,
        lines=state.lines,
        adjustments=state.adjustments,
        vat=event.vat,
        net_minor=event.net_minor,
        vat_minor=event.vat_minor,
        total_minor=event.total_minor,
        terms=event.terms,
        reference=event.reference,
        salesperson=event.salesperson,
        particulars=event.particulars or Particulars(),
        deducted=event.deposits,
        corrects=event.corrects,
        purchaser_id=event.purchaser_id,
        number=event.number,
        issued_on=event.issued_on,
        due_on=event.due_on,
        discount_until=event.discount_until,
        origin=event.origin,
        drafted_on=state.drafted_on,
        approval=state.approval,
        deliveries=event.deliveries,
        movements=(BalanceChange(event.issued_on, event.total_minor),),
    )


def fold_as_of(recorded: Iterable[Recorded], day: date) -> Invoice:
    """Return the invoice as of a business day; empty before its first event.

    The content of a draft has no business date: an invoice has its lines on every day on which it exists, even if
    they were recorded later.
    """
    state, counted = Invoice(), False
    for event in recorded:
        in_force = event.effective_on <= day
        if in_force or isinstance(event.data, events.InvoiceDrafted | events.InvoiceAmended):
            after = evolve(state, event)
            state = after if in_force else replace(after, approval=state.approval)
            counted = counted or in_force
    return state if counted else Invoice()
