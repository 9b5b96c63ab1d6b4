"""The judgement of payment plans as a day opens: kept, broken, or in force again."""

from __future__ import annotations

from datetime import timedelta

import structlog

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.kernel.errors import DomainError
from encours.ledger import Ledger
from encours.ledger.execute import execute
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere
from invoice_svc.read_models.lists import NAME
from invoice_svc.read_models.plans.query import CashOfRecords, plans_to_judge
from invoice_svc.use_cases.money.plans import judge
from invoice_svc.use_cases.opened_day import TRANSIENT, meta_of_day

log = structlog.get_logger("invoice_svc.plans")


class JudgePlans:
    """Judges each plan by the creditor's own day.

    After an outage each day that was not opened is judged in its turn, so that a plan is broken on the day on which its
    grace had passed.
    """

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    async def run(self, e: Recorded) -> None:
        """Judge the plans of a day. A repetition finds them judged."""
        assert isinstance(e.data, DayOpened)
        async with self._db.snapshot(NAME, e.ledger) as (conn, schema, _):
            # A creditor in the east may have the next day already.
            found = await plans_to_judge(conn, schema, e.data.day + timedelta(days=1))
        zone = (await self._ledger.info(e.ledger)).time_zone
        for plan_id, entity_id in found:
            own = await self._ledger.zone_of(e.ledger, entity_id)
            day = day_elsewhere(e.data.day, zone, own or zone)
            meta = meta_of_day(e, day, "plan", plan_id)
            try:
                await execute(self._ledger, meta, judge, plan_id, day, CashOfRecords(self._db))
            except TRANSIENT:
                raise
            except DomainError as refusal:  # one plan must not stop the lists
                log.warning("a payment plan cannot be judged", id=plan_id, error=str(refusal))
