"""Quotes [devis], orders [commandes] and deliveries. Streams: the quote id, the order id. Appended by invoice-svc.

None of them moves money. A quote's number is a reference and not a legal number: continuous numbers are prescribed for
invoices alone (CGI ann. II 242 nonies A), so a quote takes none of a series. It expires by its ``valid_until``
(C. civ. 1117), without an event.
 A delivery is billed by one invoice at a time: ``order.billed`` stands in the order's stream
beside the deliveries, so that two invoices cannot take the same one. Days are the events' business dates.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.common import Address, Adjustment, DocumentContent

UnbilledCause = Literal["cancelled", "credited"]


class DeliveredLine(Value, frozen=True, kw_only=True):
    """Quantity that was delivered of a line of the order; ``line`` counts from 1."""

    line: int
    quantity: str
    net_minor: int
    """Quantity times price, less the allowances, plus the charges that fall on the quantity."""
    adjustments: tuple[Adjustment, ...]


class OrderPlaced(Event, frozen=True, kw_only=True):
    """The customer orders. ``content.reference`` is the customer's own number of the order."""

    TYPE: ClassVar[str] = "order.placed"
    order_id: str
    customer_id: str
    number: str
    currency: str
    quote_id: str | None
    deliver_to: Address | None
    content: DocumentContent
    net_minor: int
    vat_minor: int
    total_minor: int


class OrderDelivered(Event, frozen=True, kw_only=True):
    """Goods were delivered, or services performed, on the event's business date."""

    TYPE: ClassVar[str] = "order.delivered"
    order_id: str
    customer_id: str
    currency: str
    delivery_id: str
    note_number: str
    """Number of the delivery note [bon de livraison]."""
    delivered_to: Address | None
    lines: tuple[DeliveredLine, ...]
    net_minor: int


class DeliveryCancelled(Event, frozen=True, kw_only=True):
    """A delivery was recorded by mistake: it does not count."""

    TYPE: ClassVar[str] = "order.delivery_cancelled"
    order_id: str
    customer_id: str
    currency: str
    delivery_id: str
    net_minor: int
    cause: str


class OrderBilled(Event, frozen=True, kw_only=True):
    """An invoice, as a draft or issued at once, takes these deliveries."""

    TYPE: ClassVar[str] = "order.billed"
    order_id: str
    customer_id: str
    currency: str
    invoice_id: str
    delivery_ids: tuple[str, ...]
    net_minor: int


class OrderUnbilled(Event, frozen=True, kw_only=True):
    """These deliveries wait for an invoice again: theirs was cancelled as a draft, or credited as a whole."""

    TYPE: ClassVar[str] = "order.unbilled"
    order_id: str
    customer_id: str
    currency: str
    invoice_id: str
    delivery_ids: tuple[str, ...]
    net_minor: int
    cause: UnbilledCause


class OrderClosed(Event, frozen=True, kw_only=True):
    """No more is delivered of the order."""

    TYPE: ClassVar[str] = "order.closed"
    order_id: str
    customer_id: str
    cause: str | None


class SignedEvidence(Value, frozen=True, kw_only=True):
    """The document that shows the acceptance, identified by its SHA-256 in hexadecimal digits.

    ``document`` is the document itself in base64, ``None`` where the creditor keeps it elsewhere.
    """

    sha256: str
    name: str | None
    media_type: str | None
    document: str | None


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
    evidence: SignedEvidence | None
    led_to: Literal["invoice", "order"]
    invoice_id: str | None
    order_id: str | None


class QuoteRefused(Event, frozen=True, kw_only=True):
    """The customer refuses."""

    TYPE: ClassVar[str] = "quote.refused"
    quote_id: str
    customer_id: str
    cause: str | None
