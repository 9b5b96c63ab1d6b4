"""Payments that are a bank line already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from encours.ledger import Ledger
from encours.reading.moment import WAIT_S
from encours.reading.read_db import ReadDb, ReadModelNotReady

NAME = "invoices"


@dataclass(frozen=True, slots=True)
class PaymentsOfLines:
    """Finds the payments that are a bank line (:class:`invoice_svc.use_cases.money.bank_lines.TakenPayments`)."""

    db: ReadDb
    ledger: Ledger

    async def __call__(self, ledger: str, payment_ids: Sequence[str]) -> set[str]:
        """Return those of the payments that a line is booked as, by all that the ledger holds at this moment.

        Raises :class:`ReadModelNotReady` if the list lags for more than two seconds.
        """
        head = await self.ledger.head(ledger)
        if not await self.db.wait_for(NAME, ledger, head.position, timeout=WAIT_S):
            raise ReadModelNotReady(NAME, ledger)
        async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
            rows = await conn.fetch(
                f"""select s.payment_id from {schema}.bank_line_status s where s.payment_id = any($1::text[])
                    and not exists (select from {schema}.bank_line_status n
                                    where n.line_id = s.line_id and n.position > s.position)""",
                list(payment_ids),
            )
        return {row["payment_id"] for row in rows}
