"""Customer that has a code in the creditor's books."""

from __future__ import annotations

from dataclasses import dataclass

from encours.ledger import Ledger
from encours.reading.moment import WAIT_S
from encours.reading.read_db import ReadDb, ReadModelNotReady
from invoice_svc.read_models.customers.query import by_external_ref

NAME = "invoices"


@dataclass(frozen=True, slots=True)
class CustomersByCode:
    """Finds the customer of an entity by its code (:class:`invoice_svc.use_cases.parties.customers.CodedCustomers`)."""

    db: ReadDb
    ledger: Ledger

    async def __call__(self, ledger: str, entity_id: str, external_ref: str) -> str | None:
        """Return the customer that has the reference by all that the ledger holds at this moment, if any.

        Raises :class:`ReadModelNotReady` if the list lags for more than two seconds.
        """
        head = await self.ledger.head(ledger)
        if not await self.db.wait_for(NAME, ledger, head.position, timeout=WAIT_S):
            raise ReadModelNotReady(NAME, ledger)
        async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
            found = await by_external_ref(conn, schema, entity_id, [external_ref])
        return found.get(external_ref)
