"""Table of cash forecasts: those that were made, by question and position, and those that are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

import asyncpg
import msgspec

from encours.contracts.events.figure import PeriodLength
from encours.kernel.ids import derived_id
from encours.reading.moment import Granted
from encours.service.long_work_store import LongWork, LongWorkStore
from reporting_svc.domain.forecast.made import MadeForecast
from reporting_svc.domain.measures.definitions import CASH_FORECAST
from reporting_svc.read_models.forecast.making import ForecastsInMaking
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.scope import Scope

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View

PARTS = "parts of the forecast"
"""Sum by which a forecast is tied out."""
KEPT_FROM_S = 0.25
"""Time from which on a forecast that was made on the way is kept: what takes less is made again."""
WAITING_MAX = 20
"""Forecasts of a ledger that wait for a process; no other is asked for meanwhile."""
REST_S, REST_TIMES = 60.0, 20.0
"""Least rest between two forecasts of the same question, and least rest in times of what the last one took."""


class AskedForecast(msgspec.Struct, frozen=True, kw_only=True):
    """Question of a forecast beside its days: the scope within a grant, in one currency."""

    by: PeriodLength
    currency: str
    granted: Granted
    entity_id: str | None
    customer_id: str | None
    segment: str | None
    salesperson: str | None
    collector: str | None

    def scope(self) -> Scope:
        """Return the scope, without the customers that are merged on the day."""
        return Scope(
            entity_id=self.entity_id,
            customer_id=self.customer_id,
            currency=self.currency,
            segment=self.segment,
            salesperson=self.salesperson,
            collector=self.collector,
        )


class KeptForecast(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast that was made, and the time that it took."""

    made: MadeForecast
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastWork(LongWork):
    """A forecast of the cash after ``first_on`` up to ``last_on``."""

    JSON: ClassVar[Mapping[str, Any]] = {"asked": AskedForecast, "result": KeptForecast}

    asked: AskedForecast
    result: KeptForecast | None = None

    @classmethod
    def wanted(
        cls, ledger: str, view: View, scope: Scope, by: PeriodLength, until: date, asked_by: str
    ) -> Self:
        """Return the forecast of a scope in one currency at the moment of a view, to be made."""
        assert scope.currency is not None
        asked = AskedForecast(
            by=by,
            currency=scope.currency,
            granted=None if view.granted is None else tuple(sorted(view.granted)),
            entity_id=scope.entity_id,
            customer_id=scope.customer_id,
            segment=scope.segment,
            salesperson=scope.salesperson,
            collector=scope.collector,
        )
        day, position = view.time.as_of, view.time.position
        # A forecast by another definition, or of rows that are made otherwise, is another one.
        question = [CASH_FORECAST.id, Receivables.version, day, until, asked]
        fingerprint = hashlib.sha256(msgspec.json.encode(question)).digest()
        return cls(
            id=derived_id("fct", ledger, fingerprint.hex(), str(position)),
            ledger=ledger,
            first_on=day,
            last_on=until,
            position=position,
            fingerprint=fingerprint,
            asked_by=asked_by,
            asked=asked,
        )

    def agrees(self, position: int, outstanding_minor: int) -> bool:
        """Return false if the parts are not what is outstanding at a position, where it was made at that position.

        Its rows were mended since, as when a parked stream is released. One of another position was tied out when it
        was made.
        """
        return (
            self.result is None
            or self.position != position
            or self.result.made.outstanding_minor == outstanding_minor
        )

    @property
    def rest_s(self) -> float:
        """Time after which the same question is answered anew."""
        return max(REST_S, REST_TIMES * self.result.took_s if self.result else 0.0)


class ForecastStore(LongWorkStore[ForecastWork]):
    """Reads and writes the table of ``migrations/0003_forecasts.sql``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(
            pool,
            ForecastWork,
            "encours_forecasts.forecast",
            ("reporting_svc.migrations", "0003_forecasts.sql"),
            found=(),
        )
        self.requested = ForecastsInMaking()

    async def made(
        self, wanted: ForecastWork, *, since: int = 0, conn: Conn | None = None
    ) -> ForecastWork | None:
        """Return the latest forecast between the position ``since`` and that of the question."""
        return self._one(
            await (conn or self._pool).fetchrow(
                f"""select {self._fields} from {self._table}
                    where ledger = $1 and fingerprint = $2 and position between $3 and $4 and state = 'completed'
                    order by position desc limit 1""",
                wanted.ledger,
                wanted.fingerprint,
                since,
                wanted.position,
            )
        )

    async def made_then(
        self, wanted: ForecastWork, outstanding_minor: int, conn: Conn
    ) -> MadeForecast | None:
        """Return the forecast at the position of the question, if its parts are what is outstanding there."""
        kept = await self.made(wanted, since=wanted.position, conn=conn)
        if kept is None or kept.result is None or not kept.agrees(wanted.position, outstanding_minor):
            return None
        return kept.result.made

    async def latest(self, wanted: ForecastWork) -> ForecastWork | None:
        """Return the latest forecast; ask for one at the position of the question once the rest is over."""
        last = await self.made(wanted)
        if (last is None or last.position < wanted.position) and await self._is_due(wanted, last):
            await self.add(wanted)
        return last

    async def _is_due(self, wanted: ForecastWork, last: ForecastWork | None) -> bool:
        found: bool = await self._pool.fetchval(
            f"""select not exists (
                  select from {self._table} where ledger = $1 and fingerprint = $2 and position <= $3
                     and (state in ('queued', 'running')
                          or coalesce(completed_at, asked_at) > now() - make_interval(secs => $4))
                ) and (
                  select count(*) from {self._table} where ledger = $1 and state in ('queued', 'running')
                ) < $5""",
            wanted.ledger,
            wanted.fingerprint,
            wanted.position,
            REST_S if last is None else last.rest_s,
            WAITING_MAX,
        )
        return found

    async def keep(self, wanted: ForecastWork, made: MadeForecast, took_s: float) -> None:
        """Store a forecast that was made on the way."""
        result = KeptForecast(made=made, took_s=took_s)
        await self.add(replace(wanted, state="completed", result=result, completed_at=datetime.now(UTC)))
