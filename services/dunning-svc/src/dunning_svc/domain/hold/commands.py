"""Commands on a hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """``until`` is the last day of rest; a day that has passed ends a hold."""

    customer_id: str
    until: date
    cause: str
