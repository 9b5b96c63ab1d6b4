"""Answers about open items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.kernel.bands import Bands
from encours.reading.pages import Page
from reporting_svc.domain.measures.definitions import AGED_BY_DUE_DATE
from reporting_svc.http.answers import Report, TieOut
from reporting_svc.http.overdue.answers import OpenItemRow
from reporting_svc.http.snapshot import ReceivablesSnapshot


class OpenItemsOut(Report):
    """Oldest first unless sorted otherwise. `tie_out` is of all receivables in scope."""

    definition: str
    bands: list[str]
    band: str | None
    data: list[OpenItemRow]
    next_cursor: str | None
    outstanding: MoneyModel = Field(description="Sum of the whole list: that of the band, or of all bands.")

    @classmethod
    def of(
        cls,
        books: ReceivablesSnapshot,
        rows: Sequence[Mapping[str, Any]],
        page: Page,
        bands: Bands,
        band: str | None,
        minor: int,
    ) -> Json:
        """Show a page of the list; ``minor`` is the sum of all of it."""
        total = books.total
        return {
            "definition": AGED_BY_DUE_DATE.id,
            "currency": total.currency,
            "bands": list(bands.names),
            "band": band,
            **page.body(rows, lambda row: OpenItemRow.of(row, books.view.time.as_of, bands)),
            "outstanding": money_json(minor, total.currency),
            "tie_out": TieOut.of(total),
            **cls.end(books),
        }
