"""The tables of insolvency proceedings and placements in the read model `cases`."""

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


class TitleRow(Row, kw_only=True):
    """A procedure for a title without a court; its steps are read from its stream."""

    TABLE: ClassVar[str] = "title"
    KEY: ClassVar[tuple[str, ...]] = ("title_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(position)", "(customer_id)", "(title_id) where not ended")

    title_id: str
    customer_id: str
    entity_id: str
    position: int
    requested_on: date
    invoice_ids: list[str]
    ended: bool = False


class PlacementRow(Row, kw_only=True):
    """A placement; ``document`` is the payload of its event.

    ``recalls``: those of its invoices, as ``<position> <day> <payload of the event>``. ``ended_position`` and
    ``ended_on``: the event and the day since which no invoice is left with the partner.
    """

    TABLE: ClassVar[str] = "placement"
    KEY: ClassVar[tuple[str, ...]] = ("placement_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(position)", "(customer_id, position)")

    placement_id: str
    customer_id: str
    entity_id: str
    position: int
    handed_over_on: date
    document: str
    recalls: list[str] = field(default_factory=list)
    ended_position: int | None = None
    ended_on: date | None = None
