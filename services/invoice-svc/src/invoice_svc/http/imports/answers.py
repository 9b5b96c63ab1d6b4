"""Answers about received files and their lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from encours.http.paging import Listing
from invoice_svc.imports.store import Counts, Format, Import, ImportState, as_import
from invoice_svc.imports.survey import FileFormat


class FileFormatOut(BaseModel):
    """Format in which a CSV file is read, as the request gave it or as it was detected."""

    encoding: str
    delimiter: str = Field(examples=["semicolon"])
    decimal: Literal["point", "comma"] | None = Field(description="Null if no amount contains one.")
    thousands: str | None = Field(description="Signs that group digits.", examples=["no-break space"])
    line_end: Literal["lf", "cr"] = Field(description="`lf`: lines end in LF or CR LF; `cr`: in CR alone.")
    given: list[str] = Field(description="Fields that the request gave; the others were detected.")

    @classmethod
    def of(cls, found: FileFormat | None) -> FileFormatOut | None:
        """Return a format."""
        if found is None:
            return None
        return cls(
            encoding=found.encoding,
            delimiter=found.delimiter_name,
            decimal=found.decimal,
            thousands=found.thousands,
            line_end=found.line_end,
            given=list(found.given),
        )


class ImportItem(BaseModel):
    """A received file."""

    id: str
    state: ImportState = Field(
        description="`recording`: every line has its verdict, the events are being recorded."
    )
    ledger: str
    entity_id: str
    file_name: str
    format: Format
    sha256: str
    size_bytes: int
    generated: bool
    received_at: datetime
    read_as: FileFormatOut | None = Field(
        description="Of a CSV file: by its beginning when it is received, by all of it once its lines are read."
    )
    problem: str | None = Field(description="Why the whole import failed, or what it is waiting for.")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ImportItem:
        """Return a row of the list."""
        return cls(**_received(as_import(row)))


class ImportOut(ImportItem):
    """A received file and the verdicts on its lines."""

    lines: int = Field(description="Lines that have a verdict.")
    accepted: int
    duplicates: int
    rejected: int
    pending: int = Field(
        description="Events not yet recorded: in a sandbox they wait until its clock reaches their day."
    )

    @classmethod
    def counted(cls, found: Import, counts: Counts) -> ImportOut:
        """Return a file with its counts."""
        return cls(
            **_received(found),
            lines=counts.lines,
            accepted=counts.accepted,
            duplicates=counts.duplicates,
            rejected=counts.rejected,
            pending=counts.pending,
        )


class ImportListing(Listing[ImportItem]):
    """Received files."""


class ImportLineOut(BaseModel):
    """The verdict on one line."""

    line: int = Field(description="Line number in the file at which the record begins, from 1.")
    verdict: Literal["accepted", "duplicate", "rejected"]
    code: str | None = Field(description="Stable code of the error, or of a remark on an accepted line.")
    column: str | None
    detail: str | None = Field(description="What to change.")


class LineListing(Listing[ImportLineOut]):
    """Verdicts on lines."""


def _received(found: Import) -> dict[str, Any]:
    fields = {name: getattr(found, name) for name in ImportItem.model_fields}
    return fields | {"read_as": FileFormatOut.of(found.read_as)}
