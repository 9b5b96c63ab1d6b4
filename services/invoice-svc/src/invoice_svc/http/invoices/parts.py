"""Parts of the answers of /v1/invoices: credit notes, payments, disputes, instruments, deliveries."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.common import (
    CitedDelivery,
    DeductedDeposit,
    DraftedInstalment,
    PenalisedInvoice,
    PenaltySegment,
)
from encours.contracts.events.money.cover import CoverEnd
from encours.contracts.events.money.instrument import InstrumentInterest, InstrumentKind
from encours.contracts.events.money.residual import ResidualReason
from encours.http.answers import Json
from encours.http.models import MoneyModel, known_money_json, money_json
from invoice_svc.domain.amounts.decimals import percent
from invoice_svc.domain.instalments import InvoiceInstalment
from invoice_svc.domain.invoice.parts import (
    AppliedPayment,
    ClosedResidual,
    Cover,
    CreditNote,
    Disputed,
    PenaltyClaim,
    PenaltyWaiver,
    Rebate,
)
from invoice_svc.http.common import iso
from invoice_svc.http.documents import CitedOut, VatOut
from invoice_svc.http.rates.answers import ConversionRateOut
from invoice_svc.http.tolerances.answers import ResidualPolicyOut


class DepositOut(CitedOut):
    """A deposit that a final invoice deducts, with its VAT."""

    net: MoneyModel
    vat: MoneyModel
    total: MoneyModel
    vat_breakdown: list[VatOut]


def deposit_json(deposit: DeductedDeposit, currency: str) -> Json:
    """Show a deposit that is deducted."""
    return CitedOut.of(deposit) | {
        "net": money_json(deposit.net_minor, currency),
        "vat": money_json(deposit.vat_minor, currency),
        "total": money_json(deposit.total_minor, currency),
        "vat_breakdown": [VatOut.of(share, currency) for share in deposit.vat],
    }


class InvoiceInstalmentOut(BaseModel):
    """An instalment of the invoice in force."""

    due_on: date
    amount: MoneyModel = Field(description="After credit notes and accepted claims.")
    open: MoneyModel

    @classmethod
    def of(cls, found: InvoiceInstalment, currency: str) -> Json:
        """Show an instalment."""
        return {
            "due_on": found.due_on.isoformat(),
            "amount": money_json(found.amount_minor, currency),
            "open": money_json(found.open_minor, currency),
        }


class CoverOut(BaseModel):
    """A cheque, bill or note that is or was meant for the invoice."""

    instrument_id: str
    kind: InstrumentKind
    amount: MoneyModel
    matures_on: date
    interest: InstrumentInterest
    since: date
    ended_on: date | None = Field(description="Null while it is in hand.")
    outcome: CoverEnd | None

    @classmethod
    def of(cls, cover: Cover, currency: str) -> Json:
        """Show an instrument of the invoice."""
        return {
            "instrument_id": cover.instrument_id,
            "kind": cover.kind,
            "amount": money_json(cover.amount_minor, currency),
            "matures_on": iso(cover.matures_on),
            "interest": cover.interest,
            "since": iso(cover.covered_on),
            "ended_on": iso(cover.ended_on),
            "outcome": cover.outcome,
        }


class DraftedInstalmentOut(BaseModel):
    """An instalment of a draft."""

    due_on: date | None
    days: int | None = Field(description="Days after the issue, instead of a date.")
    amount: MoneyModel | None
    share: str | None = Field(description="Percent; null with the amount for a last one that takes the rest.")

    @classmethod
    def of(cls, each: DraftedInstalment, currency: str) -> Json:
        """Show an instalment."""
        return {
            "due_on": iso(each.due_on),
            "days": each.days,
            "amount": known_money_json(each.amount_minor, currency),
            "share": None if each.share_bps is None else percent(each.share_bps),
        }


class CreditNoteOut(BaseModel):
    """A credit note on the invoice."""

    id: str
    number: str
    issued_on: date
    net: MoneyModel | None
    vat: MoneyModel | None
    total: MoneyModel
    cause: str

    @classmethod
    def of(cls, credit: CreditNote, currency: str) -> Json:
        """Show a credit note."""
        return {
            "id": credit.credit_note_id,
            "number": credit.number,
            "issued_on": iso(credit.issued_on),
            "net": known_money_json(credit.net_minor, currency),
            "vat": known_money_json(credit.vat_minor, currency),
            "total": money_json(credit.total_minor, currency),
            "cause": credit.cause,
        }


class RebateOut(BaseModel):
    """Part of the invoice that a credit note without an invoice corrects."""

    credit_note_id: str
    payment_id: str = Field(description="The customer's credit of that credit note.")
    on: date
    net: MoneyModel | None
    vat: MoneyModel | None
    total: MoneyModel

    @classmethod
    def of(cls, rebate: Rebate, currency: str) -> Json:
        """Show a part."""
        return {
            "credit_note_id": rebate.credit_note_id,
            "payment_id": rebate.payment_id,
            "on": iso(rebate.effective_on),
            "net": known_money_json(rebate.net_minor, currency),
            "vat": known_money_json(rebate.vat_minor, currency),
            "total": money_json(rebate.total_minor, currency),
        }


class AppliedOut(BaseModel):
    """Part of a payment that is applied to the invoice."""

    allocation_id: str
    payment_id: str
    amount: MoneyModel
    received_on: date
    paid: MoneyModel | None = Field(description="Amount used of a payment in another currency; else null.")
    exchange: ConversionRateOut | None

    @classmethod
    def of(cls, part: AppliedPayment, currency: str) -> Json:
        """Show a part of a payment."""
        return {
            "allocation_id": part.allocation_id,
            "payment_id": part.payment_id,
            "amount": money_json(part.amount_minor, currency),
            "received_on": iso(part.received_on),
            "paid": part.paid and money_json(part.paid.amount_minor, part.paid.currency),
            "exchange": ConversionRateOut.of(part.paid),
        }


class ResidualOut(BaseModel):
    """Rest of the invoice that a tolerance closed. It goes with the payment."""

    id: str
    reason: ResidualReason
    amount: MoneyModel
    policy: ResidualPolicyOut
    account: str | None = Field(description="Account of the ledger that takes it.")
    payment_id: str
    instructed: bool = Field(description="You gave the reason; else it follows from the payment.")
    on: date

    @classmethod
    def of(cls, closed: ClosedResidual, currency: str) -> Json:
        """Show a residual."""
        return {
            "id": closed.residual_id,
            "reason": closed.reason,
            "amount": money_json(closed.amount_minor, currency),
            "policy": ResidualPolicyOut.of(
                closed.policy_code, closed.policy_version, closed.cap_minor, currency
            ),
            "account": closed.account,
            "payment_id": closed.payment_id,
            "instructed": closed.instructed,
            "on": iso(closed.effective_on),
        }


class DisputedOut(BaseModel):
    """An open dispute."""

    id: str
    amount: MoneyModel

    @classmethod
    def of(cls, share: Disputed, currency: str) -> Json:
        """Show a dispute's share."""
        return {"id": share.dispute_id, "amount": money_json(share.amount_minor, currency)}


class CitedDeliveryOut(BaseModel):
    """A delivery that the invoice bills."""

    order_id: str
    order_number: str
    reference: str | None = Field(description="The customer's own number of the order.")
    delivery_id: str
    note_number: str
    delivered_on: date

    @classmethod
    def of(cls, cited: CitedDelivery) -> Json:
        """Show a delivery as the invoice cites it."""
        return {
            "order_id": cited.order_id,
            "order_number": cited.order_number,
            "reference": cited.reference,
            "delivery_id": cited.delivery_id,
            "note_number": cited.note_number,
            "delivered_on": iso(cited.delivered_on),
        }


class PenaltySegmentOut(BaseModel):
    """Days at one principal and one rate, the first and the last counted."""

    first_day: date
    last_day: date
    principal: MoneyModel
    rate: str = Field(description="Percent a year.", examples=["13.15"])
    basis: str
    interest: MoneyModel

    @classmethod
    def of(cls, segment: PenaltySegment, currency: str) -> Json:
        """Show a segment of a claim."""
        return {
            "first_day": iso(segment.first_day),
            "last_day": iso(segment.last_day),
            "principal": money_json(segment.principal_minor, currency),
            "rate": percent(segment.rate_bps),
            "basis": segment.basis,
            "interest": money_json(segment.interest_minor, currency),
        }


class PenalisedOut(BaseModel):
    """An invoice paid late, with what the penalty document claims for it."""

    invoice_id: str
    number: str
    due_on: date
    last_day: date = Field(description="Last day whose interest it claims.")
    segments: list[PenaltySegmentOut] = Field(description="Days that no earlier document claims.")
    adjustment: MoneyModel = Field(
        description="Interest beside the segments: corrections of days claimed before, waived interest, rounding."
    )
    interest: MoneyModel
    indemnity: MoneyModel

    @classmethod
    def of(cls, part: PenalisedInvoice, currency: str) -> Json:
        """Show the claim for an invoice."""
        return {
            "invoice_id": part.invoice_id,
            "number": part.invoice_number,
            "due_on": iso(part.due_on),
            "last_day": iso(part.last_day),
            "segments": [PenaltySegmentOut.of(each, currency) for each in part.segments],
            "adjustment": money_json(part.adjustment_minor, currency),
            "interest": money_json(part.interest_minor, currency),
            "indemnity": money_json(part.indemnity_minor, currency),
        }


class PenaltyClaimOut(BaseModel):
    """Penalties of the invoice that a document claims."""

    document_id: str
    last_day: date
    interest: MoneyModel
    indemnity: MoneyModel
    claimed_on: date

    @classmethod
    def of(cls, claim: PenaltyClaim, currency: str) -> Json:
        """Show a claim."""
        return {
            "document_id": claim.document_id,
            "last_day": iso(claim.last_day),
            "interest": money_json(claim.interest_minor, currency),
            "indemnity": money_json(claim.indemnity_minor, currency),
            "claimed_on": iso(claim.claimed_on),
        }


class PenaltyWaiverOut(BaseModel):
    """Penalties of the invoice that were waived."""

    id: str
    interest: MoneyModel
    indemnity: MoneyModel
    reason: str
    waived_on: date

    @classmethod
    def of(cls, waiver: PenaltyWaiver, currency: str) -> Json:
        """Show a waiver."""
        return {
            "id": waiver.waiver_id,
            "interest": money_json(waiver.interest_minor, currency),
            "indemnity": money_json(waiver.indemnity_minor, currency),
            "reason": waiver.cause,
            "waived_on": iso(waiver.waived_on),
        }
