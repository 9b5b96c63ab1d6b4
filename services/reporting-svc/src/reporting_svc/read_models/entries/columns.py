"""Columns of the entries of consecutive movements: a row holds thousands, each column as the bytes of its values.

A million movements as rows take a second to be grouped by customer, as columns a tenth of it. Movements are never
changed, so that the rows are made after the fact, with the subtotals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from encours.contracts.books import CREDITED, INVOICED
from reporting_svc.read_models.debts.columns import ACCOUNT_TABLE, numbered_sql

if TYPE_CHECKING:
    from encours.projection.read_model import Conn

ENTRY_TABLE = "entry_column"
GROSS = (INVOICED[1], CREDITED[1])
"""Kinds of documents that were taken over with their total alone."""
COLLECTED, REVERSED = ("received", "identified", "reassigned"), ("reversed", "restored")
SALE, GROSS_SALE, COLLECTION, REVERSAL = 1, 2, 4, 8
_KIND = f"""{{is_sale}}::int * {SALE} + (m.kind in {GROSS})::int * {GROSS_SALE}
    + (m.kind in {COLLECTED})::int * {COLLECTION} + (m.kind in {REVERSED})::int * {REVERSAL}"""
VALUES = {
    "account": "int4send(a.number)",
    "day": "date_send(m.effective_on)",
    "kind": f"int2send(({_KIND})::int2)",
    "account_minor": "int8send(m.account_minor)",
    "net_minor": "int8send(m.net_minor)",
    "item_minor": "int8send(m.item_minor)",
    "cash_minor": "int8send(m.cash_minor)",
    "due_on": "date_send(coalesce({due_on}, '-infinity'))",
}
"""Bytes of each value of a movement ``m``; ``kind`` adds up what a sum may ask for."""


async def end_of_next(conn: Conn, schema: str, block: int) -> tuple[int, int] | None:
    """Return the positions before the next movements of a row and of the last one; None if there are fewer."""
    since = 0
    if await conn.fetchval("select to_regclass($1) is not null", f"{schema}.{ENTRY_TABLE}"):
        since = await conn.fetchval(f"select coalesce(max(upto), 0) from {schema}.{ENTRY_TABLE}")
    upto: int | None = await conn.fetchval(
        f"select position from {schema}.movement where position > $1 order by position, line offset $2 limit 1",
        since,
        block - 1,
    )
    return None if upto is None else (since, upto)


def made_entries_sql(schema: str, since: int, upto: int, is_sale: str) -> str:
    """SQL, statements: make the row of the movements after a position up to another.

    ``is_sale``: SQL, those that carry turnover.
    """
    table = f"{schema}.{ENTRY_TABLE}"
    columns = ", ".join(f"{name} bytea storage external not null" for name in VALUES)
    moved = f"select * from {schema}.movement where position > {since} and position <= {upto}"
    due_on = f"(select i.due_on from {schema}.item i where i.invoice_id = m.invoice_id)"
    values = [value.format(is_sale=is_sale, due_on=due_on) for value in VALUES.values()]
    packed = ", ".join(f"string_agg({value}, ''::bytea)" for value in values)
    return f"""
        create table if not exists {table} (upto bigint primary key, first_day date not null, last_day date not null,
          {columns});
        {numbered_sql(schema, moved)};
        insert into {table} select {upto}, min(m.effective_on), max(m.effective_on), {packed}
          from ({moved}) m join {schema}.{ACCOUNT_TABLE} a using (entity, customer_id, currency)
    """
