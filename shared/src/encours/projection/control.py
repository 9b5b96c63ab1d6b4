"""Control schema of a service's database: position of each read model, parked streams, reactions, hashes.

Its content can be deleted with the read models: a model without a checkpoint is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import asyncpg

from encours.postgres.connection import STORE_SETTINGS as STORE_SETTINGS
from encours.projection.read_model import Conn

CHANNEL = "encours_checkpoint"
"""Channel of the notifications ``<ledger> <model> <position>``, one for each checkpoint that is committed."""

REBUILDING, STOPPED, REACTING = "rebuilding", "stopped", "reacting"

_DDL = """
create schema if not exists encours;
create table if not exists encours.checkpoint (
  ledger text not null, model text not null, service text not null,
  model_version int not null, epoch bigint not null, position bigint not null,
  state text not null, reason text, generation int not null default 1, updated_at timestamptz not null default now(),
  primary key (ledger, model)
) with (fillfactor = 20);
create table if not exists encours.parked (
  ledger text not null, model text not null, stream text not null,
  position bigint not null, type text not null, reason text not null,
  later bigint not null default 0, since timestamptz not null default now(),
  primary key (ledger, model, stream)
);
create table if not exists encours.reaction (
  ledger text not null, model text not null, epoch bigint not null, position bigint not null,
  updated_at timestamptz not null default now(),
  primary key (ledger, model)
);
create table if not exists encours.content_hash (
  ledger text not null, model text not null, epoch bigint not null, position bigint not null,
  table_version text not null, hash text not null, computed_at timestamptz not null default now(),
  primary key (ledger, model)
);
create table if not exists encours.forgery (
  ledger text primary key, messages bigint not null, position bigint not null,
  first_at timestamptz not null default now(), last_at timestamptz not null default now()
);
create table if not exists encours.ledger_state (
  service text not null, instance text not null, ledger text not null,
  epoch bigint not null, head bigint not null, tail bigint not null, relay text not null, source text not null,
  updated_at timestamptz not null default now(),
  primary key (service, instance, ledger)
) with (fillfactor = 20);
"""
_DDL_LOCK = 0x656E636F_75727301


async def ensure_control(pool: asyncpg.Pool) -> None:
    """Create the control schema if it is missing. Idempotent, and safe when two processes do it at once."""
    async with pool.acquire() as conn:
        await install_control(conn)


async def install_control(conn: Conn) -> None:
    """Create the control schema as :func:`ensure_control` does, on a given connection."""
    # Not inside a transaction: the process that waited for the lock must see what the other one has created.
    await conn.execute("select pg_advisory_lock($1)", _DDL_LOCK)
    try:
        await conn.execute("set client_min_messages = warning")
        await conn.execute(_DDL)
    finally:
        await conn.execute("reset client_min_messages")
        await conn.execute("select pg_advisory_unlock($1)", _DDL_LOCK)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Position of a model, with its version and the ledger's epoch.

    ``generation`` counts its builds: rows in the memory of a projector belong to one of them.
    """

    position: int
    epoch: int
    model_version: int
    state: str
    reason: str | None
    generation: int


_COLUMNS = "position, epoch, model_version, state, reason, generation"


async def load_checkpoint(conn: Conn, ledger: str, model: str, *, lock: bool = False) -> Checkpoint | None:
    """Return the checkpoint, or None if the model was never built. ``lock``: lock its row."""
    row = await conn.fetchrow(
        f"select {_COLUMNS} from encours.checkpoint where ledger = $1 and model = $2{' for update' if lock else ''}",
        ledger,
        model,
    )
    return None if row is None else Checkpoint(*row)


async def positions(conn: Conn | asyncpg.Pool) -> dict[tuple[str, str], int]:
    """Return the position of every read model of the store, by ledger and model."""
    rows = await conn.fetch("select ledger, model, position from encours.checkpoint")
    return {(row[0], row[1]): row[2] for row in rows}


async def store_checkpoint(
    conn: Conn, ledger: str, model: str, service: str, *, version: int, epoch: int, position: int
) -> None:
    """Set a checkpoint at the end of a build, whatever it was."""
    await conn.execute(
        f"""insert into encours.checkpoint (ledger, model, service, model_version, epoch, position, state)
           values ($1, $2, $3, $4, $5, $6, 'following')
           on conflict (ledger, model) do update set service = excluded.service,
             model_version = excluded.model_version, epoch = excluded.epoch, position = excluded.position,
             state = 'following', reason = null, generation = checkpoint.generation + 1, updated_at = now()
           returning pg_notify('{CHANNEL}', concat_ws(' ', ledger, model, position))""",
        ledger,
        model,
        service,
        version,
        epoch,
        position,
    )


async def move_checkpoint(
    conn: Conn | asyncpg.Pool,
    ledger: str,
    model: str,
    *,
    old: int,
    epoch: int,
    new: int,
    generation: int | None = None,
) -> bool:
    """Move a checkpoint from ``old`` to ``new``; return false if another instance has moved it, or built the model
    again since ``generation``."""
    moved: Any = await conn.fetchval(
        f"""update encours.checkpoint set position = $5, state = 'following', reason = null, updated_at = now()
           where ledger = $1 and model = $2 and position = $3 and epoch = $4 and generation = coalesce($6, generation)
           returning 1, pg_notify('{CHANNEL}', concat_ws(' ', ledger, model, position))""",
        ledger,
        model,
        old,
        epoch,
        new,
        generation,
    )
    return moved is not None


async def note_state(pool: asyncpg.Pool, ledger: str, model: str, state: str, reason: str | None) -> None:
    """Store a state and its reason, unless both are stored already."""
    await pool.execute(
        """update encours.checkpoint set state = $3, reason = $4, updated_at = now()
           where ledger = $1 and model = $2 and (state, reason) is distinct from ($3, $4)""",
        ledger,
        model,
        state,
        reason,
    )
