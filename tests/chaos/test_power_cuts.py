"""Power cuts from the first second of the first start on: it starts again by itself, and loses nothing acknowledged.

The installation lives on a file system of its own (an ext4 image on a loop device). The cut is ext4's own shutdown
without a flush of its journal: whatever was not synced is gone, as with the power. `CUTS=10` cuts more often.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from encours.embedded.layout import Layout
from encours.testing.forks import Fork
from encours.testing.system import System, running_on
from tests.e2e.world import World

CUTS = int(os.environ.get("CUTS", "3"))
LEDGER = "main"
_SHUTDOWN = (2 << 30) | (4 << 16) | (ord("X") << 8) | 125  # EXT4_IOC_SHUTDOWN: _IOR('X', 125, __u32)
_WITHOUT_FLUSH = 2
_TOOLS = ("mkfs.ext4", "mount", "umount", "losetup")

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, _TOOLS)) or not Path("/dev/loop-control").exists(),
    reason="needs root, ext4 and loop devices",
)


@dataclass
class Disk:
    """A file system in a file."""

    image: Path
    mounted: Path

    def mount(self) -> None:
        subprocess.run(("mount", "-o", "loop", self.image, self.mounted), check=True)

    def cut(self) -> None:
        """Lose what is not on the disk, and refuse everything from now on."""
        handle = os.open(self.mounted, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, _SHUTDOWN, struct.pack("I", _WITHOUT_FLUSH))
        finally:
            os.close(handle)

    def unmount(self) -> None:
        for _ in range(600):
            if subprocess.run(("umount", self.mounted), check=False, capture_output=True).returncode == 0:
                return
            time.sleep(0.05)
        raise TimeoutError(f"{self.mounted} stays in use")


@contextmanager
def own_disk() -> Iterator[Disk]:
    folder = Path(tempfile.mkdtemp(prefix="encours-cuts-"))
    folder.chmod(0o711)
    disk = Disk(folder / "image", folder / "disk")
    disk.mounted.mkdir()
    with disk.image.open("wb") as file:
        file.truncate(3 * 2**30)
    subprocess.run(("mkfs.ext4", "-q", disk.image), check=True)
    disk.mount()
    try:
        yield disk
    finally:
        disk.unmount()
        shutil.rmtree(folder)


@dataclass
class Clerk:
    """Issues invoices one after the other, and keeps those that were acknowledged."""

    world: World | None = None
    customer: str = ""
    acknowledged: dict[str, str] = field(default_factory=dict)

    def work(self, system: System, ended: threading.Event) -> None:
        if self.world is None:
            world = World.make(system, LEDGER)
            self.customer, self.world = world.customer(), world
        headers = {"Authorization": f"Bearer {system.key}", "Encours-Ledger": LEDGER}
        line = {"description": "Pneu", "quantity": "1", "unit_price": "100.00", "vat_rate": "20"}
        body = {"entity_id": self.world.entity, "customer_id": self.customer, "lines": [line], "issue": True}
        with httpx.Client(base_url=system.url("invoice"), headers=headers, timeout=10) as api:
            while not ended.is_set():
                answer = api.post("/v1/invoices", json=body)
                if answer.status_code == 201:
                    self.acknowledged[answer.json()["id"]] = answer.json()["number"]


def _end(process: Fork | subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(family, 60)
    process.wait()


def _cut_while_it_starts(disk: Disk, layout: Layout, after_s: float) -> None:
    process = subprocess.Popen(
        (sys.executable, "-m", "encours.testing.up", "up"),
        env=os.environ | {"ENCOURS_VAR_DIR": str(layout.root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after_s)
    disk.cut()
    _end(process)


def _cut_while_it_works(disk: Disk, layout: Layout, clerk: Clerk, after_s: float) -> None:
    ended = threading.Event()
    broken: list[Exception] = []

    def work(system: System) -> None:
        try:
            clerk.work(system, ended)
        except Exception as error:
            broken.append(error)

    layout.root.mkdir(exist_ok=True)  # a first start that was cut early leaves nothing
    with running_on(layout) as system:
        thread = threading.Thread(target=work, args=(system,))
        thread.start()
        time.sleep(after_s)
        assert not broken, broken
        disk.cut()
        ended.set()
        _end(system.supervisor)
        thread.join()


def _issued(system: System) -> list[dict[str, Any]]:
    lines = system.encours(
        "events", "tail", "--ledger", LEDGER, "--after", "0", "--type", "invoice.issued", "--json"
    )
    return [json.loads(line) for line in lines.stdout.splitlines()]


def test_what_was_acknowledged_outlasts_the_power(capsys: pytest.CaptureFixture[str]) -> None:
    chance, clerk = random.Random(), Clerk()
    with own_disk() as disk:
        layout = Layout(disk.mounted / "var")
        for cut in range(CUTS):
            early = cut % 2 == 0
            after_s = chance.uniform(0.2, 6.0)
            with capsys.disabled():
                print(
                    f"cut {cut}: {after_s:.1f} s after {'the start began' if early else 'it was ready'}",
                    flush=True,
                )
            if early:
                _cut_while_it_starts(disk, layout, after_s)
            else:
                _cut_while_it_works(disk, layout, clerk, after_s)
            disk.unmount()
            disk.mount()
        layout.root.mkdir(exist_ok=True)
        with running_on(layout) as system:
            found = {event["stream"]: event["data"]["number"] for event in _issued(system)}
            assert clerk.acknowledged.items() <= found.items()
            numbers = sorted(int(number.rpartition("-")[2]) for number in found.values())
            assert numbers == list(range(1, len(numbers) + 1))
            system.wait_caught_up(LEDGER)
            doctor = system.encours("doctor", check=False)
            assert doctor.returncode == 0, doctor.stdout
        print(f"{CUTS} cuts, {len(clerk.acknowledged)} invoices acknowledged, {len(found)} in the ledger")
