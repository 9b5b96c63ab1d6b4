"""Thank-you messages for invoices that their debtor has paid in full. Appended by dunning-svc.

Stream: the id of the thank-you: its decision, then at most one outcome.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.events.dunning.reminders import MessageProof, SendingHours

ThanksCause = Literal[
    "payment_reversed", "customer_on_hold", "insolvency", "placed", "no_address", "not_asked_for"
]
"""Cause against a thank-you that was decided. ``payment_reversed``: an invoice is open again, or was settled anew.
``placed``: a third party collects from the debtor. ``not_asked_for``: the policy that applies now has none."""


class SettledInvoice(Value, frozen=True, kw_only=True):
    """An invoice that payments have settled."""

    invoice_id: str
    number: str
    due_on: date
    paid_on: date
    """Day from which the funds of its payments covered it."""
    paid_minor: int
    """Sum of its payments, without credit notes and discounts."""
    settled_at: int
    """Position of the event that settled it: an invoice is thanked for once per settlement."""
    reminders: int
    """Reminders about it before; announcements of the due date do not count."""


class ThanksRequested(Event, frozen=True, kw_only=True):
    """One e-mail to the payer of a customer for all that was settled, to be sent."""

    TYPE: ClassVar[str] = "thanks.requested"
    thanks_id: str
    customer_id: str
    addressee_id: str
    """Customer that pays and is written to; the debtor itself or another one."""
    day: date
    template: str
    language: str
    currency: str
    invoices: tuple[SettledInvoice, ...]
    amount_minor: int
    """Sum of the payments of its invoices."""
    policy_id: str
    policy_version: int
    position: int
    """The ledger position that the decision saw; its last event opened the day."""
    input_events: tuple[int, ...]
    """Positions of the events about the customer and the invoices that it rests on."""
    hours: SendingHours | None
    """Hours in which it may leave, where the addressee is; ``None``: at any time."""


class ThanksSuppressed(Event, frozen=True, kw_only=True):
    """Withdrawal of one that was decided: something changed between the decision and the dispatch."""

    TYPE: ClassVar[str] = "thanks.suppressed"
    thanks_id: str
    customer_id: str
    cause: ThanksCause
    because: tuple[int, ...]
    """Positions of the events after the decision that changed what it rested on."""


class ThanksSent(Event, frozen=True, kw_only=True):
    """The mail server accepted it."""

    TYPE: ClassVar[str] = "thanks.sent"
    thanks_id: str
    customer_id: str
    message_id: str
    evidence: str
    message: MessageProof | None
    """``None`` where what was handed over is not known exactly."""


class ThanksFailed(Event, frozen=True, kw_only=True):
    """The mail server refused it for good."""

    TYPE: ClassVar[str] = "thanks.failed"
    thanks_id: str
    customer_id: str
    message_id: str
    evidence: str


class ThanksUnconfirmed(Event, frozen=True, kw_only=True):
    """The process ended between handing over and hearing back: nothing is sent again."""

    TYPE: ClassVar[str] = "thanks.unconfirmed"
    thanks_id: str
    customer_id: str
    message_id: str
