"""Promises of debtors to pay by a day. Appended by dunning-svc. Stream: the promise id."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event

PromiseSource = Literal["reply", "call", "portal", "other"]
"""Way in which the debtor promised."""


class PromiseMade(Event, frozen=True, kw_only=True):
    """The debtor promises to pay an amount by a day. Dunning of the invoices rests up to ``suspended_until``."""

    TYPE: ClassVar[str] = "promise.made"
    promise_id: str
    customer_id: str
    invoice_ids: tuple[str, ...]
    currency: str
    amount_minor: int
    promised_on: date
    """Last day on which the debtor pays by its promise."""
    suspended_until: date
    """Promised day plus the days of grace for the payment to arrive."""
    source: PromiseSource
    reply_id: str | None
    text: str | None
    """Words of the debtor, or a note of who took the promise."""
