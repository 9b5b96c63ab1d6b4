"""Reactions of a service to events, exactly once in effect.

A batch ends at such an event, and the read model waits there until the reaction is recorded as done. After a crash in
between the reaction is repeated; as its command ids are derived from the event, the repetition changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from encours.ledger.stored import StoredEvent
from encours.projection.read_model import Conn, Reactor


class Reactions:
    """Progress of the reactions of one model to one ledger."""

    def __init__(self, reactor: Reactor, ledger: str, model: str, epoch: int, position: int) -> None:
        self._reactor = reactor
        self._ledger, self._model = ledger, model
        self._epoch = epoch
        self.position = position
        """Last position without a pending reaction."""

    @classmethod
    async def load(
        cls,
        conn: Conn,
        reactor: Reactor,
        ledger: str,
        model: str,
        *,
        epoch: int,
        model_at: int | None,
        effects_from: int,
    ) -> Reactions:
        """Load the position of the last reaction.

        A reactor that is new to a model at position ``model_at`` begins after it; with a new model it begins after
        ``effects_from``. After a restore of the ledger (another epoch) it begins there too: earlier reactions are
        repeated with the same command ids, without effect.
        """
        row = await conn.fetchrow(
            "select epoch, position from encours.reaction where ledger = $1 and model = $2", ledger, model
        )
        if row is not None and row[0] == epoch:
            return cls(reactor, ledger, model, epoch, max(row[1], effects_from))
        position = effects_from if row is not None or model_at is None else max(model_at, effects_from)
        reactions = cls(reactor, ledger, model, epoch, position)
        await reactions._store(conn)
        return reactions

    def cut(self, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        """Return the events up to and including the first that needs a reaction."""
        for at, event in enumerate(events):
            if self.due(event):
                return events[: at + 1]
        return events

    def due(self, event: StoredEvent) -> bool:
        """Return true if the event still needs a reaction."""
        return event.position > self.position and event.type in self._reactor.types

    async def react(self, pool: asyncpg.Pool, event: StoredEvent) -> None:
        """React and record the reaction as done. Raises what the reactor raises."""
        await self._reactor.react(event.recorded())
        self.position = event.position
        async with pool.acquire() as conn:
            await self._store(conn)

    async def _store(self, conn: Conn) -> None:
        await conn.execute(
            """insert into encours.reaction (ledger, model, epoch, position) values ($1, $2, $3, $4)
               on conflict (ledger, model) do update
               set epoch = excluded.epoch, position = excluded.position, updated_at = now()""",
            self._ledger,
            self._model,
            self._epoch,
            self.position,
        )


async def begin_reactions(conn: Conn, ledger: str, model: str, epoch: int, position: int) -> None:
    """Begin the reactions to this epoch of the ledger after ``position``, unless they have begun."""
    await conn.execute(
        """insert into encours.reaction (ledger, model, epoch, position) values ($1, $2, $3, $4)
           on conflict (ledger, model) do update
           set epoch = excluded.epoch, position = excluded.position, updated_at = now()
           where reaction.epoch <> excluded.epoch""",
        ledger,
        model,
        epoch,
        position,
    )
