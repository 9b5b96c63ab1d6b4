"""Commands that a day's opening causes: their metadata, the refusals after which they are repeated, and their loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import date, timedelta
from typing import ClassVar

import structlog

from encours.contracts import Recorded
from encours.contracts.actors import INVOICING
from encours.contracts.events.calendar import DayOpened
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import CommandMeta, Result, derived
from encours.ledger.errors import LedgerUnavailable, VersionConflict
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.projection.read_model import Conn
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere
from invoice_svc.read_models.lists import NAME

TRANSIENT = (LedgerUnavailable, VersionConflict)
"""Refusals that a repetition of the reaction may not meet again."""

log = structlog.get_logger("invoice_svc.days")


def meta_of_day(e: Recorded, today: date, *key: object) -> CommandMeta:
    """Return the metadata of a command that the opening of a day causes; a repetition changes nothing."""
    command_id = derived_uuid(e.ledger, e.event_id, *key)
    return derived(e.ledger, command_id, actor=INVOICING, today=today, because_of=e)


class DayWork(ABC):
    """Work that is due when a day opens, or was left by an outage: one command for each object that waits.

    It is done on its creditor's own day; in a live ledger that of today, which after an outage is later than the day
    that opens.
    """

    kind: ClassVar[str]
    """Part of the ids of its commands."""
    times: ClassVar[int] = 1
    """Commands for one object on a day at most."""

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    @abstractmethod
    async def waiting(self, conn: Conn, schema: str, until: date) -> list[tuple[str, str]]:
        """Ids of the objects that are due by a day, and their entities."""

    @abstractmethod
    async def act(self, session: Session, identifier: str, today: date, e: Recorded) -> Result | None:
        """Do the work for an object; a repetition finds it done."""

    async def refused(self, e: Recorded, identifier: str, today: date, refusal: DomainError) -> None:
        """Log a refusal: one object must not stop the lists."""
        log.warning("refused as a day opens", kind=self.kind, id=identifier, error=str(refusal))

    async def run(self, e: Recorded) -> None:
        """Do all that is due. A repetition finds it done."""
        today = await self.day(e)
        async with self._db.snapshot(NAME, e.ledger) as (conn, schema, _):
            # A creditor in the east may have the next day already.
            waiting = await self.waiting(conn, schema, today + timedelta(days=1))
        zone = (await self._ledger.info(e.ledger)).time_zone
        for identifier, entity_id in waiting:
            own = await self._ledger.zone_of(e.ledger, entity_id)
            await self._do(e, identifier, day_elsewhere(today, zone, own or zone))

    async def _do(self, e: Recorded, identifier: str, today: date) -> None:
        for n in range(self.times):
            # Ids of the day and the attempt: one that is refused is made again on the next day.
            meta = meta_of_day(e, today, self.kind, identifier, n)
            try:
                done = await execute(self._ledger, meta, self.act, identifier, today, e)
            except TRANSIENT:
                raise
            except DomainError as refusal:
                await self.refused(e, identifier, today, refusal)
                return
            if not done.events and not done.replayed:
                return

    async def day(self, e: Recorded) -> date:
        """Return the day whose work is done."""
        assert isinstance(e.data, DayOpened)
        if (await self._ledger.info(e.ledger)).kind == "sandbox":
            return e.data.day
        return max(e.data.day, await self._ledger.today(e.ledger))
