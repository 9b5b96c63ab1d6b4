"""Source of a cash forecast that is published: one that is kept for its question and position, or made now."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from reporting_svc.domain.figure import FigureQuestion
from reporting_svc.jobs.forecast_store import KEPT_FROM_S, ForecastStore, ForecastWork
from reporting_svc.read_models.aged_balance.query import Figures
from reporting_svc.read_models.figures.sources import SOURCES, Source, SourcedParts, of_forecast
from reporting_svc.read_models.receivables.scope import Scope

if TYPE_CHECKING:
    from encours.reading.moment import View


def kept_or_made(store: ForecastStore, ledger: str, asked_by: str) -> Source:
    """Return the source. Both ways give the same parts and values; what took its time is kept for the next one.

    The source raises :class:`ForecastInMaking`.
    """

    async def source(view: View, scope: Scope, total: Figures, asked: FigureQuestion) -> SourcedParts:
        await store.prepare()
        wanted = ForecastWork.wanted(ledger, view, scope, asked.period, asked.until, asked_by)
        kept = await store.made_then(wanted, total.outstanding, view.conn)
        if kept is not None:
            return of_forecast(total, kept)
        with store.requested.making(wanted.id):
            began = time.monotonic()
            found = await SOURCES["forecast"](view, scope, total, asked)
            took_s = time.monotonic() - began
            if found.forecast is not None and took_s >= KEPT_FROM_S:
                await store.keep(wanted, found.forecast.made, took_s)
            return found

    return source
