"""Commands on a recurring invoice."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from invoice_svc.domain.invoice.commands import Content


class AskedIndexation(Struct, frozen=True):
    """Indexation as a request gives it; ``price_decimals`` ``None`` is those of the currency."""

    index_id: str
    code: str
    base_period: date
    months_back: int
    revision: Literal["each_period", "yearly"]
    price_decimals: int | None


class AgreeRecurring(Struct, frozen=True):
    """Agree a recurring invoice. With ``issue`` its invoices get their numbers; else they are drafts."""

    recurring_id: str
    entity_id: str
    customer_id: str
    title: str
    rule: str
    starts_on: date
    content: Content
    series: str = "FAC"
    ends_on: date | None = None
    currency: str | None = None
    issue: bool = False
    indexation: AskedIndexation | None = None


class PauseRecurring(Struct, frozen=True):
    """Leave out the periods from today on, until it is resumed."""

    recurring_id: str
    cause: str | None = None


class ResumeRecurring(Struct, frozen=True):
    """Bill the periods from today on again."""

    recurring_id: str


class EndRecurring(Struct, frozen=True):
    """Bill no period after a day; ``ends_on`` is today if not given."""

    recurring_id: str
    ends_on: date | None = None
    cause: str | None = None
