"""The database itself keeps the ledger append-only and each service to its own types."""

from __future__ import annotations

from uuid import UUID

import asyncpg
import pytest

from encours.ledger.migrate import AUDITOR_ROLE, SERVICE_ROLES
from encours.testing.servers import Installation
from tests.integration.ledger.helpers import Books, event

SERVICES = ("invoice", "dunning", "risk", "reporting")
CHANGES = (
    "update ledger.{table} set ledger = ledger",
    "update ledger.{table} set ledger = 99 where false",
    "delete from ledger.{table}",
    "truncate ledger.{table}",
)


@pytest.mark.parametrize("table", ["event", "command"])
@pytest.mark.parametrize("change", CHANGES)
async def test_nobody_changes_what_is_recorded_not_even_a_superuser(
    books: Books, admin: asyncpg.Connection, table: str, change: str
) -> None:
    await books.append(books.command(event("inv_1")))
    for preparation in ("set role encours_owner", "reset role", "set session_replication_role = replica"):
        await admin.execute(preparation)
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await admin.execute(change.format(table=table))
    assert len(await books.rows()) == 1


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "statement",
    [
        "insert into ledger.command values (1, gen_random_uuid(), '', 1, 1, '')",
        "insert into ledger.type_family values (session_user, '*')",
        "update ledger.ledgers set epoch = 1",
        "update ledger.series set last_number = 1",
        "delete from ledger.api_key",
        "select ledger.set_clock(1::smallint, now())",
        "create table ledger.mine ()",
        "alter table ledger.event disable trigger append_only",
        "set role encours_owner",
    ],
)
async def test_a_service_role_reads_and_appends_and_can_do_nothing_else(
    module_installation: Installation, service: str, statement: str
) -> None:
    connection = await asyncpg.connect(module_installation.ledger_url(service))
    assert await connection.fetchval("select count(*) from ledger.event") >= 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
    await connection.close()


async def test_objects_of_the_caller_cannot_slip_into_the_append(
    books: Books, module_installation: Installation
) -> None:
    """SECURITY DEFINER with a fixed search_path: a caller's temporary objects are not found before the catalogue's."""
    connection = await asyncpg.connect(module_installation.ledger_url("invoice"))
    settings = await connection.fetchval(
        "select array_to_string(proconfig, ' ') from pg_proc where oid = 'ledger.append'::regproc"
    )
    await connection.close()
    assert "search_path=pg_catalog, pg_temp" in settings


async def test_the_owner_cannot_log_in(admin: asyncpg.Connection) -> None:
    rows = await admin.fetch(
        "select rolname, rolcanlogin, rolsuper from pg_roles where rolname like 'encours%'"
    )
    assert {row[0]: row[1:] for row in (tuple(row) for row in rows)} == {
        "encours_owner": (False, False),
        **dict.fromkeys((*SERVICE_ROLES, AUDITOR_ROLE), (True, False)),
    }


async def test_people_read_payloads_as_json(books: Books, admin: asyncpg.Connection) -> None:
    await books.append(books.command(event("inv_1", data=b'{"total_minor":120}')))
    row = await admin.fetchrow(
        "select data ->> 'total_minor' as total, command_id from ledger.event_readable where ledger_name = $1",
        books.name,
    )
    assert row is not None
    assert row["total"] == "120"
    assert isinstance(row["command_id"], UUID)
