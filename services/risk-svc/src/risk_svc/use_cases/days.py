"""Reactions of the service: the work of a day, and blocked orders of which a customer's money may free some."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import TypeVar, TypeVarTuple, Unpack

import structlog

from encours.contracts import Recorded, names_of
from encours.contracts.actors import RISK
from encours.contracts.books import movements
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.invoice import InvoiceCredited
from encours.contracts.events.money.payment import CreditNoteIssued, PaymentIdentified, PaymentReceived
from encours.contracts.events.risk import LimitApproved
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import Result, derived
from encours.ledger.errors import LedgerUnavailable, VersionConflict
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.projection.read_model import Reactor
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere
from risk_svc.domain.reservation.commands import ExpireReservation, RecheckReservation
from risk_svc.read_models.credit.order_query import blocked_of, expiring
from risk_svc.read_models.credit.query import PicturesAtEvent
from risk_svc.use_cases import reservations

C = TypeVar("C", ExpireReservation, RecheckReservation)
Ts = TypeVarTuple("Ts")
TRANSIENT = (LedgerUnavailable, VersionConflict)
"""Refusals that a repetition of the reaction may not meet again."""
FREEING = (PaymentReceived, PaymentIdentified, CreditNoteIssued, InvoiceCredited, LimitApproved)
"""Events after which blocked orders of the customer are decided again."""

log = structlog.get_logger("risk_svc.days")


class CreditReactor(Reactor):
    """Ends reservations whose last day has passed, and decides blocked orders again; a repetition changes nothing."""

    types = names_of(DayOpened, *FREEING)

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    async def react(self, e: Recorded) -> None:
        """Do the work of a day that opens, or decide the blocked orders of the customers that an event is about."""
        if isinstance(e.data, DayOpened):
            await self._expire(e, await self._day(e, e.data))
        else:
            await self._recheck(e, _customers(e))

    async def _day(self, e: Recorded, opened: DayOpened) -> date:
        if (await self._ledger.info(e.ledger)).kind == "sandbox":
            return opened.day
        return max(opened.day, await self._ledger.today(e.ledger))

    async def _expire(self, e: Recorded, today: date) -> None:
        # A creditor in the east may have the next day already.
        async with self._db.snapshot("credit", e.ledger) as (conn, schema, _):
            waiting = await expiring(conn, schema, today + timedelta(days=1))
        zone = (await self._ledger.info(e.ledger)).time_zone
        for identifier, entity_id in waiting:
            own = day_elsewhere(today, zone, await self._ledger.zone_of(e.ledger, entity_id) or zone)
            await self._do(e, own, reservations.expire, ExpireReservation(identifier))

    async def _recheck(self, e: Recorded, customers: Sequence[str]) -> None:
        today = await self._ledger.today(e.ledger)
        async with self._db.snapshot("credit", e.ledger) as (conn, schema, position):
            waiting = await blocked_of(conn, schema, customers, day=today, position=position)
        pictures = PicturesAtEvent(self._db, self._ledger)
        for identifier, entity_id in waiting:
            own = await self._ledger.today_of(e.ledger, entity_id)
            again = RecheckReservation(identifier, quiet=True)
            await self._do(e, own, reservations.recheck, again, pictures)

    async def _do(
        self,
        e: Recorded,
        today: date,
        use_case: Callable[[Session, C, Unpack[Ts]], Awaitable[Result]],
        command: C,
        *given: *Ts,
    ) -> None:
        """Run a command that the event causes; a refusal is logged, as one order must not stop the others."""
        key = derived_uuid(e.ledger, e.event_id, type(command).__name__, command.reservation_id)
        meta = derived(e.ledger, key, actor=RISK, today=today, because_of=e)
        try:
            await execute(self._ledger, meta, use_case, command, *given)
        except TRANSIENT:
            raise
        except DomainError as refusal:
            log.warning("refused in a reaction", id=command.reservation_id, error=str(refusal))


def _customers(e: Recorded) -> list[str]:
    """Return the customers that the event is about; none for a payment of an unknown payer."""
    named: str | None = getattr(e.data, "customer_id", None)
    found = {moved.customer_id for moved in movements(e)} | {named or ""}
    return sorted(found - {""})
