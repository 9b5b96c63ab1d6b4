"""Background task on orders on credit.

It ends those whose last day has passed, decides blocked ones again on a change, and has the reservations of orders in
Encours follow them where the credit policy asks for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date
from typing import TypeVar, TypeVarTuple, Unpack

import structlog

from encours.contracts.actors import RISK
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import Result, derived
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.postgres.connection import FAILED
from encours.reading.read_db import ReadDb, ReadModelNotReady
from risk_svc.domain.reservation.commands import ExpireReservation, FollowOrder, RecheckReservation
from risk_svc.read_models.credit.order_query import blocked_since, expiring, ordering_entities, to_follow
from risk_svc.read_models.credit.query import LatestPictures
from risk_svc.use_cases import reservations
from risk_svc.use_cases.reacting import TRANSIENT

C = TypeVar("C")
Ts = TypeVarTuple("Ts")
LOOK_S = 0.5
PAUSE_S = 1.0
"""Pause after a fault, so that the database can restart."""

log = structlog.get_logger("risk_svc.freeing")


class FreeOrders:
    """Follows the read model of each ledger, and the days of its entities. Several workers may do so.

    An order is reserved once, and ends once; a delivery ends its part once. If a worker dies in between, the read
    model has the orders that are not followed yet. In a live ledger the day of an entity in another zone begins
    before the ledger's or hours after it: its orders end here, as its own day begins. In a sandbox no time passes
    between two days, so :class:`CreditDay` ends them all.
    """

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db
        self._seen: dict[str, int] = {}
        """Position up to which changes were looked at, by ledger; all blocked orders are decided at the start."""
        self._days: dict[str, Mapping[str, date]] = {}
        """Days of entities with orders at the last look, by ledger: holds and limits begin and end with them."""

    async def run(self) -> None:
        """Look for changes until cancelled."""
        while True:
            try:
                for info in await self._ledger.ledgers(within_s=LOOK_S):
                    position = self._db.position("credit", info.name)
                    if position is not None and (
                        position > self._seen.get(info.name, 0)
                        or (info.kind != "sandbox" and await self._day_begun(info.name))
                    ):
                        await self.look(info.name)
                await asyncio.sleep(LOOK_S)
            except (*FAILED, DomainError) as fault:
                log.warning("blocked orders wait", error=str(fault))
                await asyncio.sleep(PAUSE_S)

    async def look(self, name: str) -> None:
        """End orders whose last day has passed; decide those again for which something has changed, all on a new day.

        Before that, reservations of orders in Encours follow their orders.

        If one met a conflict, the next look begins where this one did.
        """
        known = self._days.get(name, {})
        live = (await self._ledger.info(name)).kind != "sandbox"
        try:
            async with self._db.snapshot("credit", name) as (conn, schema, position):
                orders = await to_follow(conn, schema)
                ordering = await ordering_entities(conn, schema)
                days = await self._own_days(name, {*known, *ordering, *(each[1] for each in orders)})
                today = max(days.values(), default=await self._ledger.today(name))
                ended = await expiring(conn, schema, today) if live else []
                since = self._seen.get(name, 0) if days == known else 0
                waiting = await blocked_since(conn, schema, since, day=today, position=position)
        except ReadModelNotReady:
            return
        pictures = LatestPictures(self._db, self._ledger)
        done = [
            await self._run(
                name, each, position, days[entity_id], reservations.expire, ExpireReservation(each)
            )
            for each, entity_id in ended
        ]
        for each, entity_id, version in orders:
            following = FollowOrder(each)
            done.append(
                await self._run(
                    name,
                    f"{each}@{version}",
                    version,
                    days[entity_id],
                    reservations.follow,
                    following,
                    pictures,
                )
            )
        for each, entity_id in waiting:
            again = RecheckReservation(each, quiet=True)
            done.append(
                await self._run(name, each, position, days[entity_id], reservations.recheck, again, pictures)
            )
        if all(done):
            self._seen[name], self._days[name] = position, days

    async def _run(
        self,
        name: str,
        identifier: str,
        position: int,
        day: date,
        use_case: Callable[[Session, C, Unpack[Ts]], Awaitable[Result]],
        command: C,
        *given: *Ts,
    ) -> bool:
        """Run a command on an order, on a day of its entity; return False if something that passes prevents it."""
        key = derived_uuid(type(command).__name__, name, identifier, position, day)
        meta = derived(name, key, actor=RISK, today=day)
        try:
            await execute(self._ledger, meta, use_case, command, *given)
        except DomainError as refusal:
            log.info("order neither ended nor decided", id=identifier, error=str(refusal))
            return not isinstance(refusal, TRANSIENT)
        return True

    async def _day_begun(self, name: str) -> bool:
        known = self._days.get(name, {})
        return await self._own_days(name, known) != known

    async def _own_days(self, name: str, entities: Iterable[str]) -> dict[str, date]:
        clock = await self._ledger.clock(name)
        return {each: clock.day_in(await self._ledger.zone_of(name, each)) for each in entities}
