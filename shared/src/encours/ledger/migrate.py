"""Databases, roles and the ledger's schema, from an empty server or from any earlier state.

Roles are made here and not in a migration because they belong to the server, not to one database.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from encours.ledger.migrations import LEDGER_MIGRATIONS
from encours.ledger.migrations.append_rights import store_append_rights
from encours.postgres.connection import connect
from encours.postgres.migrations import apply

OWNER = "encours_owner"
LEDGER_DATABASE = "encours_ledger"
SERVICE_ROLES = ("encours_invoice", "encours_dunning", "encours_risk", "encours_reporting")
AUDITOR_ROLE = "encours_auditor"
"""Role that can only read the ledger. It has no database of its own and no NATS user."""
_BOUNDS = {"idle_in_transaction_session_timeout": "10s", "lock_timeout": "10s", "statement_timeout": "120s"}
_LOCK = 0x656E636F_73657276  # 'encoserv'
_log = logging.getLogger(__name__)


def database_dsn(dsn: str, database: str, *, user: str | None = None, password: str | None = None) -> str:
    """Return the address of another database of the same server, and of another user if given."""
    parts = urlsplit(dsn)
    netloc = parts.netloc
    if user is not None:
        secret = "" if password is None else f":{_quoted(password)}"
        netloc = f"{_quoted(user)}{secret}@{netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))


async def migrate(admin_dsn: str, passwords: Mapping[str, str]) -> list[str]:
    """Bring a server to the state that this version needs; return the names of the applied ledger migrations.

    ``admin_dsn`` is a URL of a user who may create roles and databases; ``passwords`` maps each service role
    to its password and is set at every call. Without one for :data:`AUDITOR_ROLE` the auditor cannot log in, unless a
    password was set before. Idempotent, and safe when two processes do it at once.
    """
    if missing := set(SERVICE_ROLES) - set(passwords):
        raise ValueError(f"no password for {', '.join(sorted(missing))}")
    admin = await connect(admin_dsn, "encours migrate")
    try:
        await admin.execute("select pg_advisory_lock($1)", _LOCK)
        await _roles(admin, passwords)
        await _databases(admin)
        await _bound_transactions(admin)
        applied = await _ledger_schema(database_dsn(admin_dsn, LEDGER_DATABASE))
    finally:
        await admin.close()
    return applied


async def roles_of_others(admin_dsn: str, passwords: Mapping[str, str]) -> list[str]:
    """Return the roles of services that exist and do not open with ``passwords``: another installation uses them."""
    admin = await connect(admin_dsn, "encours migrate")
    try:
        known = await admin.fetch("select rolname from pg_roles where rolname = any($1)", list(SERVICE_ROLES))
    finally:
        await admin.close()
    others = []
    for (role,) in known:
        try:
            session = await connect(
                database_dsn(admin_dsn, LEDGER_DATABASE, user=role, password=passwords[role])
            )
        except asyncpg.InvalidAuthorizationSpecificationError:
            others.append(role)
        else:
            await session.close()
    return others


async def _roles(admin: asyncpg.Connection, passwords: Mapping[str, str]) -> None:
    known = {row[0] for row in await admin.fetch("select rolname from pg_roles")}
    if OWNER not in known:
        await admin.execute(f"create role {OWNER} nologin")
    await admin.execute(f"grant {OWNER} to current_user")
    for role in (*SERVICE_ROLES, AUDITOR_ROLE):
        if role not in known:
            await admin.execute(f"create role {role} login")
        if role in passwords:
            # ALTER ROLE takes no parameters: the server quotes.
            await admin.execute(
                await admin.fetchval(
                    "select format('alter role %I login password %L', $1::text, $2::text)",
                    role,
                    passwords[role],
                )
            )
        await admin.execute(f"grant {role} to current_user")
    # A second lock on the door: what it may do at all, the grants say.
    await admin.execute(f"alter role {AUDITOR_ROLE} set default_transaction_read_only = on")


async def _databases(admin: asyncpg.Connection) -> None:
    known = {row[0] for row in await admin.fetch("select datname from pg_database")}
    for name, owner in [(LEDGER_DATABASE, OWNER), *((role, role) for role in SERVICE_ROLES)]:
        if name not in known:
            # template0 and UTF8 whatever the server's own default is: payloads are UTF-8 bytes.
            await admin.execute(f"create database {name} owner {owner} template template0 encoding 'UTF8'")
        await admin.execute(f"revoke all on database {name} from public")
    for role in (*SERVICE_ROLES, AUDITOR_ROLE):
        await admin.execute(f"grant connect on database {LEDGER_DATABASE} to {role}")


async def _bound_transactions(admin: asyncpg.Connection) -> None:
    """Bound the transactions of services in the ledger's database. A session may set other bounds for itself."""
    for role in SERVICE_ROLES:
        for setting, value in _BOUNDS.items():
            await admin.execute(f"alter role {role} in database {LEDGER_DATABASE} set {setting} = '{value}'")


async def _guard_append_lock(connection: asyncpg.Connection) -> None:
    """Let `ledger.append` alone take the append lock, and its owner end whoever keeps it (`0012_lock_holders.sql`)."""
    try:
        await connection.execute(
            f"""do $$ declare f regprocedure; begin
                  for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace
                     and p.proname ~ '^pg_(try_)?advisory_(xact_)?lock' and p.pronargs = 2 loop
                    execute format('revoke execute on function %s from public', f);
                    execute format('grant execute on function %s to {OWNER}', f);
                  end loop; end $$"""
        )
        await connection.execute(f"grant pg_signal_backend, pg_read_all_stats to {OWNER}")
    except asyncpg.InsufficientPrivilegeError as missing:
        _log.warning("a service can keep the append lock, as only a superuser can prevent it: %s", missing)


async def _ledger_schema(dsn: str) -> list[str]:
    connection = await connect(dsn, "encours migrate")
    try:
        await _guard_append_lock(connection)
        await connection.execute(f"set role {OWNER}")
        if not await connection.fetchval("select has_schema_privilege('public', 'create')"):
            await connection.execute("reset role")
            await connection.execute(f"grant create, usage on schema public to {OWNER}")
            await connection.execute(f"set role {OWNER}")
        applied = await apply(connection, LEDGER_MIGRATIONS)
        await store_append_rights(connection)
        # The installing user may append any family: offline tools, loading an archive, the recorder's test
        # cases.
        await connection.execute(
            "insert into ledger.type_family (role, family) values (session_user, '*') on conflict do nothing"
        )
        return applied
    finally:
        await connection.close()


def _quoted(text: str) -> str:
    return quote(text, safe="")
