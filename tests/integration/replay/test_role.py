"""The role `encours_auditor` reads the ledger, and the database refuses everything else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from encours.embedded.secrets import SERVICES
from encours.kernel.ids import uuid7
from encours.ledger import Append, FamilyRefused, Ledger
from encours.ledger.migrate import AUDITOR_ROLE, migrate
from encours.testing.servers import Cluster, Installation
from tests.integration.ledger.helpers import event

READABLE = {
    "ledgers",
    "event",
    "command",
    "series",
    "sandbox",
    "type_family",
    "payload_form",
    "event_readable",
}


@pytest.fixture
async def auditor(module_installation: Installation) -> AsyncIterator[asyncpg.Connection]:
    """Without the read-only default, which anybody can switch off: the grants alone must hold."""
    connection = await asyncpg.connect(
        module_installation.auditor_url(), server_settings={"default_transaction_read_only": "off"}
    )
    yield connection
    await connection.close()


async def test_it_reads_the_ledger_and_nothing_else_of_its_database(auditor: asyncpg.Connection) -> None:
    rows = await auditor.fetch(
        """select c.relname, has_table_privilege(c.oid, 'select') as readable,
                  has_table_privilege(c.oid, 'insert,update,delete,truncate,references,trigger') as writable
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'ledger' and c.relkind in ('r', 'v', 'S', 'm', 'p')"""
    )
    assert {row["relname"] for row in rows if row["readable"]} == READABLE
    assert not [row["relname"] for row in rows if row["writable"]]
    for name in READABLE:
        await auditor.fetch(f"select * from ledger.{name}")


async def test_it_may_call_no_function_of_the_ledger(auditor: asyncpg.Connection) -> None:
    rows = await auditor.fetch(
        """select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'ledger' and has_function_privilege(p.oid, 'execute')"""
    )
    assert not rows


@pytest.mark.parametrize(
    "statement",
    [
        "insert into ledger.command values (1, gen_random_uuid(), '', 1, 1, '')",
        "insert into ledger.event (position) values (1)",
        "update ledger.event set actor = 'nobody'",
        "update ledger.ledgers set epoch = 1",
        "update ledger.series set last_number = 1",
        "delete from ledger.event",
        "truncate ledger.event",
        "insert into ledger.type_family values (session_user, '*')",
        "select * from ledger.api_key",
        "select ledger.create_ledger('mine', 'live', 'UTC', null)",
        "select nextval('ledger.ledgers_id_seq')",
        "create table ledger.mine (one int)",
        "create table public.mine (one int)",
        "create schema mine",
        "set role encours_owner",
        "set role encours_invoice",
        "do $$ begin lock table ledger.event in share mode; end $$",
    ],
)
async def test_every_change_is_refused(auditor: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await auditor.execute(statement)


async def test_the_append_function_is_refused(module_installation: Installation) -> None:
    services = await Ledger.open(module_installation.ledger_url("invoice"), readers=1)
    await services.create_ledger("closed", "live", "UTC")
    await services.close()
    ledger = await Ledger.open(module_installation.auditor_url(), readers=1)
    try:
        append = Append(
            ledger="closed", command_id=uuid7(), fingerprint=b"", events=(event("inv_1"),), actor="auditor"
        )
        with pytest.raises(FamilyRefused, match="permission denied for function append"):
            await ledger.append(append)
        assert (await ledger.head("closed")).position == 0
    finally:
        await ledger.close()


async def test_it_reads_only_by_default_too_and_makes_no_temporary_table(cluster: Cluster) -> None:
    address = cluster.postgres.dsn(
        "encours_ledger", user=AUDITOR_ROLE, password=cluster.secrets.roles[AUDITOR_ROLE]
    )
    connection = await asyncpg.connect(address)
    assert await connection.fetchval("show default_transaction_read_only") == "on"
    await connection.execute("set default_transaction_read_only = off")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("create temp table mine (one int)")
    await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_no_database_of_a_service_lets_it_in(cluster: Cluster, service: str) -> None:
    address = cluster.postgres.dsn(
        f"encours_{service}", user=AUDITOR_ROLE, password=cluster.secrets.roles[AUDITOR_ROLE]
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="denied for database"):
        await asyncpg.connect(address)


async def test_an_installation_of_before_gets_it_and_without_a_password_nobody_logs_in(
    own_cluster: Cluster,
) -> None:
    admin = await asyncpg.connect(own_cluster.postgres.dsn("encours_ledger"))
    await admin.execute(f"drop owned by {AUDITOR_ROLE}; drop role {AUDITOR_ROLE}")
    await admin.execute("delete from public.schema_migration where name = '0006_auditor.sql'")
    passwords = dict(own_cluster.secrets.roles)
    secret = passwords.pop(AUDITOR_ROLE)
    assert await migrate(own_cluster.postgres.dsn(), passwords) == ["0006_auditor.sql"]
    address = own_cluster.postgres.dsn("encours_ledger", user=AUDITOR_ROLE, password=secret)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(address)
    await migrate(own_cluster.postgres.dsn(), passwords | {AUDITOR_ROLE: secret})
    connection = await asyncpg.connect(address)
    assert await connection.fetchval("select count(*) from ledger.event") == 0
    await connection.close()
    await admin.close()
