"""The table of insolvency proceedings in the read model `cases`."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from msgspec import field

from encours.projection.rows import Row


class ProceedingsRow(Row, kw_only=True):
    """Insolvency proceedings of a customer, and the days of publication in the order of their recording.

    ``outcome`` is None while they are in force.
    """

    TABLE: ClassVar[str] = "proceedings"
    KEY: ClassVar[tuple[str, ...]] = ("insolvency_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(insolvency_id) where outcome is null",)

    insolvency_id: str
    customer_id: str
    entity_id: str
    country: str
    opened_on: date
    published: list[str] = field(default_factory=list)
    outcome: str | None = None
