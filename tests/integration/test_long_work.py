"""Long work on a real server: its requests, and the lease of the worker that runs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import asyncpg
import pytest_asyncio

from dunning_svc.backtest.results import Costs
from dunning_svc.backtest.store import Backtest, BacktestStore
from dunning_svc.backtest.tally import BacktestLine, Findings
from encours.kernel.tasks import end
from encours.postgres.connection import STORE_SETTINGS, close_pool, open_pool
from encours.postgres.leases import Leases
from encours.service.long_work import STARTS_MAX, LongWorkRunner
from encours.service.long_work_store import KEPT
from encours.testing.servers import Installation
from encours.testing.waiting import until

DAY = date(2026, 3, 31)
LEASE = "long work tests"
_CANCELLED = """select pg_cancel_backend(pid) from pg_locks
 where relation = 'encours_backtests.backtest'::regclass and not granted"""


@pytest_asyncio.fixture
async def pool(module_installation: Installation) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(
        module_installation.store_url("dunning"), "long work tests", size=2, settings=STORE_SETTINGS
    )
    yield opened
    await close_pool(opened)


def asked(name: str, ledger: str) -> Backtest:
    return Backtest(
        id=name, ledger=ledger, policy_id="pol", version=1, first_on=DAY, last_on=DAY, position=9, costs=Costs(email=7),
        fingerprint=b"asked", asked_by="test", asked_on=DAY,
    )  # fmt: skip


def found(*customers: str) -> Findings:
    lines = [
        BacktestLine(
            day=DAY, customer_id=each, entity_id="ent", currency="EUR", policy_id="pol", policy_version=1,
            channel="email", step="first", amount_minor=1, invoices=1,
        )
        for each in customers
    ]  # fmt: skip
    return Findings(lines=lines, customers=(), contradictions=(), suppressed={})


async def test_a_process_that_begins_anew_forgets_and_shuts_out_the_earlier_one(pool: asyncpg.Pool) -> None:
    store, name = BacktestStore(pool), "anew"
    await store.prepare()
    stored = await store.add(asked(name, name))
    assert (stored.costs, stored.as_requested()) == (Costs(email=7), stored)
    first = await store.begin(name)
    assert first is not None
    assert await store.keep(first, found("cus_a", "cus_b"), 0, 2, 2)
    second = await store.begin(name)
    assert second is not None
    assert (second.starts, second.customers, second.customers_done) == (2, 2, 0)
    assert not await store.keep(first, found("cus_c"), 2, 2, 1)
    await store.fail(first, "too late")
    assert await store.keep(second, found("cus_a"), 0, 2, 1)
    lines = await pool.fetch("select customer_id from encours_backtests.line where backtest_id = $1", name)
    assert [row["customer_id"] for row in lines] == ["cus_a"]
    await store.fail(second, "no rates")
    failed = await store.get(name, name)
    assert failed is not None
    assert (failed.state, failed.problem, failed.customers_done) == ("failed", "no rates", 1)
    assert failed.as_requested() == stored
    assert await store.begin(name) is None
    assert (await store.add(asked(name, name))) == failed


async def test_the_oldest_requests_with_a_result_give_way(pool: asyncpg.Pool) -> None:
    store, ledger = BacktestStore(pool), "kept"
    await store.prepare()
    names = [f"kept-{number:03}" for number in range(KEPT + 3)]
    await store.add(asked("kept-waiting", ledger))
    for name in names:
        await store.add(asked(name, ledger))
        await store.cancel(ledger, name)
    await store.add(asked("kept-last", ledger))
    left = await pool.fetch("select id from encours_backtests.backtest where ledger = $1", ledger)
    assert {row["id"] for row in left} == {"kept-waiting", "kept-last", *names[3:]}


async def test_a_runner_goes_on_after_a_statement_that_failed(
    pool: asyncpg.Pool, module_installation: Installation
) -> None:
    store, name = BacktestStore(pool), "lease"
    await store.prepare()
    await pool.execute("delete from encours_backtests.backtest")
    await store.add(asked(name, name))
    for _ in range(STARTS_MAX):
        await store.begin(name)
    leases = Leases(module_installation.store_url("dunning"), "long work tests")
    runner = LongWorkRunner(store, leases, LEASE, "this")

    async def has_failed() -> bool:
        given_up = await store.get(name, name)
        return given_up is not None and given_up.state == "failed"

    async with pool.acquire() as conn, conn.transaction():
        await conn.execute("lock table encours_backtests.backtest")
        running = asyncio.create_task(runner.run())
        await until(lambda: conn.fetchval(_CANCELLED), "the runner never looked at the table")
    try:
        await until(has_failed, "the request was never taken up")
    finally:
        await end([running])
        await leases.close()
