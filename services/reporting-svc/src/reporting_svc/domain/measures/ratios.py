"""Ratios of measures: exact fractions, which the caller rounds at the end."""

from __future__ import annotations

from fractions import Fraction


def ratio(part: int, whole: int) -> Fraction | None:
    """Return a part of a whole; ``None`` for a whole of 0 or less, which has no rate."""
    return Fraction(part, whole) if whole > 0 else None


def percent(part: int, whole: int) -> Fraction | None:
    """Return a part in percent of a whole; ``None`` for a whole of 0 or less, which has no rate."""
    return ratio(100 * part, whole)
