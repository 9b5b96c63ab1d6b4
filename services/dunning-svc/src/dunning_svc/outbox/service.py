"""The outbox of a worker process: sends the requested reminders, and completes runs, also after a crash.

One process serves a ledger at a time (a lease in the service's own database). The run of a day passes its reminders
on through a queue, for speed, unless there are thousands. Every second the outbox also reads the reminders that are
still `requested` in the read model, unless there were none and the model has not moved since: those of a large run, and
those of a process that ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from dunning_svc.outbox.dispatch import Dispatcher
from dunning_svc.outbox.hours import hour_of, leaves_at
from dunning_svc.read_models.cases.debtors import creditors, with_payers
from dunning_svc.read_models.cases.fold.decisions import document_of
from dunning_svc.read_models.cases.fold.templates import template_rows, templates_of
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.pending import closed_hours, open_runs, requested, run_counts
from dunning_svc.read_models.cases.rows.reminders import DecisionRow, RunRow
from dunning_svc.use_cases.messages import Texts
from dunning_svc.use_cases.runs import OutgoingReminder, Run, RunBatch, complete_run
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.kernel.errors import DomainError
from encours.kernel.tasks import end
from encours.ledger import Ledger, LedgerInfo
from encours.ledger.sandboxes import was_dropped
from encours.mail.notices import NoticeDispatcher
from encours.postgres.connection import FAILED
from encours.postgres.leases import Leases
from encours.projection.read_model import Conn
from encours.reading.read_db import ReadDb

RUN_BOUND_S = 60.0
"""Longest time before a run is completed; it counts the reminders still pending."""
_POLL_S = 1.0

log = structlog.get_logger()


@dataclass(slots=True)
class _Seen:
    """Time at which the read model first showed an open run, and the ledger's head at that time."""

    head: int
    at: float


class Outbox:
    """Serves every ledger whose lease this process holds."""

    def __init__(
        self,
        ledger: Ledger,
        db: ReadDb,
        leases: Leases,
        dispatcher: Dispatcher,
        notices: Sequence[NoticeDispatcher[Any, Any, Any]] = (),
    ) -> None:
        self._ledger = ledger
        self._db = db
        self._leases = leases
        self._dispatcher = dispatcher
        self._notices = notices
        self._queues: dict[str, asyncio.Queue[RunBatch]] = {}
        self._closed_runs: set[UUID] = set()
        self._sending: set[asyncio.Task[int]] = set()
        self._seen: dict[UUID, _Seen] = {}
        self._infos: dict[str, LedgerInfo] = {}
        self._nothing_at: dict[str, tuple[int | None, LedgerInfo, int]] = {}
        self._waiting: set[str] = set()

    def enqueue(self, batch: RunBatch) -> bool:
        """Accept the batch if this process serves its ledger; else the one that does finds it in the read model."""
        queue = self._queues.get(batch.run.ledger)
        if queue is None:
            return False
        queue.put_nowait(batch)
        return True

    async def run(self) -> None:
        """Serve until cancelled. It resumes after the loss of the database or of a lease."""
        try:
            while True:
                try:
                    await self._serve_ledgers()
                except (*FAILED, DomainError) as error:
                    log.warning("outbox.paused", reason=f"{type(error).__name__}: {error}")
                await self._leases.close()
                await asyncio.sleep(_POLL_S)
        finally:
            self._dispatcher.stop()

    async def close(self) -> None:
        """Wait for messages that are being sent, then release the leases.

        In this order, because the next process treats an unfinished message as interrupted by a crash. Call it after
        :meth:`run` has ended, not within: a task is cancelled repeatedly, which would end the wait early.
        """
        for task in self._sending:
            task.cancel()
        for each in self._notices:
            await each.close()
        await self._dispatcher.close()
        await self._leases.close()

    async def _serve_ledgers(self) -> None:
        """Serve every ledger whose lease is free, until a lease is lost."""
        await self._dispatcher.prepare()
        tokens: list[int] = []
        serving: dict[str, asyncio.Task[None]] = {}
        try:
            while all(map(self._leases.holds, tokens)):
                infos = await self._ledger.ledgers(within_s=_POLL_S)
                for name in serving.keys() - {info.name for info in infos}:
                    del self._queues[name]
                    await end([serving.pop(name)])
                for info in infos:
                    self._infos[info.name] = info
                    if info.name in serving:
                        continue
                    token = await self._leases.acquire("dunning outbox", info.name)
                    if token is not None:
                        tokens.append(token)
                        self._queues[info.name] = asyncio.Queue()
                        serving[info.name] = asyncio.create_task(self._serve(info.name))
                await asyncio.sleep(_POLL_S)
        finally:
            self._queues.clear()
            await end(serving.values())

    async def _serve(self, ledger: str) -> None:
        queue = self._queues[ledger]
        while True:
            try:
                try:
                    batch = await asyncio.wait_for(queue.get(), _POLL_S)
                except TimeoutError:
                    await self._pick_up_if_moved(ledger)
                else:
                    await self._run_day(batch)
            except Exception as error:
                if await was_dropped(self._ledger, ledger):
                    log.info("outbox.ends_with_its_sandbox", ledger=ledger)
                    return
                # The loop continues after any fault; the next pass reads the remaining reminders again.
                log.exception("outbox.failed", ledger=ledger, reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(_POLL_S)

    async def _run_day(self, batch: RunBatch) -> None:
        """Send a day's messages, and complete its run when each has an outcome or the time is up.

        Messages still being sent continue; pending ones are read again from the read model.
        """
        sending = asyncio.create_task(self._send(batch))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)
        done, _ = await asyncio.wait({sending}, timeout=RUN_BOUND_S)
        if done:
            pending = sending.result()
        else:
            reminders = [outgoing.event.reminder_id for outgoing in batch.reminders]
            versions = await self._ledger.versions(batch.run.ledger, reminders)
            pending = sum(version < 2 for version in versions.values())
        await complete_run(self._ledger, batch.run, pending)
        self._closed_runs.add(batch.run.day_event)

    async def _send(self, batch: RunBatch) -> int:
        """Retry until none is pending or the time is up; return the number without an outcome."""
        until = time.monotonic() + RUN_BOUND_S
        # Do not wait for a server that was down before: a sandbox clock that advances by a year would wait a
        # minute on each day.
        was_down = self._dispatcher.mail_is_down
        now = await hour_of(self._ledger, await self._ledger.info(batch.run.ledger))
        due = [each for each in batch.reminders if leaves_at(each.event, now)]
        pending = await self._dispatcher.dispatch(batch.run.ledger, due)
        while pending and time.monotonic() < until and not was_down:
            await asyncio.sleep(_POLL_S)
            pending = await self._dispatcher.dispatch(batch.run.ledger, pending)
        return len(pending) + len(batch.reminders) - len(due)

    async def _pick_up_if_moved(self, ledger: str) -> None:
        """Pick up unless nothing was found at the model's present position in the ledger as it is.

        Where reminders wait for their hours, that is looked up every minute.
        """
        position, info = self._db.position(MODEL, ledger), self._infos[ledger]
        minute = int(time.time()) // 60 if ledger in self._waiting else 0
        seen = position, info, minute
        if position is not None and self._nothing_at.get(ledger) == seen:
            return
        if await self._pick_up(ledger) or position is None:
            self._nothing_at.pop(ledger, None)
        else:
            self._nothing_at[ledger] = seen

    async def _pick_up(self, ledger: str) -> bool:
        """Dispatch the requested reminders of the read model, and complete the runs that are still open.

        Return True if there were any, or may be e-mails that wait for their server.
        """
        mail_is_down = self._dispatcher.mail_is_down
        async with self._db.snapshot(MODEL, ledger) as (conn, schema, position):
            # Read without the cache, after the rows: an older value would send reminders of the loaded history.
            info = await self._ledger.info(ledger, fresh=True)
            closed = await closed_hours(conn, schema, await hour_of(self._ledger, info))
            decisions = await requested(
                conn, schema, ledger, info.effects_from, with_mail=not mail_is_down, closed=closed
            )
            outgoing = await _outgoing(conn, schema, decisions, position)
            runs = await open_runs(conn, schema, info.effects_from, before=position)
        self._waiting.discard(ledger)
        if closed:
            self._waiting.add(ledger)
        if outgoing:
            await self._dispatcher.dispatch(ledger, outgoing)
        noticed = await asyncio.gather(
            *(each.pick_up(info) for each in self._notices), return_exceptions=True
        )
        for row in runs:
            if UUID(row.day_event) not in self._closed_runs:
                await self._close_run(ledger, row, position)
        for error in noticed:
            if isinstance(error, BaseException):
                raise error
        return bool(outgoing or runs or mail_is_down or any(noticed))

    async def _close_run(self, ledger: str, row: RunRow, position: int) -> None:
        """Complete a run whose process ended. The read model is past the day's opening, so every case is decided;
        at the position that was the ledger's head at that time, it contains all those decisions."""
        event = UUID(row.day_event)
        seen = self._seen.get(event)
        if seen is None:
            head = await self._ledger.head(ledger)
            seen = self._seen[event] = _Seen(head.position, time.monotonic())
        if position < seen.head:
            return
        async with self._db.snapshot(MODEL, ledger) as (conn, schema, _):
            now = await hour_of(self._ledger, await self._ledger.info(ledger))
            closed = await closed_hours(conn, schema, now)
            counts = await run_counts(conn, schema, row.day, closed)
        if counts.pending > counts.waiting and time.monotonic() - seen.at < RUN_BOUND_S:
            return
        opening = (await self._ledger.read(ledger, row.position - 1, 1))[0]
        run = Run(ledger, row.day, event, opening.entity, counts.requested, counts.suppressed, counts.tasks)
        await complete_run(self._ledger, run, counts.pending)
        self._closed_runs.add(event)
        del self._seen[event]


async def _outgoing(
    conn: Conn, schema: str, decisions: Sequence[DecisionRow], position: int
) -> list[OutgoingReminder]:
    if not decisions:
        return []
    customers = await with_payers(conn, schema, [row.customer_id for row in decisions])
    known = await creditors(conn, schema)
    texts = Texts(templates_of(await template_rows(conn, schema)), position)
    outgoing = []
    for row in decisions:
        if row.customer_id not in customers:
            continue
        event = document_of(row)
        assert isinstance(event, ReminderRequested)
        addressee = customers.get(event.addressee_id or row.customer_id, customers[row.customer_id])
        outgoing.append(OutgoingReminder(event, addressee, known[row.entity_id], texts=texts))
    return outgoing
