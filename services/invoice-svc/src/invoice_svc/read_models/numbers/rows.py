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


class SeriesEndRow(Row):
    """The last number of a series in a year."""

    TABLE: ClassVar[str] = "series_end"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id", "series", "year")
    entity_id: str
    series: str
    year: int
    running: int
    position: int


class NumberGapRow(Row):
    """Running numbers between two of a series that it has not given; ``before`` is 0 at the beginning of the year.

    ``severity`` follows from the law of the entity's country on the day of the following number.
    """

    TABLE: ClassVar[str] = "number_gap"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id", "series", "year", "following")
    entity_id: str
    series: str
    year: int
    before: int
    before_position: int
    following: int
    following_position: int
    following_on: date
    number: str
    prefix: str
    severity: str


class TakenNumberRow(Row):
    """A legal number of another system; it may read like one of a series."""

    TABLE: ClassVar[str] = "taken_number"
    KEY: ClassVar[tuple[str, ...]] = ("entity_id", "document", "number")
    entity_id: str
    document: str
    number: str
    issued_on: date
    position: int
