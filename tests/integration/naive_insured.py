"""Part of the debts of a customer that a credit insurer pays, written from the rules alone; no claim is ever lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from encours.contracts.events.insurance import CoverCancelled, CoverReduced
from encours.ledger.stored import StoredEvent

SHARE = 90
"""Percent of a covered debt that the insurer pays."""


def insured(
    log: list[StoredEvent],
    known_to: int,
    items: dict[str, dict[str, Any]],
    records: Collection[str],
    cash: int,
) -> int:
    """Part of the euros owed by the records of a debtor that the insurer pays; ``cash`` of theirs is unapplied."""
    covers: dict[str, list[Any]] = {}
    for event in log[:known_to]:
        data: Any = event.recorded().data
        if event.type.startswith("insurance_cover.") and data.customer_id in records:
            covers.setdefault(data.cover_id, []).append(data)
    debts = []
    own = [(item["fact"].due_on, i, item) for i, item in items.items() if item["fact"].customer_id in records]
    for _, invoice_id, item in sorted(own, key=lambda each: each[:2]):
        fact, left = item["fact"], item["open"] - item["conceded"]
        if fact.currency != "EUR" or fact.purpose == "penalty" or left <= 0:
            continue
        paid = min(left, max(0, cash))
        cash -= paid
        disputed = item["disputed"] - item["conceded"]
        debts.append((fact.issued_on, invoice_id, max(0, left - paid - disputed)))
    used, total = Counter[str](), 0
    for issued_on, _, rest in sorted(debts):
        order = sorted(covers.items(), key=lambda c: (c[1][0].term, c[1][0].valid_from, c[0]))
        for cover_id, events in order:
            if rest > 0 and (limit := _limit(events, issued_on)) is not None:
                part = min(rest, max(0, limit - used[cover_id]))
                used[cover_id] += part
                total, rest = total + part, rest - part
    return (total * SHARE * 2 + 100) // 200


def _limit(events: list[Any], issued_on: date) -> int | None:
    """The amount of a cover for an invoice of a day; nothing if it does not cover it."""
    granted, limits = events[0], dict[date, int]()
    end = granted.valid_until or date.max
    limits[granted.valid_from] = granted.amount_minor
    for data in events[1:]:
        if isinstance(data, CoverReduced):
            limits = {
                on: minor for on, minor in limits.items() if on < data.from_on or minor < data.amount_minor
            }
            limits[data.from_on] = data.amount_minor
    cancelled = next((each for each in reversed(events) if isinstance(each, CoverCancelled)), None)
    if cancelled is not None and cancelled.from_on - timedelta(days=1) <= end:
        end = cancelled.from_on - timedelta(days=1) + timedelta(days=cancelled.run_off_days)
    if not granted.valid_from <= issued_on <= end:
        return None
    reached = [on for on in limits if on <= issued_on]
    return limits[max(reached) if reached else min(limits)]
