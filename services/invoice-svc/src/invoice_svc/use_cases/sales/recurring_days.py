"""The reaction to a day: bill the periods of recurring invoices that are due."""

from __future__ import annotations

from datetime import date, timedelta

import structlog

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.kernel.errors import DomainError
from encours.ledger import Ledger
from encours.ledger.execute import execute
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.recurring.query import due_recurring
from invoice_svc.use_cases.opened_day import TRANSIENT, meta_of_day
from invoice_svc.use_cases.sales.recurring import bill_next, block

MAX_PERIODS_A_DAY = 500

log = structlog.get_logger("invoice_svc.recurring")


class BillRecurring:
    """Bills the periods that are due when a day opens, in the order of their dates, and what an outage has left.

    A creditor's periods are due by its own day. Invoices are dated that day in a sandbox; in a live ledger today, which
    after an outage is later than the day that is opened.
    """

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    async def run(self, e: Recorded) -> None:
        """Bill what is due. A repetition finds it billed."""
        today = await self._today(e)
        async with self._db.snapshot(NAME, e.ledger) as (conn, schema, _):
            # A creditor in the east may have the next day already.
            waiting = await due_recurring(conn, schema, today + timedelta(days=1))
        zone = (await self._ledger.info(e.ledger)).time_zone
        for recurring_id, entity_id in waiting:
            own = await self._ledger.zone_of(e.ledger, entity_id)
            await self._bill(e, recurring_id, day_elsewhere(today, zone, own or zone))

    async def _today(self, e: Recorded) -> date:
        assert isinstance(e.data, DayOpened)
        if (await self._ledger.info(e.ledger)).kind == "sandbox":
            return e.data.day
        return max(e.data.day, await self._ledger.today(e.ledger))

    async def _bill(self, e: Recorded, recurring_id: str, today: date) -> None:
        for n in range(MAX_PERIODS_A_DAY):
            # Ids of the day and the attempt: one that is refused is made again on the next day.
            meta = meta_of_day(e, today, "recurring", recurring_id, n)
            try:
                done = await execute(self._ledger, meta, bill_next, recurring_id, today)
            except TRANSIENT:
                raise
            except DomainError as refusal:
                await self._block(e, recurring_id, today, refusal)
                return
            if not done.events and not done.replayed:
                return

    async def _block(self, e: Recorded, recurring_id: str, today: date, refusal: DomainError) -> None:
        meta = meta_of_day(e, today, "recurring blocked", recurring_id)
        try:
            await execute(self._ledger, meta, block, recurring_id, refusal)
        except TRANSIENT:
            raise
        except DomainError as unreadable:  # one rule must not stop the lists
            log.warning("a recurring invoice cannot be billed", id=recurring_id, error=str(unreadable))
