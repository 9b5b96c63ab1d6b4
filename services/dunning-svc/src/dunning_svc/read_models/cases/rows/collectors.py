"""The tables of collectors and of customers that were given to one."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class CollectorRow(Row, kw_only=True):
    """A version of a collector, never changed; ``document`` is the payload of its event."""

    TABLE: ClassVar[str] = "collector"
    KEY: ClassVar[tuple[str, ...]] = ("collector_code", "position")

    collector_code: str
    position: int
    recorded_on: date
    document: str


class AssignmentRow(Row, kw_only=True):
    """A customer that was given to a collector from a day on, never changed."""

    TABLE: ClassVar[str] = "assignment"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")

    customer_id: str
    position: int
    recorded_on: date
    valid_from: date
    collector_code: str
