"""The outbox of a worker process: hands over what was decided, closes runs, and picks up what a crash left.

One process serves a ledger at a time (a session lock in the service's own database). The fast way is an offer:
the run of a day passes its requests straight on. The sure way is the read model: whatever is still `requested`
there is looked at every second, whoever decided it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog

from dunning_svc.outbox.dispatch import Dispatcher, Outgoing
from dunning_svc.outbox.runs import Run, complete
from dunning_svc.read_models.cases import MODEL
from dunning_svc.read_models.decisions import document_of
from dunning_svc.read_models.rows import CustomerRow, DecisionRow, RunRow
from dunning_svc.use_cases.views import creditors, select
from encours.contracts.dunning import ReminderRequested
from encours.kernel.errors import DomainError
from encours.kernel.tasks import end
from encours.ledger import Ledger
from encours.projection.read_model import Conn
from encours.reading.read_db import ReadDb

RUN_BOUND_S = 60.0
"""A run is closed after so long, with what is still pending counted."""
_POLL_S = 1.0
_BATCH = 500

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Offer:
    """A day's run with what it wants to send."""

    run: Run
    outgoing: list[Outgoing]


@dataclass(slots=True)
class _Seen:
    """An open run that the read model showed: when, and how far the ledger was."""

    head: int
    at: float


class Outbox:
    """Serves every ledger that this process holds the lock of."""

    def __init__(self, ledger: Ledger, db: ReadDb, store_url: str, dispatcher: Dispatcher) -> None:
        self._ledger = ledger
        self._db = db
        self._store_url = store_url
        self._dispatcher = dispatcher
        self._held: dict[str, asyncio.Queue[Offer]] = {}
        self._closed_runs: set[UUID] = set()
        self._sending: set[asyncio.Task[int]] = set()
        self._seen: dict[UUID, _Seen] = {}

    def offer(self, offer: Offer) -> bool:
        """Send this now, if this process serves the ledger; otherwise whoever does finds it in the read model."""
        queue = self._held.get(offer.run.ledger)
        if queue is None:
            return False
        queue.put_nowait(offer)
        return True

    async def run(self) -> None:
        """Serve until cancelled. Losing the database or the lock only pauses it."""
        try:
            while True:
                try:
                    await self._session()
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, DomainError) as error:
                    log.warning("outbox.paused", reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(_POLL_S)
        finally:
            for task in self._sending:
                task.cancel()
            await self._dispatcher.close()

    async def _session(self) -> None:
        """As long as one connection holds the locks."""
        await self._dispatcher.prepare()
        lock = await asyncpg.connect(self._store_url, timeout=10)
        serving: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                for info in await self._ledger.ledgers():
                    if info.name not in serving and await lock.fetchval(
                        "select pg_try_advisory_lock(hashtextextended('dunning outbox ' || $1, 0))", info.name
                    ):
                        self._held[info.name] = asyncio.Queue()
                        serving[info.name] = asyncio.create_task(self._serve(info.name))
                await asyncio.sleep(_POLL_S)
                await lock.fetchval("select 1")
        finally:
            self._held.clear()
            await end(serving.values())
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await lock.close(timeout=2)

    async def _serve(self, ledger: str) -> None:
        queue = self._held[ledger]
        while True:
            try:
                try:
                    offer = await asyncio.wait_for(queue.get(), _POLL_S)
                except TimeoutError:
                    await self._pick_up(ledger)
                else:
                    await self._run_day(offer)
            except Exception as error:
                # The loop must outlive whatever one message or one outage does; what is left is picked up again.
                log.exception("outbox.failed", ledger=ledger, reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(_POLL_S)

    async def _run_day(self, offer: Offer) -> None:
        """Send a day's messages and close its run when each has its outcome, or after the bound.

        What is still on its way then goes on, and what could not leave is picked up from the read model.
        """
        sending = asyncio.create_task(self._send(offer))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)
        done, _ = await asyncio.wait({sending}, timeout=RUN_BOUND_S)
        if done:
            pending = sending.result()
        else:
            reminders = [outgoing.event.reminder_id for outgoing in offer.outgoing]
            versions = await self._ledger.versions(offer.run.ledger, reminders)
            pending = sum(version < 2 for version in versions.values())
        await complete(self._ledger, offer.run, pending)
        self._closed_runs.add(offer.run.day_event)

    async def _send(self, offer: Offer) -> int:
        """Try until nothing is pending or the bound has passed; how many are left without an outcome."""
        until = time.monotonic() + RUN_BOUND_S
        # A server that was down before is not waited for again: a clock that runs through a year would stand
        # still for a minute on each of its days.
        was_down = self._dispatcher.mail_is_down
        pending = await self._dispatcher.dispatch(offer.run.ledger, offer.outgoing)
        while pending and time.monotonic() < until and not was_down:
            await asyncio.sleep(_POLL_S)
            pending = await self._dispatcher.dispatch(offer.run.ledger, pending)
        return len(pending)

    async def _pick_up(self, ledger: str) -> None:
        """What the read model shows as requested, and runs that nobody closed."""
        async with self._db.snapshot(MODEL, ledger) as (conn, schema, position):
            # Asked anew, and after the rows: what was believed before a load would let all of its past out.
            info = await self._ledger.info(ledger, fresh=True)
            outgoing = await _requested(conn, schema, ledger, info.effects_from)
            runs = await select(
                conn,
                schema,
                RunRow,
                "where completed_position is null and position > $1 and position < $2 order by position limit 20",
                info.effects_from,
                position,
            )
        if outgoing:
            await self._dispatcher.dispatch(ledger, outgoing)
        for row in runs:
            if UUID(row.day_event) not in self._closed_runs:
                await self._close_run(ledger, row, position)

    async def _close_run(self, ledger: str, row: RunRow, position: int) -> None:
        """Close a run whose process died. The read model has moved past the day's opening, so all was decided;
        once it has reached what was then the ledger's head, all that was decided is in it."""
        event = UUID(row.day_event)
        seen = self._seen.get(event)
        if seen is None:
            head = await self._ledger.head(ledger)
            seen = self._seen[event] = _Seen(head.position, time.monotonic())
        if position < seen.head:
            return
        async with self._db.snapshot(MODEL, ledger) as (conn, schema, _):
            counts = await conn.fetchrow(
                f"""select count(*) filter (where template <> '') as requested,
                           count(*) filter (where template = '') as suppressed,
                           count(*) filter (where status = 'requested') as pending,
                           (select count(*) from {schema}.task where day = $1) as tasks
                      from {schema}.reminder where day = $1""",
                row.day,
            )
        if counts["pending"] and time.monotonic() - seen.at < RUN_BOUND_S:
            return
        opening = (await self._ledger.read(ledger, row.position - 1, 1))[0]
        run = Run(
            ledger, row.day, event, opening.entity, counts["requested"], counts["suppressed"], counts["tasks"]
        )
        await complete(self._ledger, run, counts["pending"])
        self._closed_runs.add(event)
        del self._seen[event]


async def _requested(conn: Conn, schema: str, ledger: str, effects_from: int) -> list[Outgoing]:
    """Reminders without an outcome whose time has come, oldest first; never one up to ``effects_from``."""
    decisions = await select(
        conn,
        schema,
        DecisionRow,
        f"""where decision_id in (
              select r.decision_id from {schema}.reminder r
               where r.status = 'requested' and r.position > $1 and not exists (
                 select from encours_effects.attempt a where a.ledger = $3 and a.reminder_id = r.reminder_id
                    and a.state = 'deferred' and a.next_try_at > now())
               order by r.position limit $2) order by position""",
        effects_from,
        _BATCH,
        ledger,
    )
    if not decisions:
        return []
    customers = {
        row.customer_id: row
        for row in await select(
            conn, schema, CustomerRow, "where customer_id = any($1)", [d.customer_id for d in decisions]
        )
    }
    known = await creditors(conn, schema)
    outgoing = []
    for row in decisions:
        event = document_of(row)
        assert isinstance(event, ReminderRequested)
        outgoing.append(Outgoing(event, customers[row.customer_id], known[row.entity_id]))
    return outgoing
