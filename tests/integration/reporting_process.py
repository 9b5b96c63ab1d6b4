"""reporting-svc as real processes, keys for it, and books that come into its ledger."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import httpx

from encours.contracts import decode
from encours.http.access.keys import new_key
from encours.ledger import Ledger
from encours.ledger.api_keys import insert_key
from encours.ledger.model import Append, NewEvent
from encours.ledger.stored import StoredEvent
from encours.projection.schemas import schema_of
from encours.testing.forks import Fork, run_fork
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S
from tests.integration.receivable_histories import ACTS, NEWER, Books, history

LEDGER = "books"


@dataclass
class Reporting:
    """The service, a key for all and one that covers another entity only."""

    installation: Installation
    url: str
    token: str
    foreign_token: str

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token or self.token}", "Encours-Ledger": LEDGER}
        return httpx.Client(base_url=self.url, headers=headers, timeout=HANG_S, verify=False)


@contextmanager
def process(installation: Installation, role: str, port: int | None = None) -> Iterator[None]:
    """`python -m reporting_svc`."""
    environment = os.environ | installation.environment("reporting", port=port)
    running = Fork("reporting_svc", role, env=environment, stdout=installation.layout.log / f"{role}.log")
    try:
        yield
    finally:
        running.terminate()
        try:
            running.wait(HANG_S)
        except subprocess.TimeoutExpired:
            running.kill()
            raise


def ready(http: httpx.Client) -> bool:
    """Return true once the service answers."""
    try:
        return http.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


async def prepare(installation: Installation) -> tuple[str, str]:
    ledger = await Ledger.open(installation.ledger_url("invoice"))
    await ledger.create_ledger(
        LEDGER, "sandbox", "Europe/Paris", clock_at=datetime(2026, 1, 1, 5, tzinfo=UTC)
    )
    await ledger.close()
    keys = new_key(), new_key()
    conn = await asyncpg.connect(installation.admin_url())
    for key, entities in zip(keys, (["*"], ["ent_" + "f" * 32]), strict=True):
        scopes = ["reports:read", "reports:write", "audit:read"]
        await insert_key(
            conn, key.id, key.sha256, label="test", scopes=scopes, entities=entities, default_ledger=LEDGER
        )
    await conn.close()
    return keys[0].token, keys[1].token


async def append_facts(
    ledger: Ledger, facts: list[StoredEvent], name: str = LEDGER, *, sets_clock: bool = True
) -> int:
    events = tuple(
        NewEvent(
            f.stream, f.version, decode(f.type, f.schema_version, f.raw), f.entity, f.effective_on, uuid4()
        )
        for f in facts
    )
    day = max(f.effective_on for f in facts)
    clock_at = datetime(day.year, day.month, day.day, 5, tzinfo=UTC) if sets_clock else None
    return (await ledger.append(Append(name, uuid4(), b"x", events, "test", clock_at=clock_at))).last_position


async def append_as_written(installation: Installation, ledger: Ledger, facts: list[StoredEvent]) -> None:
    """Append events of one stream or of several that invoice-svc writes, by the ledger, others by their own service."""
    service = {"prm_": "dunning", "plc_": "dunning", "tpn_": "reporting"}.get(facts[0].stream[:4])
    if service is None:
        await append_facts(ledger, facts)
        return
    own = await Ledger.open(installation.ledger_url(service))
    await append_facts(own, facts, sets_clock=False)
    await own.close()


def random_books(seed: int, acts: int) -> Books:
    rng = random.Random(seed)
    return history(
        [
            (
                rng.choice(ACTS),
                rng.choice((0, NEWER)) + rng.randrange(14),
                rng.randrange(-20, 1),
                rng.randrange(1, 50) * 1000,
            )
            for _ in range(acts)
        ]
    )


@contextmanager
def damaged(at: Reporting, table: str, column: str, *orders: str) -> Iterator[asyncpg.Record]:
    """Add a cent to an amount of the first row in EUR of a table of the read model, in the first order; take it from
    the first row in the second order, if there is one. Undo it at the end.
    """
    table = f"{schema_of('receivables', LEDGER)}.{table}"

    async def change(ctid: str, minor: int) -> asyncpg.Record:
        conn = await asyncpg.connect(at.installation.store_url("reporting"))
        try:
            sql = f"update {table} set {column} = {column} + $1 where ctid = ({ctid}) returning ctid::text, *"
            row = await conn.fetchrow(sql, minor)
            assert row is not None, table
            return row
        finally:
            await conn.close()

    def changed(order: str, minor: int) -> asyncpg.Record:
        first = f"select ctid from {table} where currency = 'EUR' order by {order} limit 1"
        return asyncio.run(change(first, minor))

    rows = [changed(order, 1 - 2 * n) for n, order in enumerate(orders)]
    try:
        yield rows[0]
    finally:
        for n, row in enumerate(rows):
            asyncio.run(change(f"select '{row['ctid']}'::tid", 2 * n - 1))


def tie_out(at: Reporting, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the check of each day as an operator does."""
    environment = os.environ | at.installation.environment("reporting")
    return run_fork("reporting_svc", "tie-out", "--ledger", LEDGER, *options, env=environment)
