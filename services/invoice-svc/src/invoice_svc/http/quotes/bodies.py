"""Request bodies of /v1/quotes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from encours.contracts.events.quote import SignedEvidence
from encours.http.models import Body, BusinessDate, ShortText
from encours.kernel.errors import Invalid
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
from invoice_svc.http.invoices.bodies import ContentBody

MAX_DOCUMENT_BYTES = 65_536
"""Bound of a signed document that the ledger keeps; a larger one is kept elsewhere and identified by its SHA-256."""
_MAX_BASE64 = (MAX_DOCUMENT_BYTES + 2) // 3 * 4

Sha256Text = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MediaType = Annotated[
    str,
    StringConstraints(max_length=100, pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$"),
    Field(examples=["application/pdf"]),
]


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


class EvidenceBody(Body):
    """The signed document: itself (up to 64 KiB), or its SHA-256 if you keep it."""

    sha256: Sha256Text | None = Field(default=None, description="Of the document; computed if it is sent.")
    document: Annotated[str, StringConstraints(min_length=4, max_length=_MAX_BASE64)] | None = Field(
        default=None, description="The document in base64."
    )
    name: ShortText | None = Field(default=None, examples=["devis-signe.pdf"])
    media_type: MediaType | None = None

    def to_evidence(self) -> SignedEvidence:
        """Return the evidence. Raises :class:`Invalid` for neither hash nor document, or if they do not agree."""
        digest = self.sha256
        if self.document is not None:
            digest = hashlib.sha256(_decoded(self.document)).hexdigest()
            if self.sha256 not in (None, digest):
                raise Invalid(f"The SHA-256 of the document is {digest}.", "/evidence/sha256")
        if digest is None:
            raise Invalid("Send the SHA-256 of the signed document, or the document.", "/evidence/sha256")
        return SignedEvidence(
            sha256=digest, name=self.name, media_type=self.media_type, document=self.document
        )


class AcceptBody(Body):
    """Person who accepted, day and evidence."""

    accepted_by: ShortText = Field(examples=["Claire Martin, gérante"])
    accepted_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    evidence: EvidenceBody | None = None
    into: Literal["invoice", "order"] = Field(default="invoice", description="What the quote leads to.")
    series: SeriesCode = Field(default="FAC", description="Series of the invoice.")

    def to_command(self, quote_id: str) -> AcceptQuote:
        """Return the command."""
        evidence = None if self.evidence is None else self.evidence.to_evidence()
        return AcceptQuote(quote_id, self.accepted_by, self.accepted_on, evidence, self.into, self.series)


class RefuseQuoteBody(Body):
    """Reason of the customer's refusal."""

    refused_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    reason: ShortText | None = Field(default=None, examples=["Too dear"])

    def to_command(self, quote_id: str) -> RefuseQuote:
        """Return the command."""
        return RefuseQuote(quote_id, self.refused_on, self.reason)


def _decoded(text: str) -> bytes:
    try:
        document = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("Write the document in base64 (RFC 4648).", "/evidence/document") from None
    if len(document) > MAX_DOCUMENT_BYTES:
        raise Invalid(
            f"A document may have {MAX_DOCUMENT_BYTES} bytes; send its SHA-256 alone.", "/evidence/document"
        )
    return document
