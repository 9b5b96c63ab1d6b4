"""Plain SQL files, applied once each, in the order of their names, forward only.

A service uses the same runner for its own database: ``await apply(connection, Path(__file__).parent)``.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import asyncpg

_LOCK = 0x656E636F_6D696772  # 'encomigr'; advisory locks are per database


class MigrationChanged(Exception):
    """An applied file was changed: write a new file instead."""


async def apply(connection: asyncpg.Connection, folder: Path) -> list[str]:
    """Apply the missing files to the connected database; return their names, in order.

    Idempotent, and safe when several processes start at once: one applies the files, the others wait for it. Each file
    is one transaction. Raises :class:`MigrationChanged`.
    """
    files = sorted(folder.glob("*.sql"))
    applied: list[str] = []
    await connection.execute("select pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute(
            """create table if not exists public.schema_migration (
                 name text primary key, sha256 bytea not null, applied_at timestamptz not null default
                 now())"""
        )
        rows = await connection.fetch("select name, sha256 from public.schema_migration")
        known: dict[str, bytes] = {row["name"]: row["sha256"] for row in rows}
        for file in files:
            text = file.read_text(encoding="utf-8")
            digest = hashlib.sha256(text.encode()).digest()
            if file.name not in known:
                async with connection.transaction():
                    await connection.execute(text)
                    await connection.execute(
                        "insert into public.schema_migration (name, sha256) values ($1, $2)",
                        file.name,
                        digest,
                    )
                applied.append(file.name)
            elif known[file.name] != digest:
                raise MigrationChanged(
                    f"{file} was changed after it had been applied to this database: "
                    "restore it and add a new file"
                )
    finally:
        await connection.execute("select pg_advisory_unlock($1)", _LOCK)
    return applied


async def pending(connection: asyncpg.Connection, folder: Path) -> list[str]:
    """Return the names of the files that this database lacks, without applying them."""
    names = [file.name for file in sorted(folder.glob("*.sql"))]
    if await connection.fetchval("select to_regclass('public.schema_migration')") is None:
        return names
    known = {row[0] for row in await connection.fetch("select name from public.schema_migration")}
    return [name for name in names if name not in known]
