"""State of a price index, folded from its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import cast

from encours.contracts import Recorded
from encours.contracts.events.sales.recurring import Frequency, IndexPublished
from encours.kernel.errors import NotFound

_MONTHS: Mapping[Frequency, int] = {"monthly": 1, "quarterly": 3, "yearly": 12}


class IndexNotFound(NotFound):
    """The entity has no index of that code (404)."""

    code = "index-not-found"
    title = "Index not found"
    remedy = "Set its values with PUT /v1/indices/{code}."


@dataclass(frozen=True, slots=True)
class PriceIndex:
    """State of an index. ``values`` are decimal strings by the first day of their period."""

    index_id: str = ""
    entity_id: str = ""
    code: str = ""
    name: str = ""
    frequency: Frequency = "monthly"
    source: str = ""
    values: Mapping[date, str] = field(default_factory=dict)


def evolve(state: PriceIndex, recorded: Recorded) -> PriceIndex:
    """Return the index after one more event."""
    event = cast(IndexPublished, recorded.data)
    return replace(
        state,
        index_id=event.index_id,
        entity_id=event.entity_id,
        code=event.code,
        name=event.name,
        frequency=event.frequency,
        source=event.source,
        values={**state.values, **{each.period: each.value for each in event.values}},
    )


def period_of(frequency: Frequency, day: date, months_back: int = 0) -> date:
    """Return the first day of the period of an index that a day lies in, or of one so many months earlier."""
    size = _MONTHS[frequency]
    months = day.year * 12 + day.month - 1 - months_back
    months -= months % 12 % size
    return date(months // 12, months % 12 + 1, 1)
