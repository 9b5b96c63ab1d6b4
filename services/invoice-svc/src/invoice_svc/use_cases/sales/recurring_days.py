"""The reaction to a day: bill the periods of recurring invoices that are due."""

from __future__ import annotations

from datetime import date

from encours.contracts import Recorded
from encours.kernel.errors import DomainError
from encours.ledger.command import Result
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.projection.read_model import Conn
from invoice_svc.read_models.recurring.query import due_recurring
from invoice_svc.use_cases.opened_day import TRANSIENT, DayWork, meta_of_day
from invoice_svc.use_cases.sales.recurring import bill_next, block

MAX_PERIODS_A_DAY = 500


class BillRecurring(DayWork):
    """Bills the periods that are due when a day opens, in the order of their dates, and what an outage has left.

    A creditor's periods are due by its own day. Invoices are dated that day in a sandbox; in a live ledger today, which
    after an outage is later than the day that is opened.
    """

    kind = "recurring"
    times = MAX_PERIODS_A_DAY

    async def waiting(self, conn: Conn, schema: str, until: date) -> list[tuple[str, str]]:
        """Rules with a period that is due."""
        return await due_recurring(conn, schema, until)

    async def act(self, session: Session, identifier: str, today: date, e: Recorded) -> Result | None:
        """Bill the next period."""
        return await bill_next(session, identifier, today)

    async def refused(self, e: Recorded, identifier: str, today: date, refusal: DomainError) -> None:
        """Record why the period cannot be billed."""
        meta = meta_of_day(e, today, "recurring blocked", identifier)
        try:
            await execute(self._ledger, meta, block, identifier, refusal)
        except TRANSIENT:
            raise
        except DomainError as unreadable:
            await super().refused(e, identifier, today, unreadable)
