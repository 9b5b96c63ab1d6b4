"""The judgement of payment plans as a day opens: kept, broken, or in force again."""

from __future__ import annotations

from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.calendar import DayOpened
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.projection.read_model import Conn
from invoice_svc.read_models.plans.query import CashOfRecords, plans_to_judge
from invoice_svc.use_cases.money.plans import judge
from invoice_svc.use_cases.opened_day import DayWork


class JudgePlans(DayWork):
    """Judges each plan by the creditor's own day.

    After an outage each day that was not opened is judged in its turn, so that a plan is broken on the day on which its
    grace had passed.
    """

    kind = "plan"

    async def day(self, e: Recorded) -> date:
        """Return the day that opens, also where it is long past."""
        assert isinstance(e.data, DayOpened)
        return e.data.day

    async def waiting(self, conn: Conn, schema: str, until: date) -> list[tuple[str, str]]:
        """Plans whose standing may have changed."""
        return await plans_to_judge(conn, schema, until)

    async def act(self, session: Session, identifier: str, today: date, e: Recorded) -> Result | None:
        """Judge the plan on the day."""
        return await judge(session, identifier, today, CashOfRecords(self._db))
