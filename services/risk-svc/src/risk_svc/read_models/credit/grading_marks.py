"""Positions up to which customers were looked at for their grades, kept so that a worker that starts goes on there."""

from __future__ import annotations

import asyncpg

from encours.postgres.own_tables import OwnTables


class GradingMarks(OwnTables):
    """The table ``encours_grading.looked``."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(pool, ("risk_svc.migrations", "0003_grading.sql"), lock="encours_grading")

    async def of(self, ledger: str, epoch: int) -> int | None:
        """Return the position of a ledger; ``None`` before the first look, and after the ledger was restored."""
        await self.prepare()
        found: int | None = await self._pool.fetchval(
            "select position from encours_grading.looked where ledger = $1 and epoch = $2", ledger, epoch
        )
        return found

    async def note(self, ledger: str, epoch: int, position: int) -> None:
        """Store the position of a ledger. Of two workers the one that is further counts."""
        await self.prepare()
        await self._pool.execute(
            """insert into encours_grading.looked as of_ledger values ($1, $2, $3)
               on conflict (ledger) do update set epoch = excluded.epoch, position = excluded.position
               where of_ledger.epoch <> excluded.epoch or of_ledger.position < excluded.position""",
            ledger,
            epoch,
            position,
        )
