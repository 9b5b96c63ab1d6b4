"""Many issuers of one series while its service is killed: numbers 1 to n, in the order of their dates, each once.

``DEEP=1``: 40 invoices of each issuer and 24 kills.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from encours.testing.system import System
from encours.testing.waiting import HANG_S, wait_until
from tests.chaos.load import until_acknowledged
from tests.chaos.test_kills import back, kill, ledger_events, pid_of
from tests.e2e.world import World

DEEP = os.environ.get("DEEP") == "1"
ISSUERS, EACH, KILLS = (32, 40, 24) if DEEP else (32, 2, 2)
FIRST_DAY = date(2026, 3, 2)
VICTIM = ("api", "invoice")


class Issuers:
    """Clients that issue invoices of today, in one step or as a draft first, until each is acknowledged."""

    def __init__(self, system: System, world: World) -> None:
        self.system, self.world = system, world
        self.customer = world.customer()
        self.numbers: dict[str, str] = {}
        self.day_changed = threading.Event()
        self._lock, self._stop = threading.Lock(), threading.Event()

    def issue(self) -> None:
        """Issue the invoices of one client, one after the other, the last on a later day than the first."""
        for n in range(EACH):
            if n == EACH - 1:
                assert self.day_changed.wait(HANG_S), "the day does not change"
            reference = uuid4().hex
            body = self.world.draft_body(self.customer, reference=reference)
            if n % 2:
                draft = self._post("/v1/invoices", body)
                invoice = self._post(f"/v1/invoices/{draft['id']}/issue", {})
            else:
                invoice = self._post("/v1/invoices", body | {"issue": True})
            with self._lock:
                self.numbers[reference] = invoice["number"]

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return until_acknowledged(self.system, self.world.ledger, path, body, self._stop)


def test_numbers_are_complete_and_in_date_order_whatever_is_killed(own_system: System) -> None:
    system = own_system
    world = World.make(system, day=FIRST_DAY.isoformat())
    issuers = Issuers(system, world)
    with ThreadPoolExecutor(ISSUERS) as pool:
        working = [pool.submit(issuers.issue) for _ in range(ISSUERS)]
        for n in range(1, KILLS + 1):
            due = n * ISSUERS * EACH // (KILLS + 1)
            wait_until(lambda due=due: len(issuers.numbers) >= due, f"{due} invoices are not issued")  # type: ignore[misc]
            before = pid_of(system, *VICTIM)
            kill(system, *VICTIM)
            wait_until(partial(back, system, *VICTIM, before), "the service is not back")
            system.wait_ready()
            world.clients.clear()
            world.advance((FIRST_DAY + timedelta(days=n)).isoformat())
            issuers.day_changed.set()
        for each in working:
            each.result(HANG_S)

    events = ledger_events(system, world.ledger)
    issued = [event["data"] for event in events if event["type"] == "invoice.issued"]
    assert [data["number"] for data in issued] == [f"FAC-2026-{n:06d}" for n in range(1, ISSUERS * EACH + 1)]
    dates = [data["issued_on"] for data in issued]
    assert dates == sorted(dates)
    assert len(set(dates)) > 1
    assert {data["reference"]: data["number"] for data in issued} == issuers.numbers
    certificate = world.get("invoice", f"/v1/entities/{world.entity}/series/FAC/certificate", year=2026)
    assert (certificate["verdict"], certificate["count"]) == ("complete", ISSUERS * EACH)
    assert world.get("invoice", "/v1/reviews/invoices", kind="number_gap")["data"] == []
