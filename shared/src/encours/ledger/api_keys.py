"""Table of API keys in the ledger's database. Only the hash of a key is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Conn = asyncpg.Connection | PoolConnectionProxy | asyncpg.Pool
SHOWN = (
    "id",
    "label",
    "scopes",
    "entities",
    "default_ledger",
    "created_at",
    "expires_at",
    "revoked_at",
)
"""Columns of a list of keys."""


async def read_key(conn: Conn, identity: str) -> asyncpg.Record | None:
    """Return the row of a key by its public part."""
    return await conn.fetchrow(
        "select id, sha256, label, scopes, entities, default_ledger, expires_at, revoked_at"
        " from ledger.api_key where id = $1",
        identity,
    )


async def list_keys(conn: Conn) -> list[dict[str, Any]]:
    """Return the columns :data:`SHOWN` of all keys, oldest first."""
    rows = await conn.fetch(f"select {', '.join(SHOWN)} from ledger.api_key order by created_at")
    return [dict(row) for row in rows]


async def insert_key(
    conn: Conn,
    identity: str,
    sha256: bytes,
    *,
    label: str,
    scopes: Sequence[str],
    entities: Sequence[str],
    default_ledger: str,
) -> None:
    """Store a key by its hash. A key that is stored already is not changed, even if it is revoked."""
    await conn.execute(
        "insert into ledger.api_key (id, sha256, label, scopes, entities, default_ledger) "
        "values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing",
        *(identity, sha256, label, list(scopes), list(entities), default_ledger),
    )


async def revoke_key(conn: Conn, identity: str) -> bool:
    """Revoke a key; return false if it does not exist. A revoked key keeps the time of its revocation."""
    done = await conn.execute(
        "update ledger.api_key set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = $1",
        identity,
    )
    return done != "UPDATE 0"


async def unknown_entities(conn: Conn, entities: Sequence[str]) -> list[str]:
    """Return those of the legal entities that no ledger has an event of."""
    known = await conn.fetch(
        "select distinct e.stream from ledger.ledgers l join ledger.event e on e.ledger = l.id and e.stream = any($1)",
        list(entities),
    )
    return sorted(set(entities) - {row["stream"] for row in known})


async def has_ledger(conn: Conn, name: str) -> bool:
    """Return true if a key may have this ledger as its default."""
    return bool(await conn.fetchval("select true from ledger.ledgers where name = $1", name))
