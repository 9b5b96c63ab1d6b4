"""Amounts of a random firm's disputes: raised, and ended wholly, in part or split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from encours.contracts import Event
from encours.contracts.events.sales.dispute import (
    DisputePartResolved,
    DisputeRaised,
    DisputeResolved,
    ResolvedPart,
)
from encours.testing.events import event


def amounts_of_dispute(cls: type[Event], contested: int, n: int, amount_minor: int) -> dict[str, Any]:
    """Amounts and outcome of an event of a dispute on a contested amount."""
    if cls is DisputeRaised:
        return {"amount_minor": amount_minor, "open_minor": contested + amount_minor}
    half = contested // 2
    if cls is DisputePartResolved:
        part = min(amount_minor, half)
        return {"amount_minor": part, "open_minor": contested - part}
    parts = (
        event(ResolvedPart, outcome="credited", amount_minor=half),
        event(ResolvedPart, outcome="rejected", amount_minor=contested - half),
    )
    outcome = ("credited", "rejected", "withdrawn", "split")[n % 4]
    return {
        "amount_minor": contested,
        "outcome": outcome,
        "parts": parts if outcome == "split" else (),
    }


def ended_parts(data: DisputePartResolved | DisputeResolved) -> Iterator[dict[str, Any]]:
    """Fields of the mirrors of a resolution in the invoice's stream."""
    for part in getattr(data, "parts", ()) or (data,):
        yield {
            "outcome": part.outcome,
            "amount_minor": part.amount_minor,
            "awaiting_credit_minor": part.amount_minor if part.outcome == "credited" else 0,
        }
