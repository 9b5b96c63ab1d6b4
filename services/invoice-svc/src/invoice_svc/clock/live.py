"""Live ledgers: the day opens at six in the morning in the ledger's zone, by whoever holds the clock's lease.

After a standstill each missed day is opened too, marked late, so that ladders know it and send nothing for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from encours.kernel.errors import DomainError
from encours.ledger import Ledger, LedgerInfo
from encours.postgres.leases import Leases
from invoice_svc.clock.days import days_to_open, last_opened, open_day

TICK_S = 1.0
MAX_DAYS_A_TICK = 400

log = structlog.get_logger("invoice_svc.clock")
Now = Callable[[], datetime]


async def keep_time(ledger: Ledger, leases: Leases, now: Now = lambda: datetime.now(UTC)) -> None:
    """Open the days of every live ledger, until cancelled."""
    held: dict[str, int] = {}
    failing: dict[str, str] = {}
    while True:
        try:
            ledgers = await ledger.ledgers()
        except (DomainError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as away:
            log.warning("the clock could not look", error=str(away))
            ledgers = []
        for info in ledgers:
            if info.kind == "live":
                await _keep_one(ledger, leases, held, failing, info, now())
        await asyncio.sleep(TICK_S)


async def _keep_one(
    ledger: Ledger,
    leases: Leases,
    held: dict[str, int],
    failing: dict[str, str],
    info: LedgerInfo,
    now: datetime,
) -> None:
    """One ledger's tick. Whatever is wrong with it is logged when it begins, and is no other ledger's concern."""
    try:
        if await _is_ours(leases, held, info.name):
            await open_due(ledger, info, now)
    except Exception as fault:
        said = f"{type(fault).__name__}: {fault}"
        if failing.get(info.name) != said:
            failing[info.name] = said
            log.warning("the clock of a ledger stands", ledger=info.name, error=said, exc_info=fault)
    else:
        failing.pop(info.name, None)


async def _is_ours(leases: Leases, held: dict[str, int], name: str) -> bool:
    token = held.get(name)
    if token is None or not leases.holds(token):
        held.pop(name, None)
        token = await leases.acquire("clock", name)
        if token is not None:
            held[name] = token
    return token is not None


async def open_due(ledger: Ledger, info: LedgerInfo, now: datetime) -> int:
    """Open the days that are due in one ledger; how many. Idempotent."""
    local = now.astimezone(ZoneInfo(info.time_zone))
    opened = await last_opened(ledger, info.name)
    due = days_to_open(opened.day, local)[:MAX_DAYS_A_TICK]
    for day in due:
        opened = await open_day(ledger, info.name, day, opened, late=day < local.date())
        log.info("day opened", ledger=info.name, day=str(day), late=day < local.date())
    return len(due)
