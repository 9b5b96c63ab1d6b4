"""Rows of saved reports, one for an event; never changed again."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class SavedReportRow(Row, kw_only=True):
    """A report from an event on."""

    TABLE: ClassVar[str] = "saved_report"
    KEY: ClassVar[tuple[str, ...]] = ("report_id", "position")
    report_id: str
    position: int
    effective_on: date
    entity: str
    name: str
    owner: str
    source: str
    definition_version: int


class ReportReadersRow(Row, kw_only=True):
    """Readers of a report from an event on."""

    TABLE: ClassVar[str] = "report_readers"
    KEY: ClassVar[tuple[str, ...]] = ("report_id", "position")
    report_id: str
    position: int
    effective_on: date
    audience: str
    actors: list[str]


class DroppedReportRow(Row, kw_only=True):
    """A report that was dropped."""

    TABLE: ClassVar[str] = "dropped_report"
    KEY: ClassVar[tuple[str, ...]] = ("report_id",)
    report_id: str
    position: int
    effective_on: date
