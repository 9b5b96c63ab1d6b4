"""The `encours` command against a running installation: what it prints, and the exit codes that scripts rely on."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from encours.embedded.access import local_admin_url
from encours.embedded.process import free_port
from encours.ledger.migrate import database_dsn
from encours.testing.system import System
from tests.e2e.world import World

ROLES = {"api", "worker"}


@pytest.fixture(scope="module")
def world(system: System) -> World:
    """A sandbox with one issued invoice."""
    world = World.make(system, day="2026-03-31")
    world.invoice(world.customer())
    system.wait_caught_up(world.ledger)
    return world


def _models(system: System, ledger: str) -> dict[tuple[str, str], dict[str, Any]]:
    rows = system.json("status", "--ledger", ledger)["read_models"]
    return {(row["service"], row["model"]): row for row in rows}


def test_status_lists_every_process_and_every_read_model(system: System, world: World) -> None:
    found = system.json("status")
    running = {(row["service"], row["role"]) for row in found["processes"]}
    services = {f"{name}-svc" for name in ("invoice", "dunning", "risk", "reporting")}
    assert running == {(s, r) for s in services for r in ROLES} | {
        (None, r) for r in ("postgres", "nats", "mailbox", "gateway")
    }
    assert all(row["pid"] and row["state"] == "ready" for row in found["processes"])
    mine = [row for row in found["read_models"] if row["ledger"] == world.ledger]
    assert {row["service"] for row in mine} == services
    assert all(row["lag"] == 0 and row["position"] == row["head"] > 0 and row["content_hash"] for row in mine)


def test_a_second_up_says_so_and_leaves_the_first_alone(system: System) -> None:
    before = system.run.pid
    second = system.encours("up", check=False)
    assert second.returncode == 5
    assert str(before) in second.stderr
    assert system.run.pid == before


def test_a_key_opens_what_its_scopes_say_until_it_is_revoked(system: System, world: World) -> None:
    made = system.json(
        "keys", "create", "--scope", "invoices:read", "--label", "reader", "--ledger", world.ledger
    )
    headers = {"Authorization": f"Bearer {made['key']}"}
    invoices = f"{system.url('invoice')}/v1/invoices"
    assert len(httpx.get(invoices, headers=headers).json()["data"]) == 1
    assert httpx.post(f"{system.url('invoice')}/v1/entities", headers=headers, json={}).status_code == 403
    assert made["key"] not in system.encours("keys", "list", "--json").stdout
    system.encours("keys", "revoke", made["id"])
    listed = {row["id"]: row for row in system.json("keys", "list")}
    assert listed[made["id"]]["revoked_at"]


def test_doctor_finds_a_running_installation_sound(system: System, world: World) -> None:
    findings = {row["check"]: row for row in system.json("doctor")}
    assert findings["durability"]["ok"]
    assert world.ledger in findings["self-check"]["detail"]


def test_rebuild_gives_the_live_hash_and_verify_finds_a_row_changed_by_hand(
    system: System, world: World
) -> None:
    before = _models(system, world.ledger)
    rebuilt = system.json("rebuild", "all", "--ledger", world.ledger)
    assert {(row["service"], row["model"]) for row in rebuilt} == set(before)
    for row in rebuilt:
        assert row["equal"] is True
        assert row["old_hash"] == row["new_hash"] == before[row["service"], row["model"]]["content_hash"]

    _change_an_open_item(system, world.ledger)
    checked = system.encours("verify", "invoice", "--ledger", world.ledger, "--json", check=False)
    assert checked.returncode == 1
    assert [row["equal"] for row in json.loads(checked.stdout)].count(False) == 1
    assert system.encours("rebuild", "invoice", "--ledger", world.ledger, check=False).returncode == 1
    assert all(row["equal"] for row in system.json("verify", "invoice", "--ledger", world.ledger))


def _change_an_open_item(system: System, ledger: str) -> None:
    url = local_admin_url(system.layout, system.run)
    assert url is not None

    async def change() -> None:
        connection = await asyncpg.connect(database_dsn(url, "encours_invoice"))
        try:
            table = await connection.fetchval(
                "select format('%I.%I', c.table_schema, c.table_name) from information_schema.columns c "
                "where c.column_name = 'due_on' and c.table_schema like '%' || $1 || '%' order by 1 limit 1",
                ledger,
            )
            assert await connection.execute(f"update {table} set due_on = due_on + 1") != "UPDATE 0"
        finally:
            await connection.close()

    asyncio.run(change())


def test_a_ledger_is_created_once_keeps_its_kind_and_its_clock_reaches_the_day(
    system: System, world: World
) -> None:
    name = f"{world.ledger}-new"
    made = system.json("ledger", "create", name, "--kind", "sandbox")
    assert (made["name"], made["kind"]) == (name, "sandbox")
    assert system.json("ledger", "create", name, "--kind", "sandbox") == made
    assert system.encours("ledger", "create", name, check=False).returncode == 1
    assert system.json("clock", "advance", name, "--to", "2026-03-31")["today"] == "2026-03-31"


def test_an_exported_ledger_loads_elsewhere_with_every_hash(
    system: System, world: World, tmp_path: Path
) -> None:
    archive = tmp_path / "ledger.ndjson.gz"
    events = system.json("ledger", "export", world.ledger, str(archive))["events"]
    copy = f"{world.ledger}-copy"
    assert system.json("ledger", "load", str(archive), "--as", copy)["events"] == events
    system.wait_caught_up(copy)
    original, loaded = _models(system, world.ledger), _models(system, copy)
    assert {key: row["content_hash"] for key, row in loaded.items()} == {
        key: row["content_hash"] for key, row in original.items()
    }
    damaged = tmp_path / "damaged.gz"
    damaged.write_bytes(archive.read_bytes()[:-20])
    assert system.encours("ledger", "load", str(damaged), "--as", "damaged", check=False).returncode == 1


def test_events_tail_shows_the_last_events_and_filters(system: System, world: World) -> None:
    lines = system.encours(
        "events", "tail", "--ledger", world.ledger, "--json", "-n", "2"
    ).stdout.splitlines()
    last = [json.loads(line) for line in lines]
    assert len(last) == 2
    assert last[0]["position"] + 1 == last[1]["position"]
    issued = system.encours(
        "events", "tail", "--ledger", world.ledger, "--json", "--type", "invoice.issued"
    ).stdout
    assert [json.loads(line)["type"] for line in issued.splitlines()] == ["invoice.issued"]


def test_exit_codes_tell_usage_from_absence_from_refusal(system: System, tmp_path: Path) -> None:
    assert system.encours("rebuild", "nobody", check=False).returncode == 2
    refused = system.encours("clock", "advance", "main", "--to", "2030-01-01", check=False)
    assert refused.returncode == 4
    elsewhere = os.environ | {
        "ENCOURS_VAR_DIR": str(tmp_path),
        "ENCOURS_API_KEY": system.key,
        **{f"ENCOURS_URL_{name.upper()}": f"http://127.0.0.1:{free_port()}" for name in system.run.urls},
    }
    command = (sys.executable, "-m", "encours.cli")
    away = subprocess.run((*command, "status"), env=elsewhere, capture_output=True, text=True, check=False)
    assert away.returncode == 3
    assert "does not answer" in away.stderr
    unknown = elsewhere | {"ENCOURS_URL_INVOICES": "http://127.0.0.1"}
    wrong = subprocess.run((*command, "status"), env=unknown, capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "ENCOURS_URL_INVOICES" in wrong.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("ledger", "create", "Bad Name"),
        ("ledger", "create", "UP"),
        ("ledger", "create", ""),
        ("ledger", "create", "mars", "--time-zone", "Mars/Phobos"),
        ("ledger", "create", "paris", "--time-zone", "europe/paris"),
        ("ledger", "load", "ARCHIVE", "--as", "Bad Name"),
        ("ledger", "export", "nosuch", "nosuch.gz"),
        ("ledger", "new-epoch", "nosuch"),
        ("import", "ARCHIVE", "--ledger", "Bad Name"),
        ("verify", "invoice", "--ledger", "nosuch"),
        ("rebuild", "all", "--ledger", "nosuch"),
        ("verify", "dunning", "nomodel"),
        ("keys", "create", "--scope", "invoices:read", "--label", "reader", "--ledger", "nosuch"),
        ("keys", "revoke", "nosuch"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_ends_with_one_line_and_code_2(
    system: System, world: World, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    archive = tmp_path / "ARCHIVE"
    if "ARCHIVE" in arguments:
        system.encours("ledger", "export", world.ledger, str(archive))
    done = system.encours(*(str(archive) if word == "ARCHIVE" else word for word in arguments), check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_another_host_is_reached_by_address_and_key_alone(
    system: System, world: World, tmp_path: Path
) -> None:
    there = {f"ENCOURS_URL_{name.upper()}": url for name, url in system.run.urls.items()}
    environment = os.environ | there | {"ENCOURS_VAR_DIR": str(tmp_path), "ENCOURS_API_KEY": system.key}
    done = subprocess.run(
        (sys.executable, "-m", "encours.cli", "status", "--ledger", world.ledger, "--json"),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {row["ledger"] for row in json.loads(done.stdout)["read_models"]} == {world.ledger}
