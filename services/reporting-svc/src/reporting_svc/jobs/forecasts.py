"""The process of one cash forecast: ``python -m reporting_svc forecast ID``, started by the worker.

A forecast of a large ledger takes longer than a first look may; a process of its own holds up no request and no read
model meanwhile.
"""

from __future__ import annotations

import time
from dataclasses import replace

from encours.kernel.bands import STANDARD
from encours.ledger.errors import LedgerUnavailable
from encours.reading.merges import survivors_at
from encours.reading.moment import TimeTravel, View
from encours.reading.read_db import ReadModelNotReady
from encours.service.long_work_process import LongWorkProcess, LongWorkRun
from reporting_svc.domain.forecast.cash import ends_of
from reporting_svc.domain.forecast.made import MadeForecast, make_forecast
from reporting_svc.jobs.forecast_store import PARTS, ForecastStore, ForecastWork, KeptForecast
from reporting_svc.models import MODELS, NAME
from reporting_svc.read_models.aged_balance.query import Figures, aged
from reporting_svc.read_models.forecast.query import forecast_basis
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.groups import with_collectors
from reporting_svc.read_models.tie_out.query import OwnSum, require_tied

WAIT_S = 600.0
"""Longest wait for the receivables to reach the position of the forecast."""


class ForecastRun(LongWorkRun[ForecastStore, ForecastWork]):
    """Making of a forecast as known at its position."""

    async def run(self) -> None:
        """Make and store it. Raises :class:`Abandoned`, and errors that say why there is none."""
        work, began = self._work, time.monotonic()
        if not await self._db.wait_for(Receivables.name, work.ledger, work.position, timeout=WAIT_S):
            raise LookupError(f"The receivables have not reached position {work.position}.")
        made = await self._make()
        took_s = time.monotonic() - began
        self._go_on(await self._store.complete(work, KeptForecast(made=made, took_s=took_s)))

    async def _make(self) -> MadeForecast:
        work = self._work
        at = TimeTravel.known_at_position(work.first_on, work.position)
        async with self._db.snapshot(Receivables.name, work.ledger) as (conn, schema, _):
            view = View(conn, schema, at, work.asked.granted)
            scope = replace(work.asked.scope(), merged=await survivors_at(view))
            scope = await with_collectors(view, scope, None)
            total = (await aged(view, scope)).one_currency() or Figures.none(work.asked.currency, STANDARD)
            basis = await forecast_basis(view, scope)
            own = OwnSum(PARTS, basis.owed.outstanding_minor, total.outstanding)
            await require_tied(view, scope, total, own)
        ends = [end.toordinal() for end in ends_of(work.first_on, work.last_on, work.asked.by)]
        return make_forecast(basis.owed, basis.history, work.first_on.toordinal(), ends)


PROCESS = LongWorkProcess(
    service=NAME,
    job="forecast",
    models=MODELS,
    store=ForecastStore,
    run=ForecastRun,
    readers=1,
    command_timeout_s=600.0,
    transient=(LedgerUnavailable, ReadModelNotReady),
)
