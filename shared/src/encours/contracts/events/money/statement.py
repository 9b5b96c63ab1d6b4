"""Scheduled statements of account [relevé de compte]. Stream: the schedule of a customer. Appended by invoice-svc.

No money moves. A statement is decided once for each period; whoever sends it finds it here.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value

StatementScope = Literal["own", "payer", "group"]
"""Accounts of the customer, of all for whom it pays, or of its group."""
StatementOutcome = Literal["due", "nothing", "merged"]
"""``due``: to be sent. ``nothing``: no entry and no balance. ``merged``: another record stands for the customer."""


class StatementScheduled(Event, frozen=True, kw_only=True):
    """Statements of a customer fall due by a rule from a day on; ``rule`` ``None`` ends them."""

    TYPE: ClassVar[str] = "statement.scheduled"
    schedule_id: str
    customer_id: str
    rule: str | None
    """RFC 5545, in days."""
    starts_on: date
    """First day of the first statement."""
    scope: StatementScope
    language: str | None
    """``None``: the customer's."""
    even_if_nothing: bool
    """Statements without an entry and without a balance are due too."""


class StatementBalance(Value, frozen=True, kw_only=True):
    """Balances and turnover of the accounts in one currency, in minor units: opening + debit - credit = closing."""

    currency: str
    opening_minor: int
    debit_minor: int
    credit_minor: int
    closing_minor: int


class StatementDecided(Event, frozen=True, kw_only=True):
    """The statement of a period, by what the ledger held at a position."""

    TYPE: ClassVar[str] = "statement.decided"
    schedule_id: str
    customer_id: str
    scope: StatementScope
    language: str
    first_day: date
    last_day: date
    customers: tuple[str, ...]
    """Customers whose accounts it shows."""
    balances: tuple[StatementBalance, ...]
    at_position: int
    content_sha256: str
    """Of customers, balances, entries and open items; ``GET /v1/customers/{id}/statement`` computes the same."""
    outcome: StatementOutcome
