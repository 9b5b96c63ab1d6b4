"""Answers about exports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from pydantic import BaseModel, Field

from encours.contracts.events.schedule import CountedBy
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from reporting_svc.exports.store import Export, ExportKind, ExportState, Layout, Manifest


class ProgressOut(BaseModel):
    """Work that is done."""

    position: int = Field(description="The ledger's position up to which events are written.")
    entries: int
    lines: int


class ManifestOut(BaseModel):
    """Description of a file, from which anyone can check it."""

    file_name: str
    media_type: str
    encoding: str | None = Field(description="Character set; null for a file that is no text.")
    size_bytes: int
    sha256: str
    first_on: date
    last_on: date
    first_position: int
    last_position: int
    entries: int = Field(description="Number of the last entry: the numbers have no gap; 0 in a report.")
    lines: int
    debit: MoneyModel | None = Field(
        description="Sum of the debits, which is that of the credits; null for a report."
    )
    accounts: dict[str, str] = Field(description="Number of each account by its purpose; none in a report.")
    warnings: list[str]

    @classmethod
    def of(cls, found: Manifest) -> ManifestOut:
        """Return a manifest."""
        plain = {name: getattr(found, name) for name in cls.model_fields if name != "debit"}
        debit = None if found.debit_minor is None else MoneyModel.of(found.debit_minor, found.currency)
        return cls(**plain, debit=debit)


class ReportOptionsOut(BaseModel):
    """Bands, filters and group of a report."""

    bands: str | None
    by: CountedBy
    segment: str | None
    salesperson: str | None
    collector: str | None
    group_by: str | None


class ExportOut(BaseModel):
    """An export; its file is at `/v1/exports/{id}/file` once it is completed."""

    id: str
    kind: ExportKind
    layout: Layout
    entity_id: str
    first_on: date
    last_on: date
    position: int = Field(description="The ledger's position up to which events are read.")
    report: ReportOptionsOut | None = Field(description="Null for entries.")
    state: ExportState
    problem: str | None = Field(description="Why there is no file.")
    progress: ProgressOut
    asked_by: str
    asked_at: datetime
    completed_at: datetime | None
    manifest: ManifestOut | None = Field(description="Null before it is completed.")

    @classmethod
    def shown(cls, found: Export) -> ExportOut:
        """Return an export with its progress."""
        done = found.done
        plain = {
            name: getattr(found, name)
            for name in cls.model_fields
            if name not in {"progress", "manifest", "report"}
        }
        return cls(
            **plain,
            report=None if found.report is None else ReportOptionsOut(**msgspec.structs.asdict(found.report)),
            progress=ProgressOut(position=done.position, entries=done.entries, lines=done.lines),
            manifest=None if found.manifest is None else ManifestOut.of(found.manifest),
        )

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ExportOut:
        """Return a row of the list."""
        return cls.shown(Export.of(row))


class ExportListing(Listing[ExportOut]):
    """Exports, newest first."""
