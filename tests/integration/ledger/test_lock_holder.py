"""The append lock in the hands of a service's role: bounded by default, ended when it is kept on purpose, and named."""

from __future__ import annotations

import asyncio
import contextlib
import time

import asyncpg
import pytest

from encours.cli import doctor
from encours.cli.doctor import database_findings
from encours.kernel.ids import uuid7
from encours.ledger import LedgerUnavailable
from encours.ledger.admin import lock_holders
from encours.ledger.appending.wire import APPEND_SQL, Prepared, arguments
from encours.ledger.migrate import SERVICE_ROLES
from encours.testing.servers import Installation
from tests.integration.ledger.helpers import Books, event


async def test_transactions_and_statements_of_services_are_bounded_in_the_ledgers_database(
    admin: asyncpg.Connection,
) -> None:
    rows = await admin.fetch(
        """select r.rolname, array_to_string(s.setconfig, ' ') from pg_db_role_setting s
             join pg_roles r on r.oid = s.setrole join pg_database d on d.oid = s.setdatabase
            where d.datname = 'encours_ledger' and r.rolname = any($1)""",
        SERVICE_ROLES,
    )
    assert {row[0] for row in rows} == set(SERVICE_ROLES)
    for _, settings in rows:
        assert "idle_in_transaction_session_timeout=10s" in settings
        assert "lock_timeout=10s" in settings
        assert "statement_timeout=120s" in settings


@pytest.mark.parametrize("take", ["pg_advisory_lock", "pg_try_advisory_xact_lock_shared"])
async def test_no_role_takes_the_lock_but_by_an_append(
    books: Books, module_installation: Installation, take: str
) -> None:
    for url in (module_installation.ledger_url("dunning"), module_installation.auditor_url()):
        connection = await asyncpg.connect(url)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"select {take}(1162756943, id) from ledger.ledgers")
        await connection.close()


async def test_whoever_holds_the_lock_on_purpose_is_named_and_ended_and_appends_go_on(
    books: Books,
    admin: asyncpg.Connection,
    module_installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    thief = await asyncpg.connect(
        module_installation.ledger_url("dunning"),
        server_settings={
            "idle_in_transaction_session_timeout": "0",
            "statement_timeout": "0",
            "application_name": "thief",
        },
    )
    began = time.monotonic()
    try:
        await thief.execute("begin")
        held = [
            Prepared(books.command(), (await books.ledger.info(books.name)).id, asyncio.get_running_loop())
        ]
        await thief.fetchrow(APPEND_SQL, *arguments(held[0].ledger_id, None, held))
        ((name, holder),) = [found for found in await lock_holders(admin) if found[0] == books.name]
        assert (name, holder["role"], holder["application"]) == (books.name, "encours_dunning", "thief")
        monkeypatch.setattr(doctor, "_HELD_LONG_S", 0.0)
        monkeypatch.setattr(doctor, "LOOK_AGAIN_S", 0.0)
        findings = {found.check: found for found in await database_findings(module_installation.admin_url())}
        assert "encours_dunning (thief" in findings[f"append lock of {books.name}"].detail
        stored = None
        while stored is None:
            with contextlib.suppress(LedgerUnavailable):
                stored = await books.append(books.command(event(f"inv_{uuid7().hex}")))
            assert time.monotonic() - began < 120
        assert thief.is_closed() or not await _answers(thief)
        assert all(found[0] != books.name for found in await lock_holders(admin))
    finally:
        thief.terminate()


async def _answers(connection: asyncpg.Connection) -> bool:
    try:
        await asyncio.wait_for(connection.fetchval("select 1"), 5)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        return False
    return True
