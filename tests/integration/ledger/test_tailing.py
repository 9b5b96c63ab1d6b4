"""Sixteen writer processes, four tails that only ever ask for what is above the last position they saw.

With the lock every tail sees 1..n, none missed, none twice. The same check must fail when the lock is taken out of the
function: otherwise it checks nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import asyncpg

from encours.ledger import Ledger
from encours.ledger.migrations import LEDGER_MIGRATIONS
from encours.testing.forks import run_fork
from encours.testing.servers import Installation
from tests.integration.ledger.helpers import Books

LOCK = re.compile(r"^ *perform pg_advisory_xact_lock\(.*$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """What a run of writers and tails came to."""

    events: int
    acknowledged: list[int]
    refused: int
    tails: list[list[int]]

    def faults(self) -> list[str]:
        """Every way in which it was not perfect."""
        wanted = list(range(1, self.events + 1))
        found = []
        if self.refused:
            found.append(f"{self.refused} events of distinct streams were refused")
        if sorted(self.acknowledged) != wanted:
            found.append(f"{len(set(self.acknowledged))} positions were acknowledged, not 1..{self.events}")
        for number, seen in enumerate(self.tails):
            if seen != wanted:
                missed, twice = set(wanted) - set(seen), len(seen) - len(set(seen))
                found.append(f"tail {number} missed {len(missed)} and saw {twice} twice")
        return found


async def run(books: Books, dsn: str, *, writers: int, events: int) -> Run:
    writing = True

    async def tail(seed: int) -> list[int]:
        draw, seen = random.Random(seed), [0]
        while True:
            last_look = not writing
            page = await books.ledger.read_raw(books.name, seen[-1], draw.choice((1, 7, 100, 1000)))
            seen += [row["position"] for row in page]
            if last_look and not page:
                return seen[1:]
            if not page:
                await asyncio.sleep(draw.random() * 0.005)

    async def writer(seed: int) -> dict[str, Any]:
        share = events // writers + (seed < events % writers)
        arguments = (dsn, books.name, str(share), str(seed))
        module = "tests.integration.ledger.writer"
        done = await asyncio.wrap_future(pool.submit(run_fork, module, *arguments, env=os.environ))
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    tails = [asyncio.create_task(tail(seed)) for seed in range(4)]
    with ThreadPoolExecutor(writers) as pool:
        results = await asyncio.gather(*[writer(seed) for seed in range(writers)])
    writing = False
    acknowledged = [position for result in results for position in result["acknowledged"]]
    refused = sum(sum(result["refused"].values()) for result in results)
    return Run(events, acknowledged, refused, await asyncio.gather(*tails))


async def test_sixteen_writers_and_four_tails_see_every_position_once(
    books: Books, module_installation: Installation
) -> None:
    result = await run(books, module_installation.admin_url(), writers=16, events=20_000)
    assert result.faults() == []


async def test_the_same_check_fails_without_the_lock(installation: Installation) -> None:
    sql = (LEDGER_MIGRATIONS / "0002_append.sql").read_text()
    unlocked, removed = LOCK.subn("", sql)
    assert removed == 1
    function = unlocked[
        unlocked.index("create function ledger.append(") : unlocked.index("-- Last position that")
    ]
    admin = await asyncpg.connect(installation.admin_url("ledger"))
    await admin.execute(function.replace("create function", "create or replace function", 1))
    await admin.execute("select ledger.create_ledger('unlocked', 'live', 'UTC', null)")
    await admin.close()
    ledger = await Ledger.open(installation.admin_url())
    result = await run(Books(ledger, "unlocked"), installation.admin_url(), writers=4, events=3_000)
    await ledger.close()
    assert result.faults() != []
