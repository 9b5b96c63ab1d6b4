"""Queries of the importer to the service's own read model at a required position."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeVar

import asyncpg
import structlog

from encours.projection.read_model import Conn
from encours.reading.read_db import ReadDb, ReadModelNotReady
from invoice_svc.imports.book import BookInvoice
from invoice_svc.read_models.advices.query import open_by_amount
from invoice_svc.read_models.customers.query import by_external_ref
from invoice_svc.read_models.entities.query import all_entities, only_entity
from invoice_svc.read_models.invoices.query import by_number, open_invoices
from invoice_svc.read_models.lists import NAME

WAIT_S = 10.0
RETRY_S = 0.2
T = TypeVar("T")
log = structlog.get_logger("invoice_svc.imports")


class Lookups:
    """Queries on one ledger."""

    def __init__(self, db: ReadDb, ledger: str) -> None:
        self._db = db
        self._ledger = ledger

    async def open_invoices(self, customer_id: str, position: int) -> list[BookInvoice]:
        """Return open invoices of the customer at that position or later."""
        rows = await self._at(position, lambda conn, schema: open_invoices(conn, schema, customer_id))
        return [BookInvoice(*row) for row in rows]

    async def customers(self, entity_id: str, refs: Sequence[str], position: int) -> dict[str, str]:
        """Return ids of the entity's customers by their external reference, at that position or later."""
        return await self._at(position, lambda conn, schema: by_external_ref(conn, schema, entity_id, refs))

    async def invoices(self, entity_id: str, numbers: Sequence[str], position: int) -> dict[str, str]:
        """Return ids of the entity's issued invoices by their number, at that position or later."""
        return await self._at(position, lambda conn, schema: by_number(conn, schema, entity_id, numbers))

    async def advices(
        self, entity_id: str, currency: str, amounts_minor: Collection[int], position: int
    ) -> dict[int, list[str]]:
        """Return ids of the advices that no payment has joined, by their amount, at that position or later."""
        return await self._at(
            position,
            lambda conn, schema: open_by_amount(conn, schema, entity_id, currency, amounts_minor),
        )

    async def _at(self, position: int, query: Callable[[Conn, str], Awaitable[T]]) -> T:
        """Run the query once the model has reached the position. Waits for a model that lags or is being built."""
        while True:
            try:
                if await self._db.wait_for(NAME, self._ledger, position, timeout=WAIT_S):
                    async with self._db.snapshot(NAME, self._ledger) as (conn, schema, _):
                        return await query(conn, schema)
            except (ReadModelNotReady, asyncpg.InterfaceError, OSError):
                await asyncio.sleep(RETRY_S)
            log.info(
                "the import is waiting for a read model", ledger=self._ledger, model=NAME, position=position
            )


async def entities_of(db: ReadDb, ledger: str) -> set[str]:
    """Return every entity of a ledger. Raises ReadModelNotReady."""
    async with db.snapshot(NAME, ledger) as (conn, schema, _):
        return await all_entities(conn, schema)


def only_entity_of(db: ReadDb) -> Callable[[str], Awaitable[str | None]]:
    """Return the query for a ledger's only entity: None when there are several, none yet, or no read model yet."""

    async def find(ledger: str) -> str | None:
        try:
            async with db.snapshot(NAME, ledger) as (conn, schema, _):
                return await only_entity(conn, schema)
        except ReadModelNotReady:
            return None

    return find
