"""Set up what services need before they start: databases, roles, the two first ledgers and an administrator's key."""

from __future__ import annotations

import asyncpg

from encours.embedded.layout import Layout, write_private
from encours.http.access.keys import digest, key_id, new_key
from encours.ledger import Ledger
from encours.ledger.api_keys import insert_key
from encours.ledger.migrate import LEDGER_DATABASE, database_dsn, migrate
from encours.postgres.connection import connect

TIME_ZONE = "Europe/Paris"
DEFAULT_LEDGER = "demo"


async def prepare_databases(admin_url: str, roles: dict[str, str], layout: Layout) -> str | None:
    """Bring databases, ledgers `main` (live) and `demo` (sandbox) and the admin key to where they should be.

    Idempotent. Returns the admin key when it was made by this call, for showing it once.
    """
    await migrate(admin_url, roles)
    ledger_url = database_dsn(admin_url, LEDGER_DATABASE)
    ledger = await Ledger.open(ledger_url)
    try:
        await ledger.create_ledger("main", "live", TIME_ZONE)
        await ledger.create_ledger(DEFAULT_LEDGER, "sandbox", TIME_ZONE)
    finally:
        await ledger.close()
    connection = await connect(ledger_url, "encours setup")
    try:
        return await _admin_key(connection, layout)
    finally:
        await connection.close()


async def _admin_key(connection: asyncpg.Connection, layout: Layout) -> str | None:
    """The key in `var/admin-key` must open this database: one that it does not know gets its row again."""
    kept = layout.admin_key.read_text().strip() if layout.admin_key.exists() else ""
    identity = key_id(kept)
    made = None if identity else new_key()
    if made:
        identity, kept = made.id, made.token
    await insert_key(
        connection,
        identity or "",
        digest(kept),
        label="admin",
        scopes=["*"],
        entities=["*"],
        default_ledger=DEFAULT_LEDGER,
    )
    if made:
        write_private(layout.admin_key, kept + "\n")
    return kept if made else None
