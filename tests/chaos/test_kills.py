"""Everything is killed under load, one after the other and mixed: nothing acknowledged is lost, nothing happens twice.

`KILLS=200 make test` (or `KILLS=200 .venv/bin/python -m pytest tests/chaos`) kills more often.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from functools import partial
from typing import Any

import nats
import psutil

from encours.embedded.secrets import NATS_ADMIN, load_secrets
from encours.testing.system import System
from encours.testing.waiting import wait_until
from tests.chaos.load import Load

KILLS = int(os.environ.get("KILLS", "22"))  # each kind of process twice
LEDGER = "main"
STREAM = "LEDGER_main"


def victims(system: System) -> list[tuple[str, str | None]]:
    """Every kind of process that may die: relay and projectors live in the workers."""
    services = [(role, service) for service in system.run.urls for role in ("api", "worker")]
    return [("nats", None), ("postgres", None), ("stream", None), *services]


def kill(system: System, role: str, service: str | None) -> None:
    """One kill, and the process is up again (which says nothing of its state)."""
    if role == "stream":
        asyncio.run(delete_stream(system))
        return
    (process,) = system.processes(role, service)
    system.kill(process)


def back(system: System, role: str, service: str | None, before: int | None) -> bool:
    """Whether the supervisor has started it again."""
    if role == "stream":
        return True
    (process,) = system.processes(role, service)
    return process.pid is not None and process.pid != before and psutil.pid_exists(process.pid)


async def delete_stream(system: System) -> None:
    """What an operator's slip would do to the transport."""
    secrets = load_secrets(system.layout)
    url = f"nats://{NATS_ADMIN}:{secrets.nats[NATS_ADMIN]}@127.0.0.1:{system.run.nats_port}"
    try:
        connection = await nats.connect(url, max_reconnect_attempts=0, connect_timeout=2)
        try:
            await connection.jetstream(timeout=2).delete_stream(STREAM)
        finally:
            await connection.close()
    except (nats.errors.Error, OSError):
        pass  # it is down or the stream is gone already, which is as good


def pid_of(system: System, role: str, service: str | None) -> int | None:
    return None if role == "stream" else system.processes(role, service)[0].pid


def ledger_events(system: System, ledger: str = LEDGER) -> list[dict[str, Any]]:
    """The whole ledger through the event feed, page by page."""
    found: list[dict[str, Any]] = []
    with system.client("reporting", ledger) as http:
        while True:
            after = found[-1]["position"] if found else 0
            answer = http.get(
                "/v1/events",
                params={"after": after, "limit": 500},
                headers={"Accept": "application/x-ndjson"},
            )
            answer.raise_for_status()
            page = [json.loads(line) for line in answer.text.splitlines()]
            if not page:
                return found
            found += page


def test_no_kill_loses_or_repeats_anything(own_system: System) -> None:
    system = own_system
    chance = random.Random(20260302)
    load = Load(system, LEDGER)
    load.start()
    order: list[tuple[str, str | None]] = []
    while len(order) < KILLS:
        round_ = victims(system)
        chance.shuffle(round_)
        order += round_
    done = 0
    while done < KILLS:
        # Mostly one at a time; every fifth time two die together.
        together = order[done : done + (2 if done % 5 == 4 else 1)][: KILLS - done]
        before = [pid_of(system, *victim) for victim in together]
        acknowledged = len(load.invoices)
        for victim in together:
            kill(system, *victim)
        for victim, pid in zip(together, before, strict=True):
            wait_until(partial(back, system, *victim, pid), f"{victim} is not back")
        wait_until(lambda n=acknowledged: len(load.invoices) > n, f"no invoice after {together}")  # type: ignore[misc]
        done += len(together)
    load.stop()
    system.wait_ready()
    system.wait_caught_up(LEDGER)

    events = ledger_events(system)
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    issued = [event["data"] for event in events if event["type"] == "invoice.issued"]
    by_reference = Counter(data["reference"] for data in issued)
    assert set(load.invoices) <= set(by_reference), "an acknowledged invoice is lost"
    assert max(by_reference.values()) == 1, "an invoice was issued twice"
    assert sorted(data["number"] for data in issued) == [
        f"FAC-2026-{n:06d}" for n in range(1, len(issued) + 1)
    ]
    paid = Counter(event["data"]["payment_id"] for event in events if event["type"] == "payment.received")
    assert set(load.payments) <= set(paid)
    assert max(paid.values()) == 1
    for invoice in load.invoices.values():
        (data,) = (d for d in issued if d["reference"] == invoice["reference"])
        assert data["number"] == invoice["number"], "the answer was not what happened"

    with system.client("reporting", LEDGER) as http:
        answer = http.get("/v1/aged-balance", params={"min_position": len(events)}).json()
    assert answer["tie_out"]["equal"] is True
    verified = system.encours("verify", "--json", check=False)
    verdicts = json.loads(verified.stdout)
    assert verdicts, verified.stderr
    assert all(verdict["equal"] for verdict in verdicts), verdicts
    print(f"{KILLS} kills, {len(issued)} invoices, {len(paid)} payments, {load.retries} requests sent again")
