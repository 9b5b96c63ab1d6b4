"""Rebuild of all read models of reporting-svc, one after the other, from the 1,000,000 events of the bench ``replay``.

Each runs as an operator runs it, in a process of its own, whose peak memory counts. With
``ENCOURS_BENCH_EVENTS=10000000`` a ledger of as many events follows. Growth is that of the processor time of Python
and PostgreSQL per event, which other work on the machine changes less than the rate. As it still differs by a tenth
between minutes of one machine, each large rebuild stands between two small ones and is compared with their mean.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from statistics import mean
from typing import Any

import asyncpg
import uvloop

from encours.projection.control import ensure_control
from encours.projection.rebuild import rebuild
from encours.service.memory import peak_mib
from encours.testing.servers import Cluster, fresh_installation, running_cluster
from reporting_svc.models import MODELS
from tests.bench import Entry, entry
from tests.bench.processor import server_s
from tests.bench.replay import CHILD_TIMEOUT_S, EVENTS, LARGE, LARGE_LEDGER, LEDGER, TARGET_MIB, fill

GROWTH = 1.1
Measured = dict[str, float]


async def run() -> list[Entry]:
    """Entries for ``var/bench.json``."""
    return await asyncio.to_thread(_run)


def _run() -> list[Entry]:
    with running_cluster() as cluster, fresh_installation(cluster) as installation:
        addresses = (installation.admin_url("ledger"), installation.admin_url("reporting"))
        asyncio.run(fill(addresses[0]))
        small = {model.name: _child(cluster, model.name, LEDGER, EVENTS, *addresses) for model in MODELS}
        entries = _entries(small, EVENTS, small)
        if LARGE:
            asyncio.run(fill(addresses[0], LARGE_LEDGER, LARGE))
            before, large, after = dict[str, Measured](), dict[str, Measured](), dict[str, Measured]()
            for name in (model.name for model in MODELS):
                before[name] = _child(cluster, name, LEDGER, EVENTS, *addresses)
                large[name] = _child(cluster, name, LARGE_LEDGER, LARGE, *addresses)
                after[name] = _child(cluster, name, LEDGER, EVENTS, *addresses)
            entries += _entries(large, LARGE, before, after)
    return entries


def _entries(measured: dict[str, Measured], events: int, *small: dict[str, Measured]) -> list[Entry]:
    """Return the rate of each model and of all, with the processor time per event beside the mean of runs over
    fewer events.
    """
    references = [_with_all(each) for each in small]
    return [
        entry(
            f"rebuild of {name} from {events:,} events, in {each['peak_mib']:.0f} MiB",
            events / each["seconds"],
            "events/s",
            reference=f"processor time per event, µs, from {EVENTS:,} events",
            reference_value=(before := mean(of[name]["cpu_s"] for of in references) / EVENTS * 1e6),
            ratio=(growth := each["cpu_s"] / events * 1e6 / before),
            target=f"<= {GROWTH}, <= {TARGET_MIB} MiB",
            met=growth <= GROWTH and each["peak_mib"] <= TARGET_MIB,
        )
        for name, each in _with_all(measured).items()
    ]


def _with_all(measured: dict[str, Measured]) -> dict[str, Measured]:
    return measured | {
        "all read models": {
            "seconds": sum(each["seconds"] for each in measured.values()),
            "cpu_s": sum(each["cpu_s"] for each in measured.values()),
            "peak_mib": max(each["peak_mib"] for each in measured.values()),
        }
    }


def _child(cluster: Cluster, model: str, ledger: str, events: int, *addresses: str) -> Measured:
    """Run a rebuild; ``cpu_s`` is that of the process and of the database server meanwhile."""
    before = server_s(cluster)
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.rebuilds", model, ledger, *addresses],
        capture_output=True,
        text=True,
        check=True,
        timeout=CHILD_TIMEOUT_S,
    )
    found: Measured = json.loads(done.stdout.strip().splitlines()[-1])
    assert found.pop("position") == events, found
    return found | {"cpu_s": found["cpu_s"] + server_s(cluster) - before}


async def _measure(model: str, ledger: str, ledger_dsn: str, store_dsn: str) -> dict[str, Any]:
    pool = await asyncpg.create_pool(store_dsn, min_size=1, max_size=1)
    await ensure_control(pool)
    await pool.close()
    (found,) = (each for each in MODELS if each.name == model)
    started = time.perf_counter()
    result = await rebuild(
        ledger_dsn=ledger_dsn, store_dsn=store_dsn, service="bench", model=found, ledger=ledger
    )
    return {
        "seconds": time.perf_counter() - started,
        "cpu_s": time.process_time(),
        "peak_mib": peak_mib(),
        "position": result.position,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(_measure(*sys.argv[1:5]))))
