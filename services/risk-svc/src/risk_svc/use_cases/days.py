"""The reaction of the service to the opening of a day."""

from __future__ import annotations

from datetime import date, timedelta

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.ledger import Ledger
from encours.projection.read_model import Reactor
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere
from risk_svc.domain.reservation.commands import ExpireReservation
from risk_svc.read_models.credit.order_query import expiring
from risk_svc.use_cases import reservations
from risk_svc.use_cases.grading import GradesOfDay
from risk_svc.use_cases.insurance_days import InsuranceDays
from risk_svc.use_cases.policy_holds import PolicyHolds
from risk_svc.use_cases.reacting import perform
from risk_svc.use_cases.warnings.days import WarningsOfDay


class CreditDay(Reactor):
    """Ends reservations whose last day has passed, follows insurance contracts, holds orders, grades and warns.

    A repetition changes nothing.
    """

    types = frozenset({DayOpened.TYPE})

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db
        self._insurance = InsuranceDays(ledger, db)
        self._holds = PolicyHolds(ledger, db)
        self._grades = GradesOfDay(ledger, db)
        self._warnings = WarningsOfDay(ledger, db)

    async def react(self, e: Recorded) -> None:
        """Do the work of a day that opens."""
        assert isinstance(e.data, DayOpened)
        today = e.data.day
        if (await self._ledger.info(e.ledger)).kind != "sandbox":
            today = max(today, await self._ledger.today(e.ledger))
        await self._expire(e, today)
        await self._insurance.open_day(e, today)
        await self._holds.open_day(e, today)
        await self._grades.open_day(e, today)
        await self._warnings.open_day(e)

    async def _expire(self, e: Recorded, today: date) -> None:
        # A creditor in the east may have the next day already.
        async with self._db.snapshot("credit", e.ledger) as (conn, schema, _):
            waiting = await expiring(conn, schema, today + timedelta(days=1))
        zone = (await self._ledger.info(e.ledger)).time_zone
        for identifier, entity_id in waiting:
            own = day_elsewhere(today, zone, await self._ledger.zone_of(e.ledger, entity_id) or zone)
            ended = ExpireReservation(identifier)
            await perform(self._ledger, e, own, identifier, reservations.expire, ended)
