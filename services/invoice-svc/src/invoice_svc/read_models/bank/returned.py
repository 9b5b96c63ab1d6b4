"""Payments that a bank line may take back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from encours.contracts.events.money.bank import BankLineRecorded
from encours.ledger import Ledger
from encours.reading.moment import WAIT_S
from encours.reading.read_db import ReadDb, ReadModelNotReady
from invoice_svc.domain.bank_line.returns import references_of

NAME = "invoices"
_MOST = 50
"""Payments that are looked at: a mandate or an account may have hundreds, of which the last ones count."""


@dataclass(frozen=True, slots=True)
class ReturnedPayments:
    """Finds payments by what a return has in common with the line that brought them.

    It is :class:`invoice_svc.use_cases.money.bank_returns.FoundReturns`.
    """

    db: ReadDb
    ledger: Ledger

    async def __call__(
        self, ledger: str, entity_id: str, line: BankLineRecorded
    ) -> Sequence[tuple[str, str | None]]:
        """Return payment and line, the latest first, by all that the ledger holds at this moment.

        Raises :class:`ReadModelNotReady` if the list lags for more than two seconds.
        """
        head = await self.ledger.head(ledger)
        if not await self.db.wait_for(NAME, ledger, head.position, timeout=WAIT_S):
            raise ReadModelNotReady(NAME, ledger)
        async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
            rows = await conn.fetch(
                f"""select s.payment_id, l.line_id from {schema}.bank_line l
                    join {schema}.bank_line_status s on s.line_id = l.line_id and s.payment_id is not null
                    where l.line_id in (select r.line_id from {schema}.bank_line_reference r
                                        where r.entity_id = $1 and r.reference = any($2::text[]))
                      and l.booked_on <= $3
                      and not exists (select from {schema}.bank_line_status n
                                      where n.line_id = s.line_id and n.position > s.position)
                    order by l.booked_on desc, l.line_id limit {_MOST}""",
                entity_id,
                references_of(line),
                line.booked_on,
            )
        return [(row["payment_id"], row["line_id"]) for row in rows]
