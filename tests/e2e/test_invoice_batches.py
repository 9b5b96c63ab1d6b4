"""A batch in date order is numbered in its order, however busy the machine is.

``DEEP=1``: 20 batches of 1,000 items beside six busy loops.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta

import pytest

from encours.testing.system import System
from encours.testing.waiting import HANG_S
from tests.e2e.world import ENTITY, World

DEEP = os.environ.get("DEEP") == "1"
BATCHES, ITEMS, LOOPS = (20, 1_000, 6) if DEEP else (3, 300, 2)
FIRST_DAY = date(2026, 1, 1)


@pytest.fixture(scope="module")
def world(system: System) -> World:
    """A sandbox that stands at the end of October 2026."""
    return World.make(system, day="2026-10-31")


@contextmanager
def busy_loop() -> Iterator[None]:
    """Keep a processor busy."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


def test_no_item_loses_its_date_to_one_after_it(world: World) -> None:
    """Now and then a good item was answered issue-date-before-last, as one after it had been numbered first."""
    with ExitStack() as stack:
        for _ in range(LOOPS):
            stack.enter_context(busy_loop())
        for _ in range(BATCHES):
            entity = world.post("invoice", "/v1/entities", ENTITY)["id"]
            customers = [world.customer(entity_id=entity) for _ in range(3)]
            items = [
                world.draft_body(
                    customers[n % 3],
                    entity_id=entity,
                    issued_on=(FIRST_DAY + timedelta(n * 300 // ITEMS)).isoformat(),
                )
                for n in range(ITEMS)
            ]
            answer = world.client("invoice").post(
                "/v1/invoices:batch", json={"issue": True, "items": items}, timeout=HANG_S
            )
            assert answer.status_code == 200, answer.text
            body = answer.json()
            assert body["failed"] == 0, [r["problem"] for r in body["results"] if "problem" in r][:3]
            numbers = [result["body"]["number"] for result in body["results"]]
            assert numbers == [f"FAC-2026-{n:06d}" for n in range(1, ITEMS + 1)]
