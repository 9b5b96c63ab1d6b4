"""Steps of the procedure for an enforceable title without a court. Appended by dunning-svc. Stream: the title id.

Days follow from data that is to be confirmed by counsel (``encours/legal/title.toml``); each event keeps those it used.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value

TitleEnd = Literal["contested", "paid", "insolvency", "withdrawn", "enforced"]
"""``withdrawn``: the creditor gave it up. ``enforced``: the title was enforced."""


class TitledInvoice(Value, frozen=True, kw_only=True):
    """An invoice as the title was requested for it. Amounts in minor units, VAT included."""

    invoice_id: str
    number: str
    due_on: date
    open_minor: int


class TitleRules(Value, frozen=True, kw_only=True):
    """Procedure as the data had it, to be confirmed by counsel."""

    country: str
    valid_from: date
    silence_months: int
    record_days: int
    silent: bool
    """True if no other message is sent about the invoices while it runs."""
    source: str


class TitleRequested(Event, frozen=True, kw_only=True):
    """The officer was instructed to serve the demand for payment."""

    TYPE: ClassVar[str] = "title.requested"
    title_id: str
    customer_id: str
    currency: str
    invoices: tuple[TitledInvoice, ...]
    amount_minor: int
    requested_on: date
    officer: str
    notice_on: date | None
    """Day of a formal notice that was sent outside of Encours."""
    rules: TitleRules


class TitleServed(Event, frozen=True, kw_only=True):
    """The demand was served: the time to contest runs."""

    TYPE: ClassVar[str] = "title.served"
    title_id: str
    customer_id: str
    served_on: date
    contest_until: date
    record_from: date
    """First day on which non-contestation may be recorded."""
    reference: str | None


class TitleContested(Event, frozen=True, kw_only=True):
    """The debtor contests the claim, which ends the procedure: only a court can decide."""

    TYPE: ClassVar[str] = "title.contested"
    title_id: str
    customer_id: str
    contested_on: date
    cause: str
    task_id: str
    """Task to examine the objection and to open a dispute."""


class TitleEnforceable(Event, frozen=True, kw_only=True):
    """Non-contestation was recorded, and the record made enforceable."""

    TYPE: ClassVar[str] = "title.enforceable"
    title_id: str
    customer_id: str
    enforceable_on: date
    reference: str | None


class TitleEnded(Event, frozen=True, kw_only=True):
    """The procedure is over; dunning of what is open goes on at the level that the invoices had."""

    TYPE: ClassVar[str] = "title.ended"
    title_id: str
    customer_id: str
    invoice_ids: tuple[str, ...]
    outcome: TitleEnd
    note: str | None
