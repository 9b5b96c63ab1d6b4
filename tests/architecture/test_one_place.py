"""Code that stands in one place: connections, locks between processes, the name of a ledger, of a class."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from encours.kernel.ids import LEDGER_NAME
from encours.ledger.migrations import LEDGER_MIGRATIONS
from tests.architecture.sources import modules, nodes


def holding(pattern: str) -> Iterator[str]:
    """Source files that match, by their path in a package."""
    for name, path in modules():
        if re.search(pattern, path.read_text(encoding="utf-8")):
            yield name


def test_connections_and_pools_to_postgresql_are_opened_in_one_place() -> None:
    assert list(holding(r"asyncpg\.(connect|create_pool)\(")) == ["encours/postgres/connection.py"]


def test_errors_of_a_server_that_is_away_are_listed_in_one_place() -> None:
    listed = r"asyncpg\.PostgresError,\s*asyncpg\.InterfaceError"
    assert list(holding(listed)) == ["encours/postgres/connection.py"]


def test_connections_to_nats_are_opened_in_one_place() -> None:
    assert list(holding(r"nats\.connect\(|EventClient\(\)")) == ["encours/transport/client.py"]


def test_processes_share_work_by_leases() -> None:
    assert list(holding(r"pg_try_advisory_lock")) == ["encours/postgres/leases.py"]


def test_the_database_checks_the_names_of_ledgers_as_the_program_does() -> None:
    assert sorted(holding(re.escape(LEDGER_NAME))) == ["encours/kernel/ids.py"]
    tables = (LEDGER_MIGRATIONS / "0001_tables.sql").read_text(encoding="utf-8")
    assert f"check (name ~ '^{LEDGER_NAME}$')" in tables


def test_the_name_of_a_class_is_used_once() -> None:
    """In all packages together: who searches for a name finds one definition."""
    places: dict[str, list[str]] = {}
    for name, path in modules():
        for node in nodes(path):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(name)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
