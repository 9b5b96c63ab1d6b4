"""The auditor's door: `docs/auditors.md` as printed, and `encours replay` against what the services answer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from encours.testing.system import System
from encours.testing.waiting import HANG_S
from tests.e2e.world import World

GUIDE = Path(__file__).parents[2] / "docs" / "auditors.md"


def _blocks(language: str) -> str:
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL))


def _run(system: System, folder: Path, *command: str, **environment: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        env=system.environment() | {"PATH": path} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_guide_works_as_printed(system: System, tmp_path: Path) -> None:
    _first_calls(system)
    url = system.encours("ledger", "address").stdout.strip()

    shown = _run(system, tmp_path, "bash", "-euo", "pipefail", "-c", _blocks("bash"))
    assert "Streams folded by the library and by the session" in shown
    manifest = json.loads(shown.splitlines()[-1])
    with zipfile.ZipFile(tmp_path / "events.zip") as archive:
        lines = archive.read("events.ndjson")
        assert json.loads(archive.read("manifest.json")) == {k: v for k, v in manifest.items() if k != "file"}
        assert hashlib.sha256(archive.read("schema.json")).hexdigest() == manifest["schema_sha256"]
    assert hashlib.sha256(lines).hexdigest() == manifest["events_sha256"]
    assert [json.loads(line)["position"] for line in lines.splitlines()] == [1, 2, 3]
    again = ("encours", "audit", "export", "main", "again.zip", "--from", "1", "--to", "3")
    _run(system, tmp_path, *again)
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "events.zip").read_bytes()
    first = json.loads(shown.splitlines()[0])
    assert first["position"] <= 3
    objects = [json.loads(line) for line in (tmp_path / "objects.ndjson").read_text().splitlines()]
    assert {"ent", "cus", "inv", "pay"} <= {each["stream"][:3] for each in objects}

    script = tmp_path / "audit.py"
    script.write_text(_blocks("python"), encoding="utf-8")
    said = _run(system, tmp_path, sys.executable, str(script), ENCOURS_LEDGER_URL=url).splitlines()
    assert [line.split()[0] for line in said[:5]] == ["1", "2", "3", "4", "5"]
    issued, paid = (line.split() for line in said[5:7])
    assert (issued[0], paid[0], issued[2]) == ("2", "3", paid[2])
    assert int(issued[3]) - int(paid[3]) == 20_000
    assert len(said) == 10

    rows = asyncio.run(_query(url, _blocks("sql")))
    assert [row["position"] for row in rows] == [1, 2, 3, 4, 5]


def _first_calls(system: System) -> None:
    """Make the first calls of the README."""
    world = World.make(system, "main")
    customer = world.customer()
    world.invoice(customer, "359.60")
    system.wait_caught_up("main")
    assert world.payment(customer, "200.00", world.today)["status"] == "allocated"


async def _query(url: str, sql: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        found: list[Any] = await connection.fetch(sql)
        return found
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def world(system: System) -> World:
    """An invoice of 120 euro, of which 20 are paid."""
    world = World.make(system)
    customer = world.customer()
    world.invoice(customer)
    system.wait_caught_up(world.ledger)
    world.payment(customer, "20.00", world.today)
    system.wait_caught_up(world.ledger)
    return world


def test_replay_gives_what_the_services_answer(system: System, world: World) -> None:
    (row,) = world.get("invoice", "/v1/invoices")["data"]
    invoice_id = row["id"]
    answer = world.get("invoice", f"/v1/invoices/{invoice_id}")
    ledger = ("--ledger", world.ledger)
    now = system.json("replay", "--to", world.today, "--stream", invoice_id, *ledger)
    assert (now["version"], now["as_of"]) == (answer["version"], world.today)
    assert now["state"]["number"] == answer["number"]
    assert now["state"]["applied"][0]["amount_minor"] == 2_000

    lines = system.encours("replay", "--to", str(now["position"]), *ledger).stdout.splitlines()
    found = {each["stream"]: each for each in map(json.loads, lines)}
    assert found[invoice_id]["state"] == now["state"]
    earlier = system.json("replay", "--to", str(now["position"] - 1), "--stream", invoice_id, *ledger)
    assert earlier["state"]["applied"] == []


def test_verify_folds_every_stream_both_ways(system: System, world: World) -> None:
    (row,) = system.json("verify", "streams", "--ledger", world.ledger)
    assert (row["equal"], row["differing"], row["events"]) == (True, 0, row["head"])
    url = system.encours("ledger", "address").stdout.strip()
    assert system.json("verify", "--ledger", world.ledger, "--database-url", url) == [row]
    everything = system.json("verify", "--ledger", world.ledger)
    assert everything[0] == row
    assert {each["service"] for each in everything} == {"ledger"} | {
        f"{name}-svc" for name in system.run.urls
    }
    assert all(each["equal"] for each in everything)


@pytest.mark.parametrize(
    ("arguments", "code", "advice"),
    [
        (("--to", "yesterday"), 2, "write a position such as 1200"),
        (("--to", "1000000"), 2, "has positions 1 to"),
        (("--to", "0"), 2, "has positions 1 to"),
        (("--to", "1", "--ledger", "nosuch"), 2, "encours ledger list"),
        (("--to", "1", "--stream", "inv_nobody"), 2, "check the id"),
        (("--to", "1", "--stream", "INVOICE"), 1, "its first event has position"),
        (("--to", "1990-01-01", "--stream", "INVOICE"), 1, "did not exist at 1990-01-01"),
        (("--to", "1", "--database-url", "ledger"), 2, "write postgresql://encours_auditor"),
        (("--to", "1", "--database-url", "postgresql://a:b@127.0.0.1:9/x"), 3, "cannot be used"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_replay_cannot_do_ends_with_one_line_and_its_code(
    system: System, world: World, arguments: tuple[str, ...], code: int, advice: str
) -> None:
    invoice = world.get("invoice", "/v1/invoices")["data"][0]["id"]
    ledger = () if "--ledger" in arguments else ("--ledger", world.ledger)
    words = (invoice if word == "INVOICE" else word for word in arguments)
    done = system.encours("replay", *words, *ledger, check=False)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert advice in done.stderr
