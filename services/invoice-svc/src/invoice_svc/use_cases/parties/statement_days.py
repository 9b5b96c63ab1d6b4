"""Statements of account that fall due as a day opens."""

from __future__ import annotations

from datetime import date

from encours.contracts import Recorded
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.projection.read_model import Conn
from invoice_svc.read_models.statements.content import StatementReader
from invoice_svc.read_models.statements.schedules import due_schedules
from invoice_svc.use_cases.opened_day import DayWork
from invoice_svc.use_cases.parties.statements import decide_next


class DecideStatements(DayWork):
    """Decides the statements of the periods that have ended, and what an outage has left, the earliest first."""

    kind = "statements"
    times = 400

    async def waiting(self, conn: Conn, schema: str, until: date) -> list[tuple[str, str]]:
        """Schedules with a statement that is due."""
        return await due_schedules(conn, schema, until)

    async def act(self, session: Session, identifier: str, today: date, e: Recorded) -> Result | None:
        """Decide the next statement by what the ledger held when the day opened."""
        return await decide_next(session, identifier, today, e.position, StatementReader(self._db))
