"""A recurring invoice [facture récurrente]: a rule that bills each of its periods once. Stream: the rule's id.

Appended by invoice-svc. No money moves. A period is named by the date that the rule gives. ``recurring.billed`` stands
in the rule's stream beside the invoice, so that no period is billed twice; periods are billed in the order of their
dates. Indices of prices, which the rules follow, have streams of their own: the index id.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.common import DocumentContent


class Indexation(Value, frozen=True, kw_only=True):
    """Prices follow an index: price times the value for the period, divided by the base value.

    The value for a period is that of its month (or quarter, or year) ``months_back`` earlier; with ``revision``
    ``yearly`` that of the last anniversary of the first day. Prices are rounded half up to ``price_decimals``.
    """

    index_id: str
    code: str
    base_period: date
    months_back: int
    revision: Literal["each_period", "yearly"]
    price_decimals: int


class IndexedBy(Value, frozen=True, kw_only=True):
    """Index values that gave the prices of an invoice."""

    code: str
    base_period: date
    base_value: str
    value_period: date
    value: str


class RecurringAgreed(Event, frozen=True, kw_only=True):
    """The periods of the rule (RFC 5545, days only) are billed from a day on."""

    TYPE: ClassVar[str] = "recurring.agreed"
    recurring_id: str
    customer_id: str
    title: str
    series: str
    currency: str
    rule: str
    starts_on: date
    ends_on: date | None
    """Last day of which a period is billed."""
    issue: bool
    """Invoices are issued; else they are drafts."""
    indexation: Indexation | None
    content: DocumentContent
    net_minor: int
    vat_minor: int
    total_minor: int


class RecurringBilled(Event, frozen=True, kw_only=True):
    """A period is billed by an invoice."""

    TYPE: ClassVar[str] = "recurring.billed"
    recurring_id: str
    customer_id: str
    currency: str
    period: date
    invoice_id: str
    indexed_by: IndexedBy | None
    total_minor: int


class RecurringBlocked(Event, frozen=True, kw_only=True):
    """A period cannot be billed for now, nor those after it."""

    TYPE: ClassVar[str] = "recurring.blocked"
    recurring_id: str
    customer_id: str
    period: date
    code: str
    """Code of the problem, as the API answers it."""
    cause: str


class RecurringPaused(Event, frozen=True, kw_only=True):
    """Periods from that day on are not billed."""

    TYPE: ClassVar[str] = "recurring.paused"
    recurring_id: str
    customer_id: str
    cause: str | None


class RecurringResumed(Event, frozen=True, kw_only=True):
    """Periods from that day on are billed again; those of the pause are left out."""

    TYPE: ClassVar[str] = "recurring.resumed"
    recurring_id: str
    customer_id: str


class RecurringEnded(Event, frozen=True, kw_only=True):
    """No period after a day is billed."""

    TYPE: ClassVar[str] = "recurring.ended"
    recurring_id: str
    customer_id: str
    ends_on: date
    cause: str | None


Frequency = Literal["monthly", "quarterly", "yearly"]


class IndexValue(Value, frozen=True, kw_only=True):
    """Value for a month, a quarter or a year, which is named by its first day. A decimal string."""

    period: date
    value: str


class IndexPublished(Event, frozen=True, kw_only=True):
    """Values of the index, new or corrected. They count for invoices that are made from then on."""

    TYPE: ClassVar[str] = "index.published"
    index_id: str
    entity_id: str
    code: str
    name: str
    frequency: Frequency
    source: str
    values: tuple[IndexValue, ...]
