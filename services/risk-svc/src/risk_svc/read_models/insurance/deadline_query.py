"""A deadline by its id, for the command that meets it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from encours.ledger import Ledger
from encours.reading.moment import WAIT_S, PositionNotReached
from encours.reading.read_db import ReadDb
from risk_svc.domain.insurance.deadlines import InsuranceDeadline, all_deadlines
from risk_svc.read_models.insurance.query import Moment, books, granted_contracts

AHEAD = timedelta(days=800)
"""Deadlines that are further away are not met yet."""


@dataclass(frozen=True, slots=True)
class OpenDeadlines:
    """Query for one deadline at the ledger's head."""

    db: ReadDb
    ledger: Ledger

    async def of(self, ledger: str, deadline_id: str, day: date) -> InsuranceDeadline | None:
        """Return the deadline of an id, met or not. Raises :class:`PositionNotReached` if the figures are behind."""
        head = (await self.ledger.head(ledger)).position
        if not await self.db.wait_for("credit", ledger, head, timeout=WAIT_S):
            raise PositionNotReached("credit", head)
        async with self.db.snapshot("credit", ledger) as (conn, schema, position):
            contracts = await granted_contracts(conn, schema, None)
            known = await books(Moment(conn, schema, day, position), contracts)
        for book in known:
            for each in all_deadlines(book, day, day + AHEAD):
                if each.deadline_id == deadline_id:
                    return each
        return None
