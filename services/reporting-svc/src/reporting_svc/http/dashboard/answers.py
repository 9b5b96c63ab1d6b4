"""Answer of the dashboard."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.kernel.bands import STANDARD
from reporting_svc.domain.measures.definitions import AGED_BY_DUE_DATE
from reporting_svc.domain.measures.dso import Dso
from reporting_svc.http.aged_balance.answers import AgedRow, Total
from reporting_svc.http.answers import ConvertedReport, TieOut
from reporting_svc.http.dso.answers import DsoFigures
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.read_models.aged_balance.query import Figures
from reporting_svc.read_models.receivables.penalties import OpenPenalties
from reporting_svc.read_models.turnover.query import Turnover

_LATELY = ("billed", "credited", "collected", "reversed")


class DashboardOut(ConvertedReport):
    """`largest_overdue` are the five customers with most past due; `last_30_days` end with as_of."""

    definition: str
    totals: Total
    overdue_share: float | None = Field(
        description="Overdue part of the open amounts, both without penalty documents."
    )
    dso: DsoFigures
    last_30_days: dict[str, MoneyModel]
    largest_overdue: list[AgedRow]

    @classmethod
    def of(
        cls,
        books: ReceivablesSnapshot,
        penalties: OpenPenalties,
        dso: Dso,
        lately: Sequence[Turnover],
        largest: Sequence[Figures],
    ) -> Json:
        """Show the sums, the days, the periods of the last 30 days as one, and customers with most past due."""
        total, currency = books.total, books.total.currency
        gross, late = sum(total.bands) - penalties.open_minor, total.overdue - penalties.late_minor
        return {
            "definition": AGED_BY_DUE_DATE.id,
            "currency": currency,
            "totals": Total.of(total, STANDARD),
            "overdue_share": round(late / gross, 4) if gross > 0 else None,
            "dso": DsoFigures.of(dso, currency),
            "last_30_days": {
                name: money_json(sum(getattr(period, name) for period in lately), currency)
                for name in _LATELY
            },
            "largest_overdue": [AgedRow.of(figures, STANDARD) for figures in largest],
            "tie_out": TieOut.of(total),
            **cls.end(books),
        }
