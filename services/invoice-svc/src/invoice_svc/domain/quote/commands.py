"""Commands on a quote."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from encours.contracts.common import KeptEvidence
from invoice_svc.domain.invoice.commands import Content


class DraftQuote(Struct, frozen=True):
    """Prepare a quote for a customer. ``number`` is the creditor's own, made from the id if not given."""

    quote_id: str
    entity_id: str
    customer_id: str
    valid_until: date
    content: Content
    currency: str | None = None
    number: str | None = None


class AmendQuote(Struct, frozen=True):
    """Replace the content of a quote that was not sent."""

    quote_id: str
    valid_until: date
    content: Content
    currency: str | None = None


class SendQuote(Struct, frozen=True):
    """Record that the quote was sent. ``sent_on`` is today if not given."""

    quote_id: str
    sent_on: date | None = None
    sent_to: str | None = None


class ExtendQuote(Struct, frozen=True):
    """Give the customer longer to accept."""

    quote_id: str
    valid_until: date


class AcceptQuote(Struct, frozen=True):
    """Record the acceptance and make what the quote leads to. ``accepted_on`` is today if not given.

    ``series`` is that of a draft invoice.
    """

    quote_id: str
    accepted_by: str
    accepted_on: date | None = None
    evidence: KeptEvidence | None = None
    into: Literal["invoice", "order"] = "invoice"
    series: str = "FAC"


class RefuseQuote(Struct, frozen=True):
    """Record that the customer refuses. ``refused_on`` is today if not given."""

    quote_id: str
    refused_on: date | None = None
    cause: str | None = None
