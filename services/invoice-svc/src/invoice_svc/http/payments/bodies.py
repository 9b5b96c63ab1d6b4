"""Request bodies of /v1/payments."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from encours.contracts.events.money.payment import Method, ReversalKind
from encours.contracts.events.money.residual import ResidualReason
from encours.http.models import Body, BusinessDate, Currency, PositiveMoney, ShortText
from encours.kernel.ids import new_id
from encours.kernel.money import Money
from encours.kernel.texts import SEVERAL_LINES
from invoice_svc.domain.payment.commands import (
    AgreedRate,
    AllocatePayment,
    Instructed,
    Instruction,
    ReassignPayment,
    ReceivePayment,
    ReleasePayment,
    RestoreReversal,
    ReversePayment,
)
from invoice_svc.domain.payment.identity import payment_id_of
from invoice_svc.domain.payment.refund import OrderRefund, RecordRefundReturned, RecordRefundSent
from invoice_svc.http.common import (
    AllocationId,
    CustomerId,
    EntityId,
    Iban,
    InvoiceId,
    RateText,
)

NO_REFERENCE = "NOTPROVIDED"
ReasonCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,4}$")]


class AgreedRateBody(Body):
    """Exchange rate that was agreed for the payment, such as the bank's, instead of the published one."""

    base: Currency = Field(examples=["USD"])
    quote: Currency = Field(examples=["EUR"])
    rate: RateText = Field(description="Units of `quote` for one unit of `base`.", examples=["0.9213"])
    source: ShortText = Field(examples=["Bank advice 4711"])
    on: BusinessDate | None = Field(
        default=None, description="Day of the rate; that of the payment if not given."
    )
    confirmed: bool = Field(
        default=False, description="Accept the rate although it is far from the published one."
    )

    def to_rate(self) -> AgreedRate:
        """Return the rate as the rules take it."""
        return AgreedRate(self.base, self.quote, self.rate, self.source, self.on, self.confirmed)


class ResidualBody(Body):
    """Reason for which the rest of an invoice is closed; refused if no tolerance for it allows that."""

    reason: ResidualReason


class AllocationBody(Body):
    """A part of the payment for one invoice."""

    invoice_id: InvoiceId
    amount: PositiveMoney = Field(
        description="In the currency of the payment, which it uses, or of the invoice, which it settles; the other "
        "amount follows from the exchange rate."
    )
    exchange: AgreedRateBody | None = Field(
        default=None,
        description="Agreed rate for an invoice in another currency than the payment; the published one of the day of "
        "the payment if not given.",
    )
    residual: ResidualBody | None = Field(
        default=None, description="Close what is then left of the invoice, within its tolerance."
    )


class PaymentBody(Body):
    """A payment. Without `allocations` it settles what the payer names, then debts in the order of the law."""

    entity_id: EntityId
    customer_id: CustomerId | None = None
    received_on: BusinessDate = Field(description="Day on which the funds were available.")
    amount: PositiveMoney
    method: Method = "transfer"
    remittance_text: Annotated[str, StringConstraints(max_length=2000, pattern=SEVERAL_LINES)] | None = Field(
        default=None, examples=["VIR GARAGE DUPONT FAC-2026-000123"]
    )
    external_ref: ShortText | None = Field(
        default=None,
        description="The bank's or the gateway's reference, unique per entity: a payment that is delivered again under "
        "it is answered as the first. `NOTPROVIDED` (ISO 20022) is none.",
    )
    allocations: list[AllocationBody] | None = Field(
        default=None,
        max_length=500,
        description="Amounts to allocate to invoices; an empty list leaves the whole payment unapplied.",
    )

    def to_command(self) -> ReceivePayment:
        """Return the command.

        The id is derived from the reference, also in imports. So a payment that is delivered again has the same stream.
        """
        ref = self.external_ref
        known = ref is not None and ref.strip().upper() != NO_REFERENCE
        return ReceivePayment(
            payment_id=payment_id_of(self.entity_id, ref) if ref and known else new_id("pay"),
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            received_on=self.received_on,
            amount_minor=self.amount.minor,
            currency=self.amount.currency,
            method=self.method,
            remittance_text=self.remittance_text,
            external_ref=self.external_ref,
            allocations=instructed(self.allocations),
        )


class AllocateBody(Body):
    """Allocation of unapplied cash; without `allocations`, by the rules of a receipt."""

    allocations: list[AllocationBody] | None = Field(default=None, max_length=500)
    customer_id: CustomerId | None = Field(
        default=None, description="The payer of a payment without a customer."
    )

    def to_command(self, payment_id: str) -> AllocatePayment:
        """Return the command."""
        return AllocatePayment(payment_id, instructed(self.allocations), self.customer_id)


class ReleaseBody(Body):
    """Allocations to release; all if not given."""

    allocation_ids: list[AllocationId] | None = Field(default=None, min_length=1, max_length=500)

    def to_command(self, payment_id: str) -> ReleasePayment:
        """Return the command."""
        chosen = None if self.allocation_ids is None else tuple(self.allocation_ids)
        return ReleasePayment(payment_id, chosen)


class ReverseBody(Body):
    """Reversal of a payment by the bank, whole or in part."""

    reason: ShortText = Field(examples=["AC04 closed account"])
    on: BusinessDate | None = Field(default=None, description="The bank's date; today if not given.")
    amount: PositiveMoney | None = Field(
        default=None,
        description="Part of the payment that goes back; all that is left of it if not given.",
    )
    allocation_ids: list[AllocationId] = Field(
        default=[],
        max_length=500,
        description="Allocations that an `amount` takes first. If not given: those on invoices in dispute, then "
        "unapplied cash, then the latest allocations.",
    )
    kind: ReversalKind = "other"
    code: ReasonCode | None = Field(
        default=None,
        description="The bank's reason code (ISO 20022 ExternalReturnReason1Code); its consequence is shown.",
        examples=["MD06"],
    )
    reference: ShortText | None = Field(
        default=None,
        description="The bank's or the gateway's reference of the return: delivered again, it is answered as the "
        "first.",
    )

    def to_command(self, payment_id: str, reversal_id: str) -> ReversePayment:
        """Return the command."""
        return ReversePayment(
            payment_id,
            self.on,
            self.reason,
            Money(self.amount.minor, self.amount.currency) if self.amount else None,
            tuple(self.allocation_ids),
            self.kind,
            self.code,
            self.reference,
            reversal_id,
        )


class ReassignBody(Body):
    """The customer who paid; without `allocations`, the payment is allocated by the rules of a receipt."""

    customer_id: CustomerId
    reason: ShortText = Field(examples=["The bank text named another customer"])
    allocations: list[AllocationBody] | None = Field(default=None, max_length=500)

    def to_command(self, payment_id: str) -> ReassignPayment:
        """Return the command."""
        return ReassignPayment(payment_id, self.customer_id, self.reason, instructed(self.allocations))


class RestoreBody(Body):
    """Reason for which a reversal was wrong."""

    reason: ShortText = Field(examples=["The bank returned another payment"])

    def to_command(self, payment_id: str, reversal_id: str) -> RestoreReversal:
        """Return the command."""
        return RestoreReversal(payment_id, reversal_id, self.reason)


class RefundBody(Body):
    """Unapplied cash to pay back to the customer."""

    amount: PositiveMoney | None = Field(default=None, description="All that is unapplied if not given.")
    reason: ShortText = Field(examples=["Paid twice"])
    iban: Iban | None = Field(
        default=None, description="Account to pay to; if not given, back the way it came."
    )
    on: BusinessDate | None = Field(default=None, description="Day of the order; today if not given.")

    def to_command(self, payment_id: str, refund_id: str) -> OrderRefund:
        """Return the command."""
        amount = Money(self.amount.minor, self.amount.currency) if self.amount else None
        return OrderRefund(payment_id, refund_id, amount, self.reason, self.iban, self.on)


class RefundSentBody(Body):
    """The bank has executed the refund."""

    reference: ShortText | None = Field(default=None, description="Reference of the bank.")
    on: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, payment_id: str, refund_id: str) -> RecordRefundSent:
        """Return the command."""
        return RecordRefundSent(payment_id, refund_id, self.reference, self.on)


class RefundReturnedBody(Body):
    """The refund came back or was stopped."""

    reason: ShortText = Field(examples=["AC04 closed account"])
    on: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, payment_id: str, refund_id: str) -> RecordRefundReturned:
        """Return the command."""
        return RecordRefundReturned(payment_id, refund_id, self.reason, self.on)


def instructed(allocations: list[AllocationBody] | None) -> Instructed | None:
    """Return allocations as the rules take them; ``None`` if none are given."""
    if allocations is None:
        return None
    return tuple(
        Instruction(
            part.invoice_id,
            part.amount.minor,
            part.amount.currency,
            part.exchange.to_rate() if part.exchange else None,
            part.residual.reason if part.residual else None,
        )
        for part in allocations
    )
