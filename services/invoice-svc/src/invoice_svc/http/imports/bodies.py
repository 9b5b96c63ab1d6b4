"""The parameters of an upload."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, Field
from starlette.requests import Request

from encours.http.catalogue import UnsupportedMediaType
from encours.kernel.errors import Invalid
from encours.kernel.money import exponent
from invoice_svc.imports import values
from invoice_svc.imports.csv_lines import parse_map
from invoice_svc.imports.receiving import ReceiveFile
from invoice_svc.imports.store import Format, Options
from invoice_svc.imports.verdict import Fault

MEDIA_TYPES: dict[str, Format] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
}
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string", "format": "binary"}},
            "application/x-ndjson": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


class FileParameters(BaseModel):
    """How to read a file, and whose it is."""

    column_map: str = Field(
        default="",
        alias="map",
        max_length=4000,
        description="Ours=theirs for each column of a CSV file.",
        examples=["invoice_number=InvoiceNo,issued_on=InvoiceDate,customer=CustomerID,amount=TotalPrice"],
    )
    date_format: str | None = Field(
        default=None,
        max_length=40,
        description="strptime format of dates in a CSV file.",
        examples=["%d/%m/%Y"],
    )
    delimiter: Literal["comma", "semicolon", "tab"] = "comma"
    currency: str = Field(default="EUR", max_length=3, description="Currency of lines that name none.")
    country: str = Field(
        default="FR", pattern="^[A-Z]{2}$", description="Country of customers for whom the file names none."
    )
    entity_id: str | None = Field(
        default=None,
        pattern="^ent_[0-9a-f]{32}$",
        description="The creditor; the ledger's only one, else a new one named after the ledger.",
    )
    file_name: str | None = Field(default=None, max_length=200)
    generated: bool = Field(default=False, description="Made by a model rather than observed.")

    def to_command(self, file_format: Format) -> ReceiveFile:
        """Return the command. Raises a refusal for a parameter that cannot be read."""
        exponent(self.currency)
        return ReceiveFile(
            entity_id=self.entity_id,
            format=file_format,
            options=Options(
                column_map=parse_map(self.column_map),
                delimiter=DELIMITERS[self.delimiter],
                date_format=_date_format(self.date_format),
                currency=self.currency,
                country=self.country,
            ),
            file_name=_file_name(self.file_name, file_format),
            generated=self.generated,
        )


def format_of(request: Request) -> Format:
    """Return the format that the body's type names. Raises :class:`UnsupportedMediaType`."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise UnsupportedMediaType("Send Content-Type: text/csv or application/x-ndjson.")
    return MEDIA_TYPES[media_type]


def _date_format(text: str | None) -> str | None:
    if text is None:
        return None
    day = datetime(2026, 3, 31, tzinfo=UTC)
    try:
        kept = datetime.strptime(day.strftime(text), text).date() == day.date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        kept = False
    if not kept:
        raise Invalid(
            f"{text!r} does not tell day, month and year; write one such as %d/%m/%Y.", "date_format"
        )
    return text


def _file_name(given: str | None, file_format: Format) -> str:
    try:
        return values.text(given or f"import.{file_format}", "file_name")
    except Fault as fault:
        raise Invalid(fault.detail, "file_name") from None
