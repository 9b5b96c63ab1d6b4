"""Status of a service's workers and read models in its control schema, from which the API answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import asyncpg

STALE_STATE = "10 minutes"
STREAM_CHECK = "stream"
"""Name at `/readyz` of the check that fails while an alarm about forged messages is fresh."""
ALARM = "1 day"
"""An alarm is shown for so long after its last cause."""


class LedgerState(NamedTuple):
    """State of a ledger as one worker sees it."""

    service: str
    instance: str
    ledger: str
    epoch: int
    head: int
    tail: int
    relay: str
    source: str


class ModelPosition(NamedTuple):
    """Position of a read model in a ledger, and the number of its parked streams."""

    ledger: str
    model: str
    position: int
    parked: int


async def write_ledger_states(pool: asyncpg.Pool, states: Iterable[LedgerState]) -> None:
    """Write the states that a worker process sees."""
    await pool.executemany(
        """insert into encours.ledger_state (service, instance, ledger, epoch, head, tail, relay, source)
           values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict (service, instance, ledger) do update set epoch = excluded.epoch, head = excluded.head,
             tail = excluded.tail, relay = excluded.relay, source = excluded.source, updated_at = now()""",
        states,
    )


async def forget_stale_states(pool: asyncpg.Pool) -> None:
    """Delete the states of processes that have ended."""
    await pool.execute(
        f"delete from encours.ledger_state where updated_at < now() - interval '{STALE_STATE}'"
    )


async def model_positions(pool: asyncpg.Pool) -> list[ModelPosition]:
    """Return the position of every read model of the store in every ledger."""
    rows = await pool.fetch(
        """select c.ledger, c.model, c.position, count(p.stream)
             from encours.checkpoint c left join encours.parked p using (ledger, model)
            group by c.ledger, c.model, c.position"""
    )
    return [ModelPosition(*row) for row in rows]


async def note_forgeries(pool: asyncpg.Pool, ledger: str, messages: int, position: int) -> None:
    """Record that a ledger's stream held messages that are not its events."""
    await pool.execute(
        """insert into encours.forgery as f (ledger, messages, position) values ($1, $2, $3)
           on conflict (ledger) do update set messages = f.messages + excluded.messages,
             position = excluded.position, last_at = now()""",
        ledger,
        messages,
        position,
    )


async def recent_forgeries(pool: asyncpg.Pool) -> int:
    """Return how many messages the service's workers refused to believe, while the alarm is fresh."""
    count: int = await pool.fetchval(
        f"select coalesce(sum(messages), 0)::bigint from encours.forgery where last_at > now() - interval '{ALARM}'"
    )
    return count
