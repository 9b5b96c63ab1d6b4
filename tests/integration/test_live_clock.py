"""The clock of live ledgers, against a real database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import asyncpg

from encours.kernel.tasks import end
from encours.ledger import Ledger
from encours.postgres.leases import Leases
from encours.testing.servers import Installation
from invoice_svc.clock.days import last_opened
from invoice_svc.clock.live import keep_time

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


async def test_a_ledger_whose_days_cannot_be_told_does_not_stop_the_others(
    installation: Installation,
) -> None:
    """An earlier version made ledgers with zones that PostgreSQL knows and Python does not."""
    admin = await asyncpg.connect(installation.admin_url("ledger"))
    await admin.execute("select ledger.create_ledger('a-bad-one', 'live', 'europe/paris', null)")
    await admin.close()
    ledger = await Ledger.open(installation.ledger_url("invoice"))
    leases = Leases(installation.store_url("invoice"), "test")
    await ledger.create_ledger("good", "live", "Europe/Paris")
    clock = asyncio.create_task(keep_time(ledger, leases, lambda: NOON))
    try:
        async with asyncio.timeout(20):
            while (await last_opened(ledger, "good")).day != NOON.date():
                assert not clock.done(), clock
                await asyncio.sleep(0.05)
    finally:
        await end([clock])
        await leases.close()
        await ledger.close()
