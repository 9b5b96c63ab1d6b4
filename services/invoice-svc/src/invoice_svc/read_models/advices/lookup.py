"""Documents, payments and advices that belong together, by all that the ledger holds at this moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from encours.contracts.parties import Survivors
from encours.ledger import Ledger
from encours.postgres.connection import is_lost
from encours.reading.merges import merges
from encours.reading.moment import WAIT_S
from encours.reading.read_db import ReadDb, ReadModelNotReady
from invoice_svc.domain.payment.indication import digits_of, number_key
from invoice_svc.domain.remittance.numbers import AdvisableDocument
from invoice_svc.read_models.advices.query import open_advices

if TYPE_CHECKING:
    from encours.projection.read_model import Conn

NAME = "invoices"
MAX_DOCUMENTS = 5_000
MAX_PAYMENTS = 100
_LEAST_DIGITS = 4


@dataclass(frozen=True, slots=True)
class AdviceQueries:
    """Queries of :mod:`invoice_svc.use_cases.money.advices` and of the payments that an advice announces.

    Each raises :class:`ReadModelNotReady` if the list lags for more than two seconds, but the one that a payment waits
    for: no payment is lost because a list lags.
    """

    db: ReadDb
    ledger: Ledger

    async def open_advices(
        self, ledger: str, entity_id: str, currency: str, amount_minor: int, newest: bool
    ) -> list[str] | None:
        """Return ids of the entity's advices of that amount that no payment has joined; ``None`` if the list lags.

        Without ``newest`` nothing is waited for: advices of this moment may be missing.
        """
        try:
            async with self._now(ledger, newest=newest) as (conn, schema):
                return await open_advices(conn, schema, entity_id, currency, [amount_minor])
        except ReadModelNotReady:
            return None
        except Exception as error:
            if is_lost(error) or isinstance(error, OSError):
                return None
            raise

    async def documents(
        self, ledger: str, entity_id: str, customer_id: str | None, currency: str, written: Sequence[str]
    ) -> list[AdvisableDocument]:
        """Return the entity's invoices with these numbers, and open invoices and credit notes of the customer."""
        async with self._now(ledger) as (conn, schema):
            own = None if customer_id is None else await _records(conn, schema, customer_id)
            found = await _named(conn, schema, entity_id, currency, written)
            if own is not None:
                found += await _of_customer(conn, schema, entity_id, currency, own)
        return list(dict.fromkeys(found))

    async def unapplied(self, ledger: str, entity_id: str, customer_id: str, currency: str) -> list[str]:
        """Return ids of the customer's payments with unapplied cash, the latest first."""
        async with self._now(ledger) as (conn, schema):
            rows = await conn.fetch(
                f"""select payment_id from {schema}.cash c join {schema}.payment p using (payment_id)
                    where c.customer_id = any($1::text[]) and c.currency = $2 and p.entity_id = $3
                    group by payment_id having sum(c.cash_minor) > 0 order by max(c.position) desc
                    limit {MAX_PAYMENTS}""",
                await _records(conn, schema, customer_id),
                currency,
                entity_id,
            )
        return [row["payment_id"] for row in rows]

    @asynccontextmanager
    async def _now(self, ledger: str, *, newest: bool = True) -> AsyncIterator[tuple[Conn, str]]:
        if newest:
            head = await self.ledger.head(ledger)
            if not await self.db.wait_for(NAME, ledger, head.position, timeout=WAIT_S):
                raise ReadModelNotReady(NAME, ledger)
        async with self.db.snapshot(NAME, ledger) as (conn, schema, _):
            yield conn, schema


async def _records(conn: Conn, schema: str, customer_id: str) -> list[str]:
    return Survivors(await merges(conn, schema), date.max).records(customer_id)


async def _named(
    conn: Conn, schema: str, entity_id: str, currency: str, written: Sequence[str]
) -> list[AdvisableDocument]:
    digits = [found for each in written if len(found := digits_of(each)) >= _LEAST_DIGITS]
    rows = await conn.fetch(
        f"""select number, invoice_id from {schema}.invoice
            where entity_id = $1 and currency = $2 and issued_on is not null
              and (number_key = any($3::text[]) or digits_key = any($4::text[])) limit {MAX_DOCUMENTS}""",
        entity_id,
        currency,
        [number_key(each) for each in written],
        digits,
    )
    return [AdvisableDocument(row["number"], row["invoice_id"]) for row in rows]


async def _of_customer(
    conn: Conn, schema: str, entity_id: str, currency: str, records: Sequence[str]
) -> list[AdvisableDocument]:
    """Return open invoices of the customer and of those for whom it pays, and credit notes of the customer."""
    invoices = await conn.fetch(
        f"""select number, invoice_id from {schema}.invoice
            where entity_id = $1 and currency = $2 and outstanding_minor > 0 and (customer_id = any($3::text[])
              or customer_id in (select customer_id from {schema}.roles where payer_id = any($3::text[])))
            order by due_on, invoice_id limit {MAX_DOCUMENTS}""",
        entity_id,
        currency,
        records,
    )
    notes = await conn.fetch(
        f"""select number, invoice_id, credit_note_id from {schema}.credit_note
            where entity_id = $1 and currency = $2 and customer_id = any($3::text[])
            order by position desc limit {MAX_DOCUMENTS}""",
        entity_id,
        currency,
        records,
    )
    return [
        *(AdvisableDocument(row["number"], row["invoice_id"]) for row in invoices),
        *(AdvisableDocument(row["number"], row["invoice_id"], row["credit_note_id"]) for row in notes),
    ]
