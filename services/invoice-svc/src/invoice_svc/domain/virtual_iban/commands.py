"""Command on a virtual IBAN."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class AssignVirtualIban:
    """Assign the IBAN to a customer from a day on, today if not given, and before another one, if that is known."""

    customer_id: str
    iban: str
    valid_from: date | None = None
    valid_until: date | None = None
