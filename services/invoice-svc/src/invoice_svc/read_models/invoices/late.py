"""The invoices of a customer for which penalties may be due: with its unapplied cash as of now, and on any day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from encours.contracts.parties import Survivors
from encours.ledger import Ledger
from encours.reading.merges import merges
from encours.reading.moment import WAIT_S, PositionNotReached
from encours.reading.read_db import ReadDb
from encours.reading.where import ViewWhere
from invoice_svc.domain.interest.debt import MAX_FILE, DebtorFile
from invoice_svc.read_models.invoices.candidates import NAME

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View

MAX_STATED = 5_000
"""Most invoices and penalty documents on which a statement of interest rests."""

_SETTLED_LATE = """exists (
    select from {schema}.movement m where m.invoice_id = i.invoice_id
        and (m.effective_on > i.due_on or cardinality(i.instalments) > 0)
        and (m.position > i.claimed_position or m.effective_on > i.claimed_until or i.claimed_until is null)
)"""
"""Moved after the due date, and not only before its last claim; an instalment may have been settled late before it."""

_STATED = """
    select i.invoice_id from {schema}.invoice i left join lateral (
        select coalesce(sum(item_minor), 0) as moved_minor, bool_or(effective_on > i.due_on) as moved_late
        from {schema}.movement
        where invoice_id = i.invoice_id and position <= {position} and effective_on <= {as_of}
    ) m on true
    where {where} and (i.total_minor + m.moved_minor > 0 or m.moved_late or i.purpose = 'penalty'
        or cardinality(i.instalments) > 0)
    order by i.due_on, i.invoice_id limit {limit}
"""
"""Open then, or moved after the due date; an instalment may have been settled late before it."""


async def stated_invoices(view: View, customers: Sequence[str], currency: str | None = None) -> list[str]:
    """Return the invoices of customers on which their interest rests at the dates of the view, the first due first.

    They are those that are open or were settled late, those in instalments, and penalty documents; at most one more
    than :data:`MAX_STATED`.
    """
    where = ViewWhere(view, entity=None).among("i.customer_id", customers).equal("i.currency", currency)
    where.add(f"i.issued_position <= {where.position} and i.issued_on <= {where.as_of}")
    rows = await view.conn.fetch(
        _STATED.format(
            schema=view.schema,
            where=where.sql,
            position=where.position,
            as_of=where.as_of,
            limit=MAX_STATED + 1,
        ),
        *where.arguments,
    )
    return [row["invoice_id"] for row in rows]


@dataclass(frozen=True, slots=True)
class DebtorFiles:
    """Finds what a customer's penalties rest on (:class:`invoice_svc.use_cases.sales.penalties.FindsDebtorFile`)."""

    db: ReadDb
    ledger: Ledger

    async def __call__(
        self, ledger: str, entity_id: str, customer_id: str, currency: str, named: Sequence[str] | None
    ) -> DebtorFile:
        """Return ids of invoices and payments. Raises ``position-not-reached`` if the read model lags."""
        head = await self.ledger.head(ledger)
        if not await self.db.wait_for(NAME, ledger, head.position, timeout=WAIT_S):
            raise PositionNotReached(NAME, head.position)
        async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
            records = Survivors(await merges(conn, schema), date.max).records(customer_id)
            cash = await _cash(conn, schema, records, currency)
            only = None if cash or named is None else list(named)
            invoices = await _invoices(conn, schema, entity_id, records, currency, only)
            return DebtorFile(invoices, cash, tuple(records))


async def _invoices(
    conn: Conn, schema: str, entity_id: str, records: Sequence[str], currency: str, only: list[str] | None
) -> tuple[str, ...]:
    rows = await conn.fetch(
        f"""
        select i.invoice_id from {schema}.invoice i
        where i.entity_id = $1 and i.customer_id = any($2::text[]) and i.currency = $3
            and ($4::text[] is null or i.invoice_id = any($4::text[])) and i.issued_on is not null
            and (i.outstanding_minor > 0
                or (i.purpose <> 'penalty' and {_SETTLED_LATE.format(schema=schema)}))
        order by i.due_on, i.invoice_id limit {MAX_FILE + 1}
        """,
        entity_id,
        list(records),
        currency,
        only,
    )
    return tuple(row["invoice_id"] for row in rows)


async def _cash(conn: Conn, schema: str, records: Sequence[str], currency: str) -> tuple[str, ...]:
    rows = await conn.fetch(
        f"""select payment_id from {schema}.cash where customer_id = any($1::text[]) and currency = $2
            group by payment_id having sum(cash_minor) > 0 order by payment_id""",
        list(records),
        currency,
    )
    return tuple(row["payment_id"] for row in rows)
