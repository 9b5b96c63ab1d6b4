"""Request bodies of /v1/quotes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from encours.http.models import Body, BusinessDate, ShortText
from encours.kernel.ids import derived_id, new_id
from invoice_svc.domain.quote.commands import (
    AcceptQuote,
    AmendQuote,
    DraftQuote,
    ExtendQuote,
    RefuseQuote,
    SendQuote,
)
from invoice_svc.http.common import CustomerId, EntityId, SeriesCode
from invoice_svc.http.evidence import EvidenceBody
from invoice_svc.http.invoices.bodies import ContentBody


class QuoteContentBody(ContentBody):
    """Content of a quote, and the last day on which the customer can accept it."""

    valid_until: BusinessDate

    def to_amendment(self, quote_id: str) -> AmendQuote:
        """Return the command that replaces the content."""
        return AmendQuote(quote_id, self.valid_until, self.to_content(), self.currency)


class QuoteBody(QuoteContentBody):
    """A quote for a customer."""

    entity_id: EntityId
    customer_id: CustomerId
    number: ShortText | None = Field(
        default=None, description="Your own number, unique per entity; made by the service if not given."
    )

    def to_command(self) -> DraftQuote:
        """Return the command. The id is derived from a given number, so that a second quote with it is refused."""
        own = self.number
        return DraftQuote(
            quote_id=derived_id("quo", "number", self.entity_id, own) if own else new_id("quo"),
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            valid_until=self.valid_until,
            content=self.to_content(),
            currency=self.currency,
            number=own,
        )


class SendQuoteBody(Body):
    """Day and addressee of the sending."""

    sent_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    sent_to: ShortText | None = Field(default=None, examples=["achats@garage-dupont.example"])

    def to_command(self, quote_id: str) -> SendQuote:
        """Return the command."""
        return SendQuote(quote_id, self.sent_on, self.sent_to)


class ExtendBody(Body):
    """The new last day."""

    valid_until: BusinessDate

    def to_command(self, quote_id: str) -> ExtendQuote:
        """Return the command."""
        return ExtendQuote(quote_id, self.valid_until)


class AcceptBody(Body):
    """Person who accepted, day and evidence."""

    accepted_by: ShortText = Field(examples=["Claire Martin, gérante"])
    accepted_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    evidence: EvidenceBody | None = None
    into: Literal["invoice", "order"] = Field(default="invoice", description="What the quote leads to.")
    series: SeriesCode = Field(default="FAC", description="Series of the invoice.")

    def to_command(self, quote_id: str) -> AcceptQuote:
        """Return the command."""
        evidence = None if self.evidence is None else self.evidence.to_evidence("/evidence")
        return AcceptQuote(quote_id, self.accepted_by, self.accepted_on, evidence, self.into, self.series)


class RefuseQuoteBody(Body):
    """Reason of the customer's refusal."""

    refused_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    reason: ShortText | None = Field(default=None, examples=["Too dear"])

    def to_command(self, quote_id: str) -> RefuseQuote:
        """Return the command."""
        return RefuseQuote(quote_id, self.refused_on, self.reason)
