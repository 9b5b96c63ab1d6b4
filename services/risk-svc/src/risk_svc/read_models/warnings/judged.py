"""Days on which early warnings were judged, and customers who could not be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import asyncpg

from encours.ledger.model import LedgerInfo
from encours.postgres.connection import FAILED
from encours.postgres.own_tables import OwnTables
from encours.projection.read_model import Conn
from risk_svc.domain.warning.unjudged import UnjudgedCustomer


def concerns_one(error: Exception) -> bool:
    """Return True for an error in the data of a customer, False if the database failed: then all is repeated."""
    return isinstance(error, asyncpg.DataError) or not isinstance(error, FAILED)


async def judged_until(conn: Conn, model: str, info: LedgerInfo) -> int:
    """Return the position up to which the days that opened were judged; those of loaded history are not."""
    reacted = await conn.fetchval(
        "select position from encours.reaction where ledger = $1 and model = $2 and epoch = $3",
        info.name,
        model,
        info.epoch,
    )
    return max(reacted or 0, info.effects_from)


class UnjudgedCustomers(OwnTables):
    """The table ``encours_warnings.unjudged``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool, ("risk_svc.migrations", "0002_unjudged.sql"), lock="encours_warnings")

    async def replace(self, ledger: str, entity_id: str, day: date, problems: Mapping[str, str]) -> None:
        """Store the problems of a day by customer, instead of those of the day before."""
        await self.prepare()
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute(
                "delete from encours_warnings.unjudged where ledger = $1 and entity_id = $2",
                ledger,
                entity_id,
            )
            await conn.executemany(
                "insert into encours_warnings.unjudged values ($1, $2, $3, $4, $5)",
                [(ledger, each, entity_id, day, problem) for each, problem in problems.items()],
            )

    async def listed(self, ledger: str) -> list[UnjudgedCustomer]:
        """Return those of a ledger."""
        await self.prepare()
        rows = await self._pool.fetch(
            """select entity_id, customer_id, day, problem from encours_warnings.unjudged where ledger = $1
               order by day, customer_id""",
            ledger,
        )
        return [UnjudgedCustomer(*row) for row in rows]
