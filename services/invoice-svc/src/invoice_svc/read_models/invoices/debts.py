"""The payer's unapplied cash and other open invoices, on which the settlement of an invoice depends too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from encours.contracts.settlement import Funds, InvoiceDebt
from encours.reading.merges import records_of
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View

_DEBTS = """
    select invoice_id, due_on, outstanding_minor, disputed_minor - conceded_minor as disputed_minor, conceded_minor
    from (
        select i.invoice_id, i.payable_on as due_on,
            i.total_minor + coalesce(sum(m.item_minor), 0)::bigint as outstanding_minor,
            coalesce(sum(m.contested_minor), 0)::bigint as disputed_minor,
            coalesce(sum(m.conceded_minor), 0)::bigint as conceded_minor
        from {schema}.invoice i left join {schema}.movement m
            on m.invoice_id = i.invoice_id and m.position <= {position} and m.effective_on <= {as_of}
        where {where} group by i.invoice_id, i.payable_on, i.total_minor
    ) then_ where outstanding_minor > 0
"""


async def unapplied_cash(view: View, customer_id: str, currency: str) -> list[Funds]:
    """The customer's unapplied cash at the dates of the view, by payment; that of all its records."""
    where = ViewWhere(view, entity=None).equal("currency", currency)
    where.one_of("customer_id", await records_of(view, customer_id))
    where.add(f"position <= {where.position} and effective_on <= {where.as_of}")
    rows = await view.conn.fetch(
        f"""select sum(cash_minor)::bigint as cash_minor, max(available_on) as available_on from {view.schema}.cash
            where {where.sql} group by payment_id having sum(cash_minor) > 0""",
        *where.arguments,
    )
    return [Funds(row["available_on"], row["cash_minor"]) for row in rows]


async def open_debts(view: View, customer_id: str, currency: str) -> list[InvoiceDebt]:
    """The open invoices of all the customer's records at the dates of the view, less their payments."""
    where = ViewWhere(view, entity=None).equal("i.currency", currency)
    where.one_of("i.customer_id", await records_of(view, customer_id))
    where.add(f"i.issued_position <= {where.position} and i.issued_on <= {where.as_of}")
    rows = await view.conn.fetch(
        _DEBTS.format(schema=view.schema, where=where.sql, position=where.position, as_of=where.as_of),
        *where.arguments,
    )
    return [
        InvoiceDebt(
            invoice_id=row["invoice_id"],
            due_on=row["due_on"],
            owed_minor=row["outstanding_minor"] - row["conceded_minor"],
            contested_minor=row["disputed_minor"],
        )
        for row in rows
    ]
