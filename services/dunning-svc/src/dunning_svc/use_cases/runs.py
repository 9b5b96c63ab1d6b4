"""The run of a day: decide every case with a due step once, and pass its reminders to the outbox.

A case is decided for the day that its creditor has, in its own zone, when the ledger's day opens: nothing is claimed
before that day has begun there.

It reacts to ``calendar.day_opened`` with the read model at exactly that event. So a repetition yields the same
decisions under the same command ids.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol
from uuid import UUID

import structlog
from msgspec.structs import replace

from dunning_svc.domain.ladder.decision import Decision
from dunning_svc.domain.ladder.events import DecisionEvent, approval_task, as_event, decision_key, stream_of
from dunning_svc.domain.ladder.grouping import decisions_of, in_units
from dunning_svc.domain.ladder.state import Case
from dunning_svc.read_models.cases.debtors import creditors
from dunning_svc.read_models.cases.due import DueCases, Unserved, due_pages
from dunning_svc.read_models.cases.fold.templates import template_rows, templates_of
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.query import run_of
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.alerts import DayAlerts
from dunning_svc.use_cases.approvals import settle_approvals
from dunning_svc.use_cases.claims import PROCEEDINGS, ClaimTasks
from dunning_svc.use_cases.experiments import assign_customers, watch_experiments
from dunning_svc.use_cases.legal.titles import end_titles
from dunning_svc.use_cases.messages import Texts
from dunning_svc.use_cases.placements import PartnerTasks
from dunning_svc.use_cases.promises import judge_promises
from dunning_svc.use_cases.thanks import DayThanks
from encours.contracts import Event, Recorded
from encours.contracts.actors import DUNNING
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.dunning.reminders import (
    ReminderRequested,
    ReminderSuppressed,
    RunCompleted,
    TaskOpened,
    TaskRaised,
)
from encours.kernel.errors import Refusal
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import Result, derived
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.projection.read_model import Reactor
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere

log = structlog.get_logger()
HANDED_ON_MAX = 2_000
"""Most reminders of a run that are handed to the outbox directly; those of a larger run it reads in the read model."""


@dataclass(frozen=True, slots=True)
class Run:
    """Decisions of a day, counted by kind. ``day_event`` is the event that opened the day."""

    ledger: str
    day: date
    day_event: UUID
    entity: str
    requested: int
    suppressed: int
    tasks: int


@dataclass(frozen=True, slots=True)
class OutgoingReminder:
    """A reminder to dispatch, with its sender and its addressee."""

    event: ReminderRequested
    customer: DebtorRow
    creditor: CreditorRow
    thread: str | None = None
    """Message-ID of the first e-mail to the debtor from the creditor."""
    texts: Texts = field(default_factory=Texts)


@dataclass(frozen=True, slots=True)
class RunBatch:
    """A run with all its reminders."""

    run: Run
    reminders: Sequence[OutgoingReminder]


class HandedOn:
    """Reminders of a run for the outbox. Beyond :data:`HANDED_ON_MAX` none is kept: memory is bounded."""

    def __init__(self) -> None:
        self._reminders: list[OutgoingReminder] | None = []

    def add(self, more: Iterable[OutgoingReminder]) -> None:
        """Add the reminders of some customers."""
        if self._reminders is None:
            return
        self._reminders += more
        if len(self._reminders) > HANDED_ON_MAX:
            self._reminders = None

    def batch(self, run: Run) -> RunBatch | None:
        """Return the run with all its reminders; None if there are too many."""
        return None if self._reminders is None else RunBatch(run, self._reminders)


class ReminderQueue(Protocol):
    """Dispatches the reminders of runs and completes the runs."""

    def enqueue(self, batch: RunBatch) -> bool:
        """Accept the batch, unless another process dispatches for its ledger and finds it in the read model."""
        ...


class RunDay(Reactor):
    """Decides on ``calendar.day_opened``; the tasks of declaring claims follow insolvency proceedings."""

    types = frozenset({DayOpened.TYPE}) | PROCEEDINGS

    def __init__(self, ledger: Ledger, db: ReadDb, queue: ReminderQueue) -> None:
        self._ledger = ledger
        self._db = db
        self._queue = queue
        self._claims = ClaimTasks(ledger, db)
        self._partners = PartnerTasks(ledger, db)
        self._thanks = DayThanks(ledger, db)
        self._alerts = DayAlerts(ledger, db)

    async def react(self, e: Recorded) -> None:
        """Judge promises and decide the day. A day that had passed when it was opened gets no decisions."""
        if e.type in PROCEEDINGS:
            await self._claims.follow(e)
            return
        assert isinstance(e.data, DayOpened)
        if await self._ledger.find_command(e.ledger, completion_id(e.ledger, e.event_id)):
            return
        zone = (await self._ledger.info(e.ledger)).time_zone
        for each in await judge_promises(self._ledger, self._db, e, zone):
            await self._raise_task(e, each)
        await settle_approvals(self._ledger, self._db, e, zone)
        if e.data.late:
            await complete_run(self._ledger, _run(e, Counter()), 0)
            return
        await self._claims.warn(e)
        await self._partners.raise_all(e)
        await end_titles(self._ledger, self._db, e)
        await self._thanks.decide(e, zone)
        await self._alerts.decide(e, zone)
        async with self._db.snapshot(MODEL, e.ledger) as (conn, schema, position):
            zones = {creditor.time_zone for creditor in (await creditors(conn, schema)).values()}
            latest = max((day_elsewhere(e.data.day, zone, other) for other in zones), default=e.data.day)
            texts = Texts(templates_of(await template_rows(conn, schema)), position)
            kinds: Counter[type[DecisionEvent]] = Counter()
            handed_on = HandedOn()
            await watch_experiments(self._ledger, e, conn, schema)
            async for due in due_pages(conn, schema, latest):
                await assign_customers(self._ledger, e, due.cases, due.policies)
                decided, unserved = decide_all(due, e, zone)
                await asyncio.gather(
                    *(self._append(e, d, event) for d, event in decided),
                    *(self._raise_task(e, each) for each in unserved),
                )
                kinds.update(type(event) for _, event in decided)
                handed_on.add(_outgoing(due, decided, texts))
        run = _run(e, kinds)
        if not run.requested:
            await complete_run(self._ledger, run, 0)
        elif (batch := handed_on.batch(run)) is not None:
            self._queue.enqueue(batch)

    async def _append(self, e: Recorded, decision: Decision, event: DecisionEvent) -> None:
        meta = derived(e.ledger, key_of(decision, e), actor=DUNNING, today=decision.day, because_of=e)
        await execute(self._ledger, meta, _emit_decision, event, decision.entity_id)

    async def _raise_task(self, e: Recorded, unserved: Unserved) -> None:
        """Open a task for a customer that was not served, once for a cause."""
        group = (unserved.customer_id, unserved.entity_id, unserved.currency)
        key = derived_uuid("dunning unserved", e.ledger, *group, unserved.cause)
        event = _unserved_task(e, unserved, key)
        meta = derived(e.ledger, key, actor=DUNNING, today=event.day, because_of=e)
        await execute(self._ledger, meta, _emit, event.task_id, event, unserved.entity_id)


def _unserved_task(e: Recorded, unserved: Unserved, key: UUID) -> TaskRaised:
    assert isinstance(e.data, DayOpened)
    return TaskRaised(
        task_id=f"tsk_{key.hex}",
        customer_id=unserved.customer_id,
        day=e.data.day,
        kind="unserved",
        cause=unserved.cause,
        currency=unserved.currency,
        amount_minor=0,
        invoice_ids=(),
        reminder_id=None,
        reply_id=None,
    )


def decide_all(
    due: DueCases, e: Recorded, time_zone: str
) -> tuple[list[tuple[Decision, DecisionEvent]], list[Unserved]]:
    """Return every decision of the day with its event, and the customers for whom a fault prevents any.

    ``time_zone`` is the ledger's. One customer that cannot be served never stops the others.
    """
    assert isinstance(e.data, DayOpened)
    decided: list[tuple[Decision, DecisionEvent]] = []
    unserved = list(due.unreadable)

    def day_of(case: Case) -> date:
        assert isinstance(e.data, DayOpened)
        return day_elsewhere(e.data.day, time_zone, due.creditors[case.entity_id].time_zone)

    def failed(case: Case, error: Exception) -> None:
        log.error("run.customer_unserved", ledger=e.ledger, customer_id=case.customer_id, exc_info=error)
        unserved.append(Unserved.of((case.customer_id, case.entity_id, case.currency), error))

    for unit in in_units(due.cases, day_of, due.policies, failed):
        try:
            for decision in decisions_of(unit, day_of(unit.cases[0]), due.policies, e.position):
                decided.append((decision, as_event(decision, key_of(decision, e))))
        except Exception as error:  # whatever the fault is, the other customers are served
            for case in unit.cases:
                failed(case, error)
    return decided, unserved


def key_of(decision: Decision, e: Recorded) -> UUID:
    """Return the id of a decision of the day that an event opened."""
    group = decision.customer_id, decision.entity_id, decision.currency
    return decision_key(e.ledger, e.event_id, *group, decision.part)


def _outgoing(
    due: DueCases, decided: Iterable[tuple[Decision, DecisionEvent]], texts: Texts
) -> Iterator[OutgoingReminder]:
    for decision, event in decided:
        if isinstance(event, ReminderRequested) and event.approval is None:
            addressee, creditor = due.customers[decision.addressee_id], due.creditors[decision.entity_id]
            yield OutgoingReminder(event, addressee, creditor, texts=texts)


def _run(e: Recorded, kinds: Counter[type[DecisionEvent]]) -> Run:
    assert isinstance(e.data, DayOpened)
    return Run(
        ledger=e.ledger,
        day=e.data.day,
        day_event=e.event_id,
        entity=e.entity,
        requested=kinds[ReminderRequested],
        suppressed=kinds[ReminderSuppressed],
        tasks=kinds[TaskOpened],
    )


def completion_id(ledger: str, day_event: UUID) -> UUID:
    """Return the id of the command that completes a day's run; the same in every process."""
    return derived_uuid("dunning run completed", ledger, day_event)


async def complete_run(ledger: Ledger, run: Run, pending: int) -> None:
    """Append ``reminder.run_completed``. A repetition changes nothing, even with other counts."""
    command_id = completion_id(run.ledger, run.day_event)
    event = RunCompleted(
        day=run.day, requested=run.requested, suppressed=run.suppressed, tasks=run.tasks, pending=pending
    )
    meta = derived(run.ledger, command_id, actor=DUNNING, today=run.day)
    meta = replace(meta, causation_id=run.day_event)
    await execute(ledger, meta, _emit, run_stream(run.day), event, run.entity)


async def _emit_decision(session: Session, event: DecisionEvent, entity_id: str) -> None:
    session.emit(stream_of(event), event, entity=entity_id)
    if (task := approval_task(event)) is not None:
        session.emit(task.task_id, task, entity=entity_id)


async def _emit(session: Session, stream: str, event: Event, entity_id: str) -> None:
    session.emit(stream, event, entity=entity_id)


def run_stream(day: date) -> str:
    """Return the stream of a day's run."""
    return f"dunning-{day}"


class DayNotOpened(Refusal):
    """The calendar has not opened the day."""

    code = "day-not-opened"
    title = "Day has not been opened"
    remedy = "For a preview of the day, use dry_run=true."


class RunResult(Result, frozen=True, kw_only=True):
    """The run of a day at the time of the command."""

    day: date
    status: Literal["open", "completed"]
    late: bool
    requested: int
    suppressed: int
    tasks: int
    pending: int


async def find_run(session: Session, day: date, db: ReadDb) -> RunResult:
    """Return the run of a day. Runs start automatically, so this changes nothing."""
    row = await session.ask(run_of, db, session.meta.ledger, day, session.meta.entities)
    if row is None:
        raise DayNotOpened(f"{day} has not been opened. Its run starts automatically when it opens.")
    return RunResult(
        id=run_stream(day),
        as_of=session.today,
        day=day,
        status="open" if row.completed_position is None else "completed",
        late=row.late,
        requested=row.requested,
        suppressed=row.suppressed,
        tasks=row.tasks,
        pending=row.pending,
    )
