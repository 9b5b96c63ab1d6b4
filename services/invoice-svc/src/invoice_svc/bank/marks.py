"""Positions up to which the lines of each ledger were judged."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg


@dataclass(frozen=True, slots=True)
class Marks:
    """Reads and writes the table of ``migrations/0025_bank.sql``."""

    pool: asyncpg.Pool

    async def moved(self, model: str) -> list[str]:
        """Return the ledgers of which the read model has received more than was judged."""
        rows = await self.pool.fetch(
            """select c.ledger from encours.checkpoint c left join bank.judged j using (ledger)
               where c.model = $1 and (j.position is distinct from c.position or j.epoch is distinct from c.epoch)
               order by c.ledger""",
            model,
        )
        return [row["ledger"] for row in rows]

    async def get(self, ledger: str, epoch: int) -> int:
        """Return the position up to which the ledger was judged in its epoch; 0 before the first judgement."""
        position = await self.pool.fetchval(
            "select position from bank.judged where ledger = $1 and epoch = $2", ledger, epoch
        )
        return position or 0

    async def set(self, ledger: str, epoch: int, position: int) -> None:
        """Set the position."""
        await self.pool.execute(
            """insert into bank.judged (ledger, epoch, position) values ($1, $2, $3)
               on conflict (ledger) do update set epoch = excluded.epoch, position = excluded.position""",
            ledger,
            epoch,
            position,
        )
