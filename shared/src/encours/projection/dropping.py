"""Deletion of all that a service keeps of a ledger: for a sandbox that was dropped."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg

from encours.projection.schemas import schema_of, shadow_of

_KEYED = """select format('%I.%I', n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'ledger' and a.atttypid = 'text'::regtype
 where c.relkind = 'r' and pg_has_role(c.relowner, 'usage') and n.nspname !~ '^pg_' order by 1"""


async def forget_ledger(pool: asyncpg.Pool, ledger: str, models: Iterable[str]) -> None:
    """Delete the read models of a ledger, and its rows in every table of the database that has a column ``ledger``.

    In one transaction. Idempotent. Nothing may follow the ledger any more.
    """
    async with pool.acquire() as conn, conn.transaction():
        for model in models:
            for schema in (schema_of(model, ledger), shadow_of(model, ledger)):
                await conn.execute(f"drop schema if exists {schema} cascade")
        for (table,) in await conn.fetch(_KEYED):
            await conn.execute(f"delete from {table} where ledger = $1", ledger)
