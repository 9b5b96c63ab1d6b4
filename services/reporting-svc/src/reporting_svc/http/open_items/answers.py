"""Answers about open items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.kernel.bands import Bands
from encours.reading.pages import Page
from reporting_svc.http.answers import ConvertedReport, TieOut
from reporting_svc.http.overdue.answers import OpenItemRow
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.read_models.aged_balance.basis import CountedFrom
from reporting_svc.read_models.tie_out.query import TiedFigures


@dataclass(frozen=True, slots=True)
class ListedCell:
    """Cell of an aged balance: all bands or one, of all customers or of a group; minor units."""

    bands: Bands
    counted: CountedFrom
    band: str | None
    group_by: str | None
    group: str | None
    minor: int


class ListedItemRow(OpenItemRow):
    """An open invoice, or an open instalment, in its own currency."""

    currency: str
    converted: MoneyModel | None = Field(
        description="`outstanding` in `report_currency`; null without it. Each row is rounded by itself, the sum of "
        "the list once a debtor and band."
    )


class OpenItemsOut(ConvertedReport):
    """Oldest first unless sorted otherwise. `tie_out` is of all receivables in scope."""

    definition: str
    bands: list[str]
    band: str | None
    group_by: str | None
    group: str | None
    data: list[ListedItemRow]
    next_cursor: str | None
    outstanding: MoneyModel = Field(
        description="Sum of the whole list, as in the aged balance: that of the band, or of all bands; of the group, "
        "or of all customers."
    )

    @classmethod
    def of(
        cls,
        books: ReceivablesSnapshot,
        tied: TiedFigures,
        rows: Sequence[Mapping[str, Any]],
        page: Page,
        cell: ListedCell,
    ) -> Json:
        """Show a page of the list behind a cell."""
        total = books.total
        return {
            "definition": cell.counted.definition.id,
            "currency": total.currency,
            "bands": list(cell.bands.names),
            "band": cell.band,
            "group_by": cell.group_by,
            "group": cell.group,
            **page.body(rows, lambda row: _row(row, books, cell)),
            "outstanding": money_json(cell.minor, total.currency),
            "tie_out": TieOut.of(tied),
            **cls.end(books),
        }


def _row(row: Mapping[str, Any], books: ReceivablesSnapshot, cell: ListedCell) -> Json:
    converted, conversion = None, books.conversion
    if conversion is not None:
        minor = conversion.converted(row["entity"], row["currency"], row["open_minor"])
        converted = money_json(minor, conversion.currency)
    shown = OpenItemRow.of(row, books.view.time.as_of, cell.bands, cell.counted.basis)
    return shown | {"currency": row["currency"], "converted": converted}
