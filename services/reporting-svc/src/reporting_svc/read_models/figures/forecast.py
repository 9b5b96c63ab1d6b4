"""Cash forecast as a figure: its parts, its ranges, and the part of each debtor."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from encours.contracts.events.figure import FigureValue
from reporting_svc.domain.figure import FigureQuestion
from reporting_svc.domain.forecast.cash import Z_50, Z_80, CashForecast, OpenDebt
from reporting_svc.domain.forecast.made import ForecastModel, MadeForecast
from reporting_svc.domain.measures.definitions import CASH_FORECAST
from reporting_svc.domain.measures.published import FigureParts
from reporting_svc.read_models.forecast.query import forecast_basis
from reporting_svc.read_models.receivables.scope import Scope

if TYPE_CHECKING:
    from encours.contracts.parties import Survivors
    from encours.reading.moment import View


@dataclass(frozen=True, slots=True)
class PublishedForecast:
    """A forecast that was made at a position, with the model that expects cash of any of its debts."""

    made: MadeForecast
    model: ForecastModel
    debts: Mapping[str, Sequence[OpenDebt]]
    """Debts that can be expected, by debtor."""
    merged: Survivors

    def of_debtor(self, records: Collection[str]) -> CashForecast:
        """Return the cash that is expected of a debtor, whose records may be debtors of their own here."""
        return self.model.of([debt for name in sorted(records) for debt in self.debts.get(name, ())])


def expected_parts(cash: CashForecast) -> FigureParts:
    """Return the expected cash, in all and by the last day of each period, rounded so that the periods add up to it."""
    found, total = dict[str, int](), 0.0
    for period in cash.periods:
        before, total = round(total), total + period.expected
        found[_name(period.last)] = round(total) - before
    return FigureParts({"expected": round(total)} | found)


def range_values(made: MadeForecast) -> tuple[FigureValue, ...]:
    """Return the limits of the ranges of each period."""
    found = []
    for period in made.cash.periods:
        for share, z in (("50", Z_50), ("80", Z_80)):
            limits = period.range(z, made.calibration.spread, made.cash.open_minor)
            for end, minor in zip(("low", "high"), limits, strict=True):
                found.append(
                    FigureValue(
                        name=f"{_name(period.last)}/{end}_{share}",
                        definition=CASH_FORECAST.id,
                        unit="money",
                        number=round(minor),
                    )
                )
    return tuple(found)


async def published_forecast(view: View, scope: Scope, asked: FigureQuestion) -> PublishedForecast:
    """Return the forecast of a scope in one currency at the moment of the view."""
    basis = await forecast_basis(view, scope)
    ends = [end.toordinal() for end in asked.ends]
    on = view.time.as_of.toordinal()
    model = await asyncio.to_thread(ForecastModel, basis.history, on, ends)
    made = await asyncio.to_thread(model.made, basis.owed)
    debts = defaultdict[str, list[OpenDebt]](list)
    for debt in basis.owed.debts:
        debts[debt.debtor].append(debt)
    return PublishedForecast(made, model, debts, scope.merged)


def _name(last: int) -> str:
    return date.fromordinal(last).isoformat()
