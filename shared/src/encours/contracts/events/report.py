"""Custom reports. Stream: the report's id. Appended by reporting-svc. The entity is "" for a report of all entities."""

from __future__ import annotations

from typing import ClassVar, Literal

from encours.contracts.base import Event, Value

ReportAudience = Literal["nobody", "everyone", "actors"]
"""Readers of a report besides its owner; ``everyone``: all whose key covers its entity."""


class ReportCondition(Value, frozen=True, kw_only=True):
    """Condition on a column, which a row has to meet."""

    column: str
    operator: str
    values: tuple[str, ...]


class ReportDocument(Value, frozen=True, kw_only=True, omit_defaults=True):
    """Content of a report: a source, and what is shown of it. Days are dates or words such as ``end_of_last_month``."""

    source: str
    columns: tuple[str, ...]
    """Columns of the source, or measures such as ``sum:outstanding``."""
    group_by: tuple[str, ...] = ()
    conditions: tuple[ReportCondition, ...] = ()
    order: tuple[str, ...] = ()
    """Columns that are shown; a minus turns the order around."""
    limit: int = 1000
    as_of: str = "today"
    known_at: str | None = None
    since: str | None = None
    """First day of a source that has a period."""
    period: str | None = None
    bands: str | None = None


class ReportSaved(Event, frozen=True, kw_only=True):
    """A report, all of it, in place of the one before."""

    TYPE: ClassVar[str] = "report.saved"
    report_id: str
    name: str
    owner: str
    """Actor who made it."""
    definition_version: int
    """Number of this content, from 1."""
    document: ReportDocument


class ReportShared(Event, frozen=True, kw_only=True):
    """The report has other readers than before."""

    TYPE: ClassVar[str] = "report.shared"
    report_id: str
    audience: ReportAudience
    actors: tuple[str, ...]
    """Readers by name, of the audience ``actors``."""


class ReportDropped(Event, frozen=True, kw_only=True):
    """The report is no longer used."""

    TYPE: ClassVar[str] = "report.dropped"
    report_id: str
