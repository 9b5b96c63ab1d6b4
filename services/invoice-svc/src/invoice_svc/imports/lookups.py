"""What the importer asks the service's own read model, waiting until it has come far enough."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
import structlog

from encours.reading.read_db import ReadDb, ReadModelNotReady
from invoice_svc.imports.book import OpenInvoice
from invoice_svc.read_models.invoices import NAME

WAIT_S = 10.0
RETRY_S = 0.2
log = structlog.get_logger("invoice_svc.imports")


class Lookups:
    """Questions about one ledger."""

    def __init__(self, db: ReadDb, ledger: str) -> None:
        self._db = db
        self._ledger = ledger

    async def open_invoices(self, customer_id: str, position: int) -> list[OpenInvoice]:
        """What was open at that position or later."""
        rows = await self._fetch(
            """select invoice_id, number, due_on, outstanding_minor from {schema}.invoice
               where customer_id = $1 and outstanding_minor > 0""",
            position,
            customer_id,
        )
        return [OpenInvoice(*row) for row in rows]

    async def customers(self, entity_id: str, refs: Sequence[str], position: int) -> dict[str, str]:
        """Customers of the entity by their code, oldest registration first, at that position or later."""
        rows = await self._fetch(
            """select external_ref, customer_id from {schema}.customer
               where entity_id = $1 and external_ref = any($2::text[]) order by from_position desc""",
            position,
            entity_id,
            list(refs),
        )
        return {row["external_ref"]: row["customer_id"] for row in rows}

    async def invoices(self, entity_id: str, numbers: Sequence[str], position: int) -> dict[str, str]:
        """Issued invoices of the entity by their number, at that position or later."""
        rows = await self._fetch(
            """select number, invoice_id from {schema}.invoice
               where entity_id = $1 and number = any($2::text[]) and issued_on is not null
               order by from_position desc""",
            position,
            entity_id,
            list(numbers),
        )
        return {row["number"]: row["invoice_id"] for row in rows}

    async def _fetch(self, sql: str, position: int, *arguments: object) -> list[asyncpg.Record]:
        """Rows of the model once it stands there. A model that is late or being built is waited for: facts keep."""
        while True:
            try:
                if await self._db.wait_for(NAME, self._ledger, position, timeout=WAIT_S):
                    async with self._db.snapshot(NAME, self._ledger) as (conn, schema, _):
                        rows: list[asyncpg.Record] = await conn.fetch(sql.format(schema=schema), *arguments)
                        return rows
            except (ReadModelNotReady, asyncpg.InterfaceError, OSError):
                await asyncio.sleep(RETRY_S)
            log.info("the import waits for a read model", ledger=self._ledger, model=NAME, position=position)
