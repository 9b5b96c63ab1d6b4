"""Promised and placed parts of invoices, written from the rules alone: nothing here shares code with the queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from encours.ledger.stored import StoredEvent

PAID = {"invoice.payment_applied": 1, "invoice.payment_unapplied": -1}


@dataclass
class Named:
    promised: int = 0
    placed: int = 0


def parts(
    log: list[StoredEvent], as_of: date, known_to: int, items: dict[str, dict[str, Any]]
) -> dict[str, Named]:
    """By invoice; ``items`` has what is open of each and the event of its issue."""
    counted: list[tuple[int, str, Any]] = [
        (e.position, e.type, e.recorded().data) for e in log[:known_to] if e.effective_on <= as_of
    ]
    found: dict[str, Named] = defaultdict(Named)
    promises: dict[str, tuple[int, str, Any]] = {}
    placed: dict[str, set[str]] = defaultdict(set)
    for position, type_name, data in counted:
        if type_name.startswith("promise."):
            promises[data.promise_id] = position, type_name, data
        elif type_name == "placement.made":
            placed[data.placement_id] |= {each.invoice_id for each in data.invoices}
        elif type_name == "placement.recalled":
            placed[data.placement_id] -= set(data.invoice_ids)
    for invoice_id, item in items.items():
        if any(invoice_id in each for each in placed.values()):
            found[invoice_id].placed = max(0, item["open"])
    for position, type_name, data in promises.values():
        if type_name != "promise.made" or data.suspended_until < as_of:
            continue
        received = sum(
            PAID[name] * later.amount_minor
            for at, name, later in counted
            if at > position and name in PAID and later.invoice_id in data.invoice_ids
        )
        rest = data.amount_minor - max(0, received)
        own = [i for i in data.invoice_ids if i in items and items[i]["open"] > 0]
        for invoice_id in sorted(own, key=lambda i: (items[i]["fact"].due_on, i)):
            part = max(0, min(rest, items[invoice_id]["open"]))
            found[invoice_id].promised += part
            rest -= part
    for invoice_id, named in found.items():
        named.promised = min(named.promised, max(0, items[invoice_id]["open"]))
    return found
