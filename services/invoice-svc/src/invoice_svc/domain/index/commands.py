"""Commands on a price index."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from encours.contracts.events.sales.recurring import Frequency


class PublishIndex(Struct, frozen=True):
    """Set values of an index, by a day of their period. The index begins with its first values."""

    index_id: str
    entity_id: str
    code: str
    name: str
    frequency: Frequency
    source: str
    values: tuple[tuple[date, str], ...]
