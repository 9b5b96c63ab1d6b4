"""Due dates of an invoice, and what is left of each, written from the rules alone."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from typing import Any


def band(as_of: date, due_on: date) -> int:
    return bisect_left((0, 30, 60, 90, 120), (as_of - due_on).days)


def parts(item: dict[str, Any]) -> list[tuple[date, int]]:
    """Due dates with what is left of each: what was owed there less what was paid there."""
    dues = item["dues"] or [(item["fact"].due_on, 0)]
    owed = filled(dues, item["settled"] + item["open"])
    paid = filled(dues, item["settled"])
    return [(due_on, mine - theirs) for (due_on, _), mine, theirs in zip(dues, owed, paid, strict=True)]


def filled(dues: list[tuple[date, int]], minor: int) -> list[int]:
    """A sum put on due dates, the first ones up to their amounts; the last one has what the sum has beyond them."""
    found = []
    for _, amount in dues[:-1]:
        found.append(min(minor, amount))
        minor -= found[-1]
    return [*found, minor]
