"""Queries of the list of credit notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from encours.ledger import Ledger
from encours.reading.merges import records_of
from encours.reading.moment import WAIT_S
from encours.reading.read_db import ReadDb
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page

NAME = "invoices"
_COLUMNS = (
    "credit_note_id, entity_id, customer_id, invoice_id, number, issued_on, currency, net_minor, vat_minor, "
    "total_minor, cause"
)


async def credit_notes(
    view: View, page: Page, *, entity_id: str | None, customer_id: str | None, invoice_id: str | None
) -> list[Any]:
    """Rows of a page of credit notes that were issued by the question's dates."""
    where = ViewWhere(view).equal("entity_id", entity_id).equal("invoice_id", invoice_id)
    where.one_of("customer_id", await records_of(view, customer_id))
    where.add(f"position <= {where.position} and issued_on <= {where.as_of}")
    return await where.page(page, _COLUMNS, f"{view.schema}.credit_note")


@dataclass(frozen=True, slots=True)
class InvoicesOfCredits:
    """Finds the invoice of a credit note (:class:`invoice_svc.use_cases.sales.credits.InvoiceOfCredit`)."""

    db: ReadDb
    ledger: Ledger

    async def __call__(self, ledger: str, credit_note_id: str) -> str | None:
        """Return the invoice's id; ``None`` for a credit note that is not known.

        The read model has to reach the ledger's head of this moment first, two seconds at most.
        """
        head = await self.ledger.head(ledger)
        await self.db.wait_for(NAME, ledger, head.position, timeout=WAIT_S)
        async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
            found: str | None = await conn.fetchval(
                f"select invoice_id from {schema}.credit_note where credit_note_id = $1", credit_note_id
            )
        return found
