"""Answers of /v1/quotes."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.common import KeptEvidence
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from invoice_svc.domain.quote.state import Acceptance, Quote, QuoteStatus, status_on
from invoice_svc.http.common import iso
from invoice_svc.http.documents import (
    DocumentAdjustmentOut,
    LineOut,
    ParticularsOut,
    VatOut,
    content_json,
)
from invoice_svc.http.terms import TermsOut
from invoice_svc.use_cases.folds import QUOTE


class AcceptanceOut(BaseModel):
    """Acceptance of a quote, and the document that it led to."""

    accepted_by: str
    accepted_on: date
    sha256: str | None = Field(description="Of the signed document, in hexadecimal digits.")
    has_document: bool = Field(description="True if GET …/evidence has the document itself.")
    invoice_id: str | None
    order_id: str | None

    @classmethod
    def of(cls, found: Acceptance | None) -> Json | None:
        """Show an acceptance."""
        if found is None:
            return None
        return {
            "accepted_by": found.accepted_by,
            "accepted_on": iso(found.accepted_on),
            "sha256": found.sha256,
            "has_document": found.has_document,
            "invoice_id": found.invoice_id,
            "order_id": found.order_id,
        }


class QuoteOut(AsOf, ParticularsOut):
    """A quote as of a date."""

    id: str
    number: str = Field(description="Reference of the quote; not a legal number.")
    entity_id: str
    customer_id: str
    currency: str
    drafted_on: date
    valid_until: date = Field(description="Last day on which the customer can accept.")
    status: QuoteStatus
    supply_on: date | None
    net: MoneyModel
    vat: MoneyModel
    total: MoneyModel
    vat_breakdown: list[VatOut]
    lines: list[LineOut]
    allowances: list[DocumentAdjustmentOut]
    charges: list[DocumentAdjustmentOut]
    terms: TermsOut | None
    reference: str | None
    salesperson: str | None
    sent_on: date | None
    sent_to: str | None
    acceptance: AcceptanceOut | None
    refused_on: date | None
    refusal: str | None
    version: int

    @classmethod
    def of(cls, state: Quote, version: int, as_of: date) -> Json:
        """Show a quote with its status on the day."""
        currency, content = state.currency, state.content
        return {
            "id": state.quote_id,
            "number": state.number,
            "entity_id": state.entity_id,
            "customer_id": state.customer_id,
            "currency": currency,
            "drafted_on": iso(state.drafted_on),
            "valid_until": iso(state.valid_until),
            "status": status_on(state, as_of),
            "supply_on": iso(content.supply_on),
            "net": money_json(state.net_minor, currency),
            "vat": money_json(state.vat_minor, currency),
            "total": money_json(state.total_minor, currency),
            **content_json(content, currency),
            "sent_on": iso(state.sent_on),
            "sent_to": state.sent_to,
            "acceptance": AcceptanceOut.of(state.acceptance),
            "refused_on": iso(state.refused_on),
            "refusal": state.refusal,
            "version": version,
        }


class QuoteListing(AsOf, Listing[QuoteOut]):
    """A page of quotes."""


class EvidenceOut(AsOf):
    """The signed document of an acceptance."""

    quote_id: str
    sha256: str
    name: str | None
    media_type: str | None
    document: str | None = Field(description="In base64; null where it is kept elsewhere.")

    @classmethod
    def of(cls, quote_id: str, evidence: KeptEvidence) -> Json:
        """Show the evidence."""
        return {
            "quote_id": quote_id,
            "sha256": evidence.sha256,
            "name": evidence.name,
            "media_type": evidence.media_type,
            "document": evidence.document,
        }


QUOTE_ANSWER = Answer(QUOTE, QuoteOut.of)
