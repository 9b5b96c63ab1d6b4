"""From nothing or from any earlier state to what this version needs, however many processes start at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from encours.embedded.secrets import AUDITOR, ROLES
from encours.ledger.migrate import AUDITOR_ROLE, SERVICE_ROLES, database_dsn, migrate
from encours.postgres.migrations import MigrationChanged, apply, pending
from encours.testing.servers import Cluster, Installation


async def test_migrating_again_and_at_once_changes_nothing(cluster: Cluster) -> None:
    dsn, passwords = cluster.postgres.dsn(), cluster.secrets.roles
    assert await asyncio.gather(*[migrate(dsn, passwords) for _ in range(4)]) == [[]] * 4


async def test_a_role_without_a_password_is_an_error(cluster: Cluster) -> None:
    with pytest.raises(ValueError, match="encours_risk"):
        await migrate(
            cluster.postgres.dsn(), {k: v for k, v in cluster.secrets.roles.items() if k != "encours_risk"}
        )


async def test_files_are_applied_once_in_order_and_never_changed(
    module_installation: Installation, tmp_path: Path
) -> None:
    connections = [await asyncpg.connect(module_installation.store_url("risk")) for _ in range(3)]
    (tmp_path / "0002_b.sql").write_text("alter table a add column two int")
    (tmp_path / "0001_a.sql").write_text("create table a (one int)")
    assert await pending(connections[0], tmp_path) == ["0001_a.sql", "0002_b.sql"]
    applied = await asyncio.gather(*[apply(connection, tmp_path) for connection in connections])
    assert sorted(applied) == [[], [], ["0001_a.sql", "0002_b.sql"]]
    assert await pending(connections[0], tmp_path) == []

    (tmp_path / "0003_c.sql").write_text("alter table a add column three int; select 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await apply(connections[0], tmp_path)
    columns = await connections[0].fetchval(
        "select count(*) from information_schema.columns where table_name = 'a'"
    )
    assert columns == 2

    (tmp_path / "0001_a.sql").write_text("create table a (one bigint)")
    with pytest.raises(MigrationChanged):
        await apply(connections[0], tmp_path)
    for connection in connections:
        await connection.close()


def test_roles_have_the_same_names_where_passwords_are_made() -> None:
    assert (SERVICE_ROLES, AUDITOR_ROLE) == (ROLES, AUDITOR)


def test_addresses_of_other_databases_and_users() -> None:
    socket = "postgresql://postgres:s%2Fecret@/postgres?host=%2Fvar%2Frun&port=54320"
    assert database_dsn(socket, "encours_ledger") == (
        "postgresql://postgres:s%2Fecret@/encours_ledger?host=%2Fvar%2Frun&port=54320"
    )
    assert database_dsn("postgresql://admin@db:5432/postgres", "x", user="u", password="p@ss") == (
        "postgresql://u:p%40ss@db:5432/x"
    )
