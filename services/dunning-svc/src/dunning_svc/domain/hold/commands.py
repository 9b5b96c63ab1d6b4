"""Commands on a hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """Suspension of dunning. ``until`` is its last day; a day in the past ends a hold."""

    customer_id: str
    until: date
    cause: str
