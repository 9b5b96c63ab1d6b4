"""The calendar of live ledgers, against a real database."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, time, timedelta

import asyncpg
import pytest

from encours.contracts.actors import CALENDAR
from encours.kernel.tasks import end
from encours.ledger import Ledger
from encours.postgres.leases import Leases
from encours.service.calendar import LEASE, keep_time, last_opened, run_calendar
from encours.testing.forks import Fork
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S

NOON = datetime.combine(datetime.now(UTC).date() - timedelta(days=30), time(12), UTC)


async def test_a_ledger_whose_days_cannot_be_told_does_not_stop_the_others(
    installation: Installation,
) -> None:
    """An earlier version made ledgers with zones that PostgreSQL knows and Python does not."""
    admin = await asyncpg.connect(installation.admin_url("ledger"))
    await admin.execute("select ledger.create_ledger('a-bad-one', 'live', 'europe/paris', null)")
    await admin.close()
    ledger = await Ledger.open(installation.ledger_url("invoice"))
    leases = Leases(installation.ledger_url("invoice"), "test")
    await ledger.create_ledger("good", "live", "Europe/Paris")
    clock = asyncio.create_task(keep_time(ledger, leases, lambda: NOON))
    try:
        async with asyncio.timeout(HANG_S):
            while (await last_opened(ledger, "good")).day != NOON.date():
                assert not clock.done(), clock
                await asyncio.sleep(0.05)
    finally:
        await end([clock])
        await leases.close()
        await ledger.close()


async def test_one_worker_opens_the_days_and_another_goes_on_when_it_is_gone(
    installation: Installation,
) -> None:
    now = NOON
    first, second = [await Ledger.open(installation.ledger_url(name)) for name in ("invoice", "dunning")]
    leases, standby = [Leases(installation.ledger_url(name), "test") for name in ("invoice", "dunning")]
    await first.create_ledger("books", "live", "Europe/Paris")
    clocks = [asyncio.create_task(keep_time(first, leases, lambda: now))]
    try:
        async with asyncio.timeout(HANG_S):
            while (await last_opened(first, "books")).day != NOON.date():
                await asyncio.sleep(0.05)
            clocks.append(asyncio.create_task(keep_time(second, standby, lambda: now)))
            assert await standby.acquire(LEASE, "books") is None
            await end(clocks[:1])
            await leases.close()  # as when a process ends
            now += timedelta(days=2)
            while (await last_opened(second, "books")).day != now.date():
                await asyncio.sleep(0.05)
        days = [(NOON + timedelta(days=n)).date() for n in range(3)]
        assert [e.effective_on for e in await second.read("books", 0, 10)] == days
    finally:
        await end(clocks)
        for held in (leases, standby):
            await held.close()
        for ledger in (first, second):
            await ledger.close()


@pytest.mark.parametrize("service", ["dunning", "risk", "reporting"])
async def test_any_service_may_open_a_day(installation: Installation, service: str) -> None:
    owner = await Ledger.open(installation.ledger_url("invoice"))
    ledger = await Ledger.open(installation.ledger_url(service))
    await owner.create_ledger("books", "live", _zone_where_it_is_day())
    clock = asyncio.create_task(run_calendar(ledger, installation.ledger_url(service), "test"))
    try:
        async with asyncio.timeout(HANG_S):
            while not (await last_opened(ledger, "books")).version:
                assert not clock.done(), clock
                await asyncio.sleep(0.05)
    finally:
        await end([clock])
        await ledger.close()
        await owner.close()


async def test_a_day_is_opened_while_the_worker_of_invoice_svc_is_down(installation: Installation) -> None:
    ledger = await Ledger.open(installation.ledger_url("invoice"))
    await ledger.create_ledger("books", "live", _zone_where_it_is_day())
    worker = Fork("risk_svc", "worker", env=os.environ | installation.environment("risk"))
    try:
        async with asyncio.timeout(HANG_S):
            while not (await last_opened(ledger, "books")).version:
                assert worker.poll() is None
                await asyncio.sleep(0.05)
        (opened,) = await ledger.read_stream("books", "calendar")
        assert (opened.actor, opened.effective_on) == (CALENDAR, await ledger.today("books"))
    finally:
        worker.terminate()
        await asyncio.to_thread(worker.wait)
        await ledger.close()


def _zone_where_it_is_day() -> str:
    """A zone in which it is past six in the morning and not yet midnight for hours."""
    return "UTC" if 7 <= datetime.now(UTC).hour < 22 else "Asia/Tokyo"
