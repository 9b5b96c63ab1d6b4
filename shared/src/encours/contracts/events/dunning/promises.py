"""Promises of debtors to pay by a day. Appended by dunning-svc. Stream: the promise id."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event

PromiseSource = Literal["reply", "call", "portal", "other"]
"""Way in which the debtor promised."""
PromiseEnd = Literal["withdrawn", "replaced", "not_owed"]
"""Ends of a promise that is neither kept nor broken: by a person, by another promise, without anything owed."""


class PromiseMade(Event, frozen=True, kw_only=True, omit_defaults=True):
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
    credit_minor: int = 0
    """Unapplied cash of the debtor at that time, which does not keep the promise."""


class PromiseKept(Event, frozen=True, kw_only=True):
    """The promised amount arrived in time, or all that was still owed of it. Follows ``promise.broken`` too."""

    TYPE: ClassVar[str] = "promise.kept"
    promise_id: str
    customer_id: str
    invoice_ids: tuple[str, ...]
    currency: str
    amount_minor: int
    """Amount that was promised."""
    received_minor: int
    """Amount that arrived in time."""
    promised_on: date


class PromiseBroken(Event, frozen=True, kw_only=True):
    """Less than the promised amount arrived in time, or it was returned later. Follows ``promise.kept`` too."""

    TYPE: ClassVar[str] = "promise.broken"
    promise_id: str
    customer_id: str
    invoice_ids: tuple[str, ...]
    currency: str
    amount_minor: int
    """Amount that was promised."""
    received_minor: int
    """Amount that arrived in time; above 0 the promise is kept in part."""
    promised_on: date


class PromiseWithdrawn(Event, frozen=True, kw_only=True):
    """The promise ends neither kept nor broken. Dunning of its invoices goes on unless another promise suspends it."""

    TYPE: ClassVar[str] = "promise.withdrawn"
    promise_id: str
    customer_id: str
    invoice_ids: tuple[str, ...]
    currency: str
    amount_minor: int
    promised_on: date
    cause: PromiseEnd
    replaced_by: str | None
    """The later promise, if the cause is ``replaced``."""
    text: str | None
