"""Alerts of the deadlines of disputes as a day opens."""

from __future__ import annotations

from datetime import date

from encours.contracts import Recorded
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.projection.read_model import Conn
from invoice_svc.read_models.disputes.query import due_alerts
from invoice_svc.use_cases.opened_day import DayWork
from invoice_svc.use_cases.sales.disputes import alert


class AlertOfDeadlines(DayWork):
    """Records that the deadline of an open dispute is near or was missed."""

    kind = "deadlines"

    async def waiting(self, conn: Conn, schema: str, until: date) -> list[tuple[str, str]]:
        """Open disputes whose deadline is near or past, and was not told."""
        return await due_alerts(conn, schema, until)

    async def act(self, session: Session, identifier: str, today: date, e: Recorded) -> Result:
        """Record it once for each deadline."""
        return await alert(session, identifier, today)
