"""Request bodies of /v1/penalty-documents."""

from __future__ import annotations

from pydantic import Field

from encours.http.models import Body, BusinessDate, Currency, ShortText
from invoice_svc.domain.interest.penalties import (
    MAX_PENALISED,
    PENALTY_SERIES,
    CancelPenalties,
    ClaimPenalties,
)
from invoice_svc.http.common import CustomerId, EntityId, InvoiceId, SeriesCode


class PenaltyDocumentBody(Body):
    """A claim of what is due for late payment up to a day, and neither claimed nor waived yet."""

    entity_id: EntityId
    customer_id: CustomerId
    invoice_ids: list[InvoiceId] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_PENALISED,
        description="Invoices that are late or were paid late; all of the customer's if not given.",
    )
    until: BusinessDate | None = Field(
        default=None, description="Last day whose interest is claimed; the day of issue if not given."
    )
    issued_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    currency: Currency | None = Field(default=None, description="The entity's currency if not given.")
    series: SeriesCode = PENALTY_SERIES

    def to_command(self, document_id: str) -> ClaimPenalties:
        """Return the command."""
        return ClaimPenalties(
            document_id=document_id,
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            invoice_ids=None if self.invoice_ids is None else tuple(self.invoice_ids),
            until=self.until,
            issued_on=self.issued_on,
            currency=self.currency,
            series=self.series,
        )


class PenaltyCancellationBody(Body):
    """Cancellation of a penalty document by a credit note over all of it."""

    reason: ShortText = Field(examples=["The payment of 3 March was recorded late"])
    issued_on: BusinessDate | None = Field(
        default=None, description="Day of the credit note; today if not given."
    )
    series: SeriesCode | None = Field(default=None, description="AVO if not given.")

    def to_command(self, document_id: str, credit_note_id: str) -> CancelPenalties:
        """Return the command."""
        return CancelPenalties(document_id, credit_note_id, self.reason, self.issued_on, self.series)
