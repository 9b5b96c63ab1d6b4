"""Quotes [devis]. Stream: the quote id. Appended by invoice-svc. No money moves.

A quote's number is a reference and not a legal number: continuous numbers are prescribed for invoices alone
(CGI ann. II 242 nonies A), so a quote takes none of a series. It expires by its ``valid_until`` (C. civ. 1117), without
an event.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event
from encours.contracts.common import DocumentContent, KeptEvidence


class QuoteDrafted(Event, frozen=True, kw_only=True):
    """A quote is prepared."""

    TYPE: ClassVar[str] = "quote.drafted"
    quote_id: str
    customer_id: str
    number: str
    currency: str
    valid_until: date
    """Last day on which the customer can accept."""
    content: DocumentContent
    net_minor: int
    vat_minor: int
    total_minor: int


class QuoteAmended(Event, frozen=True, kw_only=True):
    """The content of a quote that was not sent, from now on; all of it."""

    TYPE: ClassVar[str] = "quote.amended"
    quote_id: str
    customer_id: str
    currency: str
    valid_until: date
    content: DocumentContent
    net_minor: int
    vat_minor: int
    total_minor: int


class QuoteSent(Event, frozen=True, kw_only=True):
    """The offer is with the customer, and binds the creditor until its last day (C. civ. 1116)."""

    TYPE: ClassVar[str] = "quote.sent"
    quote_id: str
    customer_id: str
    sent_to: str | None
    """Address or person, as the creditor names it."""


class QuoteExtended(Event, frozen=True, kw_only=True):
    """The customer has longer to accept."""

    TYPE: ClassVar[str] = "quote.extended"
    quote_id: str
    customer_id: str
    valid_until: date


class QuoteAccepted(Event, frozen=True, kw_only=True):
    """The customer accepts. The order or the draft invoice that the quote leads to is made with it."""

    TYPE: ClassVar[str] = "quote.accepted"
    quote_id: str
    customer_id: str
    currency: str
    total_minor: int
    accepted_by: str
    evidence: KeptEvidence | None
    led_to: Literal["invoice", "order"]
    invoice_id: str | None
    order_id: str | None


class QuoteRefused(Event, frozen=True, kw_only=True):
    """The customer refuses."""

    TYPE: ClassVar[str] = "quote.refused"
    quote_id: str
    customer_id: str
    cause: str | None
