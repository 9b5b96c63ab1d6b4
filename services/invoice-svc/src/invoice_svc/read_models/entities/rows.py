"""Tables of the list of entities."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class EntityRow(Row):
    """A creditor."""

    TABLE: ClassVar[str] = "entity"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id",)
    entity_id: str
    name: str
    country: str
    from_on: date
    from_position: int


class SeriesRow(Row):
    """The template that numbers of a series are made with now."""

    TABLE: ClassVar[str] = "series"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id", "code")
    entity_id: str
    code: str
    prefix: str
