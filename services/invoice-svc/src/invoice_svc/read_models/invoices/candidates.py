"""The open invoices that a payment may settle, as of now."""

from __future__ import annotations

from dataclasses import dataclass

from encours.ledger import Ledger
from encours.postgres.connection import is_lost
from encours.reading.moment import WAIT_S
from encours.reading.read_db import ReadDb
from invoice_svc.read_models.invoices.query import candidates

NAME = "invoices"


@dataclass(frozen=True, slots=True)
class Candidates:
    """Finds open invoices for a payment (:class:`invoice_svc.use_cases.money.payers.OpenInvoices`)."""

    db: ReadDb
    ledger: Ledger

    async def __call__(
        self, ledger: str, entity_id: str, customer_id: str | None, currency: str, text: str | None
    ) -> list[str] | None:
        """Return ids of open invoices; ``None`` if the read model lags for more than two seconds.

        The read model has to reach the ledger's head of this moment first, so that an invoice issued just before its
        payment is found.
        """
        try:
            head = await self.ledger.head(ledger)
            if not await self.db.wait_for(NAME, ledger, head.position, timeout=WAIT_S):
                return None
            async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
                return await candidates(
                    conn, schema, entity_id=entity_id, customer_id=customer_id, currency=currency, text=text
                )
        except Exception as error:
            if is_lost(error) or isinstance(error, OSError):
                return None
            raise
