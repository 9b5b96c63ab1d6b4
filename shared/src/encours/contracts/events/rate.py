"""Exchange rates, in a stream for each pair of currencies of an entity, and the differences that payments realise by
them, in the streams of the invoices. Appended by invoice-svc."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts.base import Event


class ExchangeRatePublished(Event, frozen=True, kw_only=True):
    """Rate of a day; a later one for the same day replaces it from then on, not for what was known before."""

    TYPE: ClassVar[str] = "rate.published"
    rate_id: str
    entity_id: str
    base: str
    quote: str
    on: date
    rate: str
    """Units of ``quote`` for one unit of ``base``, as a decimal."""
    source: str


class ExchangeDifferenceRealised(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A part of an invoice in a foreign currency is paid, at another value in the entity's currency than at issue.

    The amount is the value of what was paid, at the rate of the payment, less the value of the settled part at the
    rate of the issue: a gain above 0 (PCG 756), a loss below (PCG 656). It leaves the customer's books as they are,
    which are kept in the currencies of the documents.
    """

    TYPE: ClassVar[str] = "invoice.exchange_difference_realised"
    invoice_id: str
    customer_id: str
    payment_id: str
    allocation_id: str
    currency: str
    """The entity's."""
    amount_minor: int
    settled_currency: str
    settled_minor: int
    issue_rate: str
    issue_rate_on: date
    issue_rate_source: str
    payment_rate: str
    """For one unit of ``paid_currency``, or of ``settled_currency`` where that is not given."""
    payment_rate_on: date
    payment_rate_source: str
    paid_currency: str | None = None
    """Currency of a payment in another one than the invoice's."""
    paid_minor: int | None = None
    """Amount used of it."""


class ExchangeDifferenceReversed(Event, frozen=True, kw_only=True):
    """The payment left the invoice, and with it the difference that it had realised."""

    TYPE: ClassVar[str] = "invoice.exchange_difference_reversed"
    invoice_id: str
    customer_id: str
    payment_id: str
    allocation_id: str
    currency: str
    amount_minor: int
    """Amount that it had realised."""
