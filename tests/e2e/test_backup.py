"""The drill of `deploy/runbooks/restore.md`: a backup under load, and an installation from it on an empty machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from encours.embedded.layout import Layout
from encours.embedded.setup import TIME_ZONE
from encours.service.calendar import days_to_open
from encours.testing.forks import run_fork
from encours.testing.servers import private_layout
from encours.testing.system import System, running_on, running_system
from encours.testing.waiting import wait_until
from tests.chaos.load import Load
from tests.e2e.world import World

BUSY = "main"


@dataclass
class Drill:
    """An installation that was backed up while clients wrote to one ledger, and another stood still."""

    system: System
    load: Load
    backup: Path
    quiet: str
    """The ledger that stood still."""

    acknowledged: set[str]
    """Invoices that were acknowledged before the backup began."""


@pytest.fixture(scope="module")
def drill() -> Iterator[Drill]:
    with private_layout() as elsewhere, running_system(syncs=False) as system:
        world = World.make(system, day="2026-03-31")
        world.invoice(world.customer())
        system.wait_caught_up(world.ledger)
        load, folder = Load(system, BUSY, clients=3, pause_s=0.1), elsewhere.root / "backup"
        load.start()
        wait_until(lambda: len(load.payments) >= 10, "no payments")
        # Else the restored installation opens the day itself, by an event of its own; none is open before six.
        if days_to_open(None, datetime.now(ZoneInfo(TIME_ZONE))):
            wait_until(lambda: any("calendar.day_opened" in each for each in _events(system, BUSY)), "no day")
        before = set(load.invoices)
        system.encours("backup", str(folder))
        wait_until(lambda: len(load.invoices) > len(before) + 10, "no invoices after the backup")
        load.stop()
        system.wait_caught_up(BUSY)
        yield Drill(system, load, folder, world.ledger, before)


def _encours(layout: Layout, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_fork("encours", *arguments, env=os.environ | {"ENCOURS_VAR_DIR": str(layout.root)})


def _hashes(system: System, ledger: str) -> dict[str, Any]:
    return {
        model["name"]: (model["position"], model["content_hash"])
        for service in system.run.urls
        for model in system.read_models(service, ledger, hashes=True)
    }


def _events(system: System, ledger: str) -> list[str]:
    return system.encours("events", "tail", "--ledger", ledger, "--after", "0", "--json").stdout.splitlines()


def test_what_was_acknowledged_before_a_backup_comes_back_and_every_read_model_is_made_again(
    drill: Drill,
) -> None:
    with private_layout() as layout:
        began = time.monotonic()
        restored = _encours(layout, "restore", str(drill.backup), "--json")
        assert restored.returncode == 0, restored.stderr
        with running_on(layout, syncs=False) as system:
            for ledger in (BUSY, drill.quiet):
                system.wait_caught_up(ledger)
            print(f"recovered in {time.monotonic() - began:.1f} s")
            mine, theirs = _events(system, BUSY), _events(drill.system, BUSY)
            assert mine == theirs[: len(mine)]
            assert len(mine) < len(theirs)
            kept = "\n".join(mine)
            assert all(drill.load.invoices[reference]["id"] in kept for reference in drill.acknowledged)
            assert _hashes(system, drill.quiet) == _hashes(drill.system, drill.quiet)
            epochs = [
                {row["name"]: row["epoch"] for row in s.json("ledger", "list")}
                for s in (drill.system, system)
            ]
            assert all(epochs[1][name] > epochs[0][name] for name in (BUSY, drill.quiet))
            live = _hashes(system, BUSY)
            system.encours("rebuild", "all", "--ledger", BUSY)
            assert _hashes(system, BUSY) == live
            assert system.encours("verify", "all", check=False).returncode == 0
            assert system.encours("doctor", check=False).returncode == 0
        assert "holds an installation" in _refused(layout, 3, "restore", str(drill.backup))


def test_a_backup_is_checked_before_anything_is_made_of_it(drill: Drill) -> None:
    for name in ("postgres/global/pg_control", "files/secrets.json"):
        with private_layout() as layout:
            damaged = layout.root / "backup"
            shutil.copytree(drill.backup, damaged)
            with (damaged / name).open("r+b") as file:
                byte = file.read(1)
                file.seek(0)
                file.write(bytes([byte[0] ^ 1]))
            refused = _encours(layout, "restore", str(damaged))
            assert refused.returncode == 1
            assert "changed or damaged" in refused.stderr
            assert not layout.secrets_json.exists()
            assert _encours(layout, "backup", "--verify", str(damaged)).returncode == 1
    assert _encours(drill.system.layout, "backup", "--verify", str(drill.backup)).returncode == 0


def test_nothing_that_exists_is_overwritten(drill: Drill) -> None:
    assert "already runs" in _refused(drill.system.layout, 5, "restore", str(drill.backup))
    assert "exists" in _refused(drill.system.layout, 3, "backup", str(drill.backup))


def test_commands_in_a_copied_folder_leave_the_original_alone(drill: Drill) -> None:
    with private_layout() as layout:
        copy = Layout(layout.root / "copy")
        shutil.copytree(
            drill.system.layout.root, copy.root, symlinks=True, ignore=shutil.ignore_patterns("pg", "s")
        )
        assert "nothing runs" in _encours(copy, "down").stderr
        assert drill.system.run.alive
        assert drill.system.json("status")["processes"]


def _refused(layout: Layout, code: int, *arguments: str) -> str:
    done = _encours(layout, *arguments)
    assert done.returncode == code, done.stderr
    return done.stderr
