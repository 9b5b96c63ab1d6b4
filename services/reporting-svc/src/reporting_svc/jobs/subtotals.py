"""Subtotals of the movements, made in the background for questions about the past."""

from __future__ import annotations

import asyncio

import asyncpg
import structlog

from encours.postgres.connection import FAILED
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.subtotals import BLOCK, add_subtotal, with_movements

PAUSE_S = 60.0
"""Between two looks: until then a question reads the movements themselves."""
MAKING_S = 600.0
"""Limit of one statement: a million rows are added up in seconds, on a busy machine in a minute."""

log = structlog.get_logger()


class SubtotalMaker:
    """Makes the subtotals of all ledgers; several workers take turns."""

    def __init__(self, pool: asyncpg.Pool, block: int = BLOCK) -> None:
        self._pool = pool
        self._block = block

    async def run(self) -> None:
        """Run until cancelled. It goes on after the loss of the database, and after a rebuild, which drops them."""
        while True:
            try:
                await self._make()
            except FAILED as error:
                log.warning("subtotals.paused", reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(PAUSE_S)

    async def _make(self) -> None:
        async with self._pool.acquire() as conn:
            for schema in await with_movements(conn, Receivables.name):
                while await add_subtotal(conn, schema, self._block):
                    pass
