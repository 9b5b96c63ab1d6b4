"""Advance of a sandbox's clock, day by day: open the day, wait for what reacts to it, record its imported events.

Recurring invoices are billed and dunning decides before the events of the day are recorded, as in the early morning of
that day.
"""

from __future__ import annotations

import asyncio
import time
from datetime import date, timedelta

import structlog

from encours.contracts.events.dunning.reminders import RunCompleted
from encours.ledger import Ledger
from encours.service.calendar import Opened, last_opened, open_day, opening_of
from invoice_svc.clock.jobs import JobStore
from invoice_svc.imports.store import ImportStore
from invoice_svc.imports.takeover import Takeover
from invoice_svc.read_models.lists import NAME

BARRIER_S = 60.0
"""After this long the job reports that the run is missing; the wait goes on."""
POLL_S = 0.003
SLOWEST_POLL_S = 0.05
SLOWDOWN = 1.1
"""Growth of the pause from poll to poll: most days are answered within ten of them."""

log = structlog.get_logger("invoice_svc.clock")


class Advance:
    """Advances the clock of one sandbox. The caller holds the ledger's lease."""

    def __init__(
        self, ledger: Ledger, jobs: JobStore, store: ImportStore, name: str, takeover: Takeover
    ) -> None:
        self._ledger = ledger
        self._jobs = jobs
        self._store = store
        self._name = name
        self._takeover = takeover

    async def run(self) -> None:
        """Advance until the target is reached. Idempotent; may be stopped at any moment."""
        opened = await last_opened(self._ledger, self._name)
        if opened.day is not None:
            # Dunning does not run for loaded history, so the run of a copied day is never completed.
            info = await self._ledger.info(self._name, fresh=True)
            await self._fill(opened.day, opened.position, awaited=opened.position > info.effects_from)
        while (job := await self._jobs.get(self._name)) is not None:
            day = await self._next_day(opened, job.target)
            if day > job.target:
                if await self._jobs.finish(self._name, job.target):
                    return
                continue
            clock_at = opening_of(day, (await self._ledger.info(self._name)).time_zone)
            opened = await open_day(self._ledger, self._name, day, opened, late=False, clock_at=clock_at)
            await self._fill(day, opened.position)

    async def _next_day(self, opened: Opened, target: date) -> date:
        if opened.day is not None:
            return opened.day + timedelta(days=1)
        earliest = await self._store.earliest(self._name)
        first = min(earliest or target, target)
        head = await self._ledger.head(self._name)
        if head.position == 0:
            return first
        # Events recorded before the clock was first set must not be later than the clock.
        return max(first, await self._ledger.today(self._name))

    async def _fill(self, day: date, position: int, *, awaited: bool = True) -> None:
        """Wait for what reacts to the day, opened at a position, if ``awaited``; then record its imported events."""
        await self._jobs.note(self._name, "advancing", day=day)
        if awaited:
            await self._billed(position)
            await self._dunned(day)
        fed = await self._takeover.feed_due()
        if fed:
            await self._jobs.note(self._name, "advancing", day=day, fed=fed)

    async def _billed(self, position: int) -> None:
        pause = POLL_S
        while await self._jobs.reacted_upto(self._name, NAME) < position:
            await asyncio.sleep(pause)
            pause = min(pause * SLOWDOWN, SLOWEST_POLL_S)

    async def _dunned(self, day: date) -> None:
        stream, began, reported, pause = f"dunning-{day}", time.monotonic(), False, POLL_S
        while True:
            events = await self._ledger.read_stream(self._name, stream)
            if any(isinstance(event.data, RunCompleted) for event in events):
                return
            waited = time.monotonic() - began
            if waited > BARRIER_S and not reported:
                reported = True
                missing = (
                    f"dunning-svc has not completed its run for {day}. "
                    "Check that its worker is running; the clock then continues by itself."
                )
                await self._jobs.note(self._name, "waiting", day=day, error=missing)
                log.warning("the clock is waiting for the dunning run", ledger=self._name, day=str(day))
            pause = min(pause * SLOWDOWN, SLOWEST_POLL_S)
            await asyncio.sleep(pause)
