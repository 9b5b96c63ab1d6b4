"""Tables of the legal numbers."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class NumberRow(Row):
    """A legal number that was given."""

    TABLE: ClassVar[str] = "numbered"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id", "series", "year", "running")
    entity_id: str
    series: str
    year: int
    running: int
    number: str
    issued_on: date
    position: int


class TakenNumberRow(Row):
    """A legal number of another system; it may read like one of a series."""

    TABLE: ClassVar[str] = "taken_number"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id", "document", "number")
    entity_id: str
    document: str
    number: str
    issued_on: date
    position: int
