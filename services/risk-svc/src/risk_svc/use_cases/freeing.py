"""Background task that decides blocked orders again once their customers' figures or limits have changed."""

from __future__ import annotations

import asyncio
from datetime import date

import structlog

from encours.contracts.actors import RISK
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import derived
from encours.ledger.execute import execute
from encours.postgres.connection import FAILED
from encours.reading.read_db import ReadDb, ReadModelNotReady
from risk_svc.domain.reservation.commands import RecheckReservation
from risk_svc.read_models.credit.order_query import blocked_since
from risk_svc.read_models.credit.query import LatestPictures
from risk_svc.use_cases import reservations
from risk_svc.use_cases.reacting import TRANSIENT

LOOK_S = 0.5
PAUSE_S = 1.0
"""Pause after a fault, so that the database can restart."""

log = structlog.get_logger("risk_svc.freeing")


class FreeOrders:
    """Follows the read model of each ledger. Several workers may do so: an order is reserved once."""

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db
        self._seen: dict[str, int] = {}
        """Position up to which changes were looked at, by ledger; all blocked orders are decided at the start."""
        self._days: dict[str, date] = {}
        """Day of the last look, by ledger: holds and limits begin and end with a day, so all are decided again then."""

    async def run(self) -> None:
        """Look for changes until cancelled."""
        while True:
            try:
                for info in await self._ledger.ledgers():
                    position = self._db.position("credit", info.name)
                    if position is not None and position > self._seen.get(info.name, 0):
                        await self.look(info.name)
                await asyncio.sleep(LOOK_S)
            except (*FAILED, DomainError) as fault:
                log.warning("blocked orders wait", error=str(fault))
                await asyncio.sleep(PAUSE_S)

    async def look(self, name: str) -> None:
        """Decide the blocked orders of a ledger for which something has changed; again if one met a conflict."""
        today = await self._ledger.today(name)
        since = self._seen.get(name, 0) if self._days.get(name) == today else 0
        try:
            async with self._db.snapshot("credit", name) as (conn, schema, position):
                waiting = await blocked_since(conn, schema, since, day=today, position=position)
        except ReadModelNotReady:
            return
        decided = [await self._recheck(name, each, entity_id, position) for each, entity_id in waiting]
        if all(decided):
            self._seen[name], self._days[name] = position, today

    async def _recheck(self, name: str, identifier: str, entity_id: str, position: int) -> bool:
        """Decide an order again; return False if it was not, because of something that passes."""
        key = derived_uuid("recheck", name, identifier, position)
        meta = derived(name, key, actor=RISK, today=await self._ledger.today_of(name, entity_id))
        again = RecheckReservation(identifier, quiet=True)
        try:
            await execute(
                self._ledger, meta, reservations.recheck, again, LatestPictures(self._db, self._ledger)
            )
        except DomainError as refusal:
            log.info("blocked order not decided", id=identifier, error=str(refusal))
            return not isinstance(refusal, TRANSIENT)
        return True
