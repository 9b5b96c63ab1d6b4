"""An export whose process is killed goes on behind its stored parts, and the file is that of an undisturbed run."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time
from uuid import uuid4

import asyncpg

from encours.ledger import Ledger
from encours.ledger.model import Append, NewEvent
from encours.postgres.connection import STORE_SETTINGS, close_pool, open_pool
from encours.projection.control import ensure_control
from encours.projection.rebuild import rebuild
from encours.testing.forks import Fork
from encours.testing.http import settings_of
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S, until
from reporting_svc.exports.job import PROCESS
from reporting_svc.exports.store import Export, ExportKind, ExportStore, Layout
from reporting_svc.read_models.receivables import Receivables
from tests.integration.receivable_histories import ACTS, ENTITY, Books, history

LEDGER = "exports"
SMALL = "tests.integration.export_process"
WRITTEN = """
create table encours_exports.written (export_id text, of_table text, part int);
create function encours_exports.note() returns trigger language plpgsql as
  $$ begin insert into encours_exports.written values (new.export_id, tg_table_name, new.part); return new; end $$;
create trigger note before insert on encours_exports.part for each row execute function encours_exports.note();
create trigger note before insert on encours_exports.table_part for each row execute function encours_exports.note();
"""
FIRST = "select count(*) from encours_exports.written where export_id = $1 and of_table = $2 and part = 1"
CASES: Sequence[tuple[ExportKind, Layout, str, dict[str, int]]] = (
    ("fec", "fec", "part", {"part": 1}),
    ("journal", "parquet", "table_part", {"table_part": 1, "part": 1}),
    ("journal", "parquet", "part", {"table_part": 1, "part": 2}),
    ("journal", "xlsx", "table_part", {"table_part": 1, "part": 1}),
    ("open_items", "xlsx", "part", {"table_part": 1, "part": 2}),
    ("open_items", "csv", "part", {"part": 2}),
)
"""Kind, layout, table whose second part is held up, and how often first parts are written: once if they are kept."""


def wanted(name: str, kind: ExportKind, layout: Layout, position: int) -> Export:
    return Export(
        id=name, ledger=LEDGER, entity_id=ENTITY, kind=kind, layout=layout, first_on=date(2026, 1, 1),
        last_on=date(2027, 12, 31), position=position, accounts={}, report=None, fingerprint=b"asked", asked_by="test",
    )  # fmt: skip


def books_in_euro() -> Books:
    chance = random.Random(5)
    acts = [
        # Every seventh number is of an invoice or a payment in dollars, for which there is no rate.
        (chance.choice(ACTS), chance.randrange(6), chance.randrange(-20, 1), chance.randrange(1, 50) * 1000)
        for _ in range(300)
    ]
    return history(acts)


async def fill(installation: Installation) -> int:
    """Append books, and build the receivables from them; return the head."""
    books = books_in_euro()
    ledger = await Ledger.open(installation.ledger_url("invoice"))
    clock_at = datetime.combine(books.today, time(5), UTC)
    await ledger.create_ledger(LEDGER, "sandbox", "Europe/Paris", clock_at=clock_at)
    for start in range(0, len(books.log), 20):
        events = tuple(
            NewEvent(e.stream, e.version, e.recorded().data, e.entity, e.effective_on, uuid4())
            for e in books.log[start : start + 20]
        )
        head = (await ledger.append(Append(LEDGER, uuid4(), b"x", events, "test"))).last_position
    await ledger.close()
    store_url = installation.store_url("reporting")
    async with pool_of(installation) as pool:
        await ensure_control(pool)
    await rebuild(
        ledger_dsn=installation.ledger_url("reporting"), store_dsn=store_url, service="reporting-svc",
        model=Receivables(), ledger=LEDGER,
    )  # fmt: skip
    return head


@asynccontextmanager
async def pool_of(installation: Installation) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(
        installation.store_url("reporting"), "export tests", size=3, settings=STORE_SETTINGS
    )
    yield opened
    await close_pool(opened)


async def killed_behind_a_part(
    pool: asyncpg.Pool, name: str, table: str, environment: dict[str, str]
) -> None:
    """Kill the process of an export that has stored its first part; another transaction holds the second one up."""
    async with pool.acquire() as conn:
        held = conn.transaction()
        await held.start()
        await conn.execute(f"insert into encours_exports.{table} values ($1, 2, '')", name)
        running = Fork(SMALL, name, env=environment)
        try:
            await until(lambda: pool.fetchval(FIRST, name, table), "no part was stored")
        finally:
            running.kill()
            await asyncio.to_thread(running.wait, HANG_S)
            await held.rollback()


async def test_a_killed_export_goes_on_behind_its_parts_and_yields_the_same_file(
    installation: Installation,
) -> None:
    head, environment = await fill(installation), os.environ | installation.environment("reporting")
    settings = settings_of(installation, "reporting")

    async with pool_of(installation) as pool:
        store = ExportStore(pool)
        await store.prepare()
        await pool.execute(WRITTEN)

        async def ended(name: str) -> tuple[Export, bytes]:
            code = await PROCESS.take_up(settings, name)
            found = await store.get(LEDGER, name)
            assert found is not None
            assert (code, found.problem) == (0, None)
            content = b"".join([each async for each in store.content(name)])
            assert found.manifest is not None
            assert found.manifest.sha256 == hashlib.sha256(content).hexdigest()
            return found, content

        for kind, layout, held, written in CASES:
            whole, halved = (f"{kind}-{layout}-{held}-{which}" for which in ("whole", "halved"))
            for name in (whole, halved):
                await store.add(wanted(name, kind, layout, head))
            undisturbed, content = await ended(whole)
            assert undisturbed.done.lines > 30

            await killed_behind_a_part(pool, halved, held, environment)
            left = await store.get(LEDGER, halved)
            assert left is not None
            assert (left.state, left.starts) == ("running", 1)

            resumed, same = await ended(halved)
            assert same == content, halved
            assert (resumed.starts, resumed.manifest) == (2, undisturbed.manifest)
            assert {of: await pool.fetchval(FIRST, halved, of) for of in written} == written, halved
        assert await pool.fetchval("select count(*) from encours_exports.table_part") == 0
