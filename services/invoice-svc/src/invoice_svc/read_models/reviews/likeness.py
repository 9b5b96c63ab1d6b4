"""Likeness of invoices: two with the same one may bill the same supply twice."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Literal, NamedTuple

from encours.contracts.events.invoice import InvoiceIssued
from encours.projection.rows import Id

Basis = Literal["period", "purchase_order"]


class Likeness(NamedTuple):
    """Digest of what two invoices of one debtor have in common, with the rule and the period."""

    pattern: str
    basis: Basis
    period: str


def likenesses(entity_id: str, event: InvoiceIssued, kind: Id) -> Iterator[Likeness]:
    """Yield the likeness by period, and by purchase order where nothing else tells supplies of one order apart.

    Same currency, total and purpose are common to both. Invoices of 0.00 and penalty documents, which claim nothing
    twice, are like none. The customer is no part of it: records that are merged are one debtor, from the day of the
    merge.
    """
    if not event.total_minor or event.purpose == "penalty":
        return
    period = period_of(event)
    same = (entity_id, event.currency, str(event.total_minor), event.purpose)
    yield Likeness(_digest(kind, *same, "period", period), "period", period)
    stated = event.particulars is not None and event.particulars.supply_from is not None
    if event.reference and not stated and not event.deliveries:
        order = " ".join(event.reference.lower().split())
        yield Likeness(_digest(kind, *same, "order", order), "purchase_order", period)


def period_of(event: InvoiceIssued) -> str:
    """Return the period that is billed, or the day of the supply."""
    stated = event.particulars
    if stated is None or stated.supply_from is None:
        return event.supply_on.isoformat()
    return f"{stated.supply_from}/{stated.supply_until}"


def _digest(kind: Id, *parts: str) -> str:
    digest = blake2b("\x1f".join(parts).encode(), digest_size=16)
    return f"{kind.prefix}_{digest.hexdigest()}"
