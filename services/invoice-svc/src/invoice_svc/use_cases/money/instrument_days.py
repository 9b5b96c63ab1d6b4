"""Settlement of instruments as a day opens: paid or unconfirmed once their days of clearing have passed."""

from __future__ import annotations

from datetime import date

from encours.contracts import Recorded
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.projection.read_model import Conn
from invoice_svc.read_models.instruments.query import instruments_to_settle
from invoice_svc.use_cases.money.instruments import settle_day
from invoice_svc.use_cases.opened_day import DayWork


class SettleInstruments(DayWork):
    """Settles each instrument by the creditor's own day."""

    kind = "instrument"

    async def waiting(self, conn: Conn, schema: str, until: date) -> list[tuple[str, str]]:
        """Instruments in hand whose days of clearing pass by a day."""
        return await instruments_to_settle(conn, schema, until)

    async def act(self, session: Session, identifier: str, today: date, e: Recorded) -> Result | None:
        """Settle the instrument on the day."""
        return await settle_day(session, identifier, today)
