"""Request bodies of /v1/credit-notes and /v1/credits."""

from __future__ import annotations

from pydantic import Field

from encours.http.models import Body, BusinessDate, Currency, PositiveMoney, ShortText
from encours.kernel.ids import with_prefix
from encours.kernel.money import Money
from invoice_svc.domain.payment.credit_note import IssueCreditNote
from invoice_svc.http.common import CustomerId, EntityId, Iban, InvoiceId, SeriesCode
from invoice_svc.http.documents import Lines, lines_of
from invoice_svc.http.payments.bodies import AllocationBody, instructed
from invoice_svc.use_cases.sales.credits import ApplyCredit, RefundCredit


class CreditNoteBody(Body):
    """A credit note without an invoice, such as a rebate on turnover. It cites invoices, or a whole period."""

    entity_id: EntityId
    customer_id: CustomerId
    lines: Lines
    reason: ShortText = Field(examples=["Rebate of 3 % on the turnover of 2026"])
    currency: Currency | None = Field(default=None, description="The entity's currency if not given.")
    period_from: BusinessDate | None = Field(
        default=None, description="First day of the period whose invoices it corrects as a whole."
    )
    period_until: BusinessDate | None = Field(default=None, description="Its last day.")
    invoice_ids: list[InvoiceId] | None = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="Invoices that it corrects, instead of a period.",
    )
    issued_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    series: SeriesCode | None = Field(default=None, description="AVO if not given.")

    def to_command(self, credit_note_id: str) -> IssueCreditNote:
        """Return the command."""
        return IssueCreditNote(
            credit_note_id=credit_note_id,
            payment_id=with_prefix(credit_note_id, "pay"),
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            lines=lines_of(self.lines),
            cause=self.reason,
            issued_on=self.issued_on,
            series=self.series,
            currency=self.currency,
            period_from=self.period_from,
            period_until=self.period_until,
            invoice_ids=tuple(self.invoice_ids or ()),
        )


class ApplyCreditBody(Body):
    """Invoices that the credit settles; without `allocations`, by the rules of a payment."""

    allocations: list[AllocationBody] | None = Field(default=None, min_length=1, max_length=500)

    def to_command(self, credit_note_id: str) -> ApplyCredit:
        """Return the command."""
        return ApplyCredit(credit_note_id, instructed(self.allocations))


class RefundCreditBody(Body):
    """Credit to pay back to the customer."""

    amount: PositiveMoney | None = Field(default=None, description="All that is left if not given.")
    reason: ShortText = Field(examples=["The customer asks for the money"])
    iban: Iban | None = Field(
        default=None, description="Account to pay to; if not given, back the way it came."
    )
    on: BusinessDate | None = Field(default=None, description="Day of the order; today if not given.")

    def to_command(self, credit_note_id: str) -> RefundCredit:
        """Return the command."""
        amount = Money(self.amount.minor, self.amount.currency) if self.amount else None
        return RefundCredit(credit_note_id, amount, self.reason, self.iban, self.on)
