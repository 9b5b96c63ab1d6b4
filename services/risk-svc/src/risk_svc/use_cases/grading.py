"""Grades of customers, decided as a day opens, and from the first activation of a model on as money or invoices move.

Until then the model that Encours ships grades once a day: nobody waits for it within seconds, and a ledger with few
customers has nothing to do between two days.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import structlog

from encours.contracts import Recorded
from encours.contracts.actors import RISK
from encours.contracts.events.score import STREAM
from encours.contracts.parties import Survivors
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.kernel.tasks import all_of
from encours.ledger import Ledger
from encours.ledger.command import derived
from encours.ledger.execute import execute
from encours.projection.read_model import Conn
from encours.reading.merges import survivors
from encours.reading.read_db import ReadDb, ReadModelNotReady
from encours.service.calendar import day_elsewhere
from risk_svc.domain.score import grading
from risk_svc.domain.score.history import PayerHistory
from risk_svc.domain.score.model import PaymentModel
from risk_svc.domain.score.versions import ModelUse, ScoreModels
from risk_svc.read_models.credit.grades import ageing_on, graded_since, last_grades, moved_between
from risk_svc.read_models.credit.grading_marks import GradingMarks
from risk_svc.read_models.credit.payers import CUSTOMERS_AT_ONCE, all_histories, payer_histories
from risk_svc.read_models.credit.standing import entities
from risk_svc.use_cases.follower import Follower
from risk_svc.use_cases.grades import GRADE, grade_customer
from risk_svc.use_cases.reacting import TRANSIENT, perform
from risk_svc.use_cases.score_models import SCORE_MODELS

log = structlog.get_logger("risk_svc.grading")


Run = Callable[[grading.GradeCustomer, str, date], Awaitable[None]]
"""Runs the command of one customer, of an entity on its day."""


class GradesOfDay:
    """Grades customers as a day opens: those whose figures the day before or the day itself may have changed.

    The day after an activation it grades all. A repetition of the day's event changes nothing.
    """

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    async def open_day(self, e: Recorded, day: date) -> None:
        """Grade the customers of each entity on its day, by the model in use."""
        models = await models_of(self._ledger, e.ledger, e.position)

        async def run(command: grading.GradeCustomer, entity_id: str, own: date) -> None:
            await perform(self._ledger, e, own, command.customer_id, grade_customer, command, entity_id)

        since = await self._opened_before(e)
        if models.activation is not None and models.activation.position > since:
            await grade_all(self._ledger, self._db, e.ledger, day, models.model, run)
            return
        zone = (await self._ledger.info(e.ledger)).time_zone
        async with self._db.snapshot("credit", e.ledger) as (conn, schema, position):
            found = await entities(conn, schema)
            moved = await moved_between(
                conn, schema, await survivors(conn, schema, day, position), after=since, upto=position
            )
        for entity_id in found:
            own = day_elsewhere(day, zone, await self._ledger.zone_of(e.ledger, entity_id) or zone)
            async with self._db.snapshot("credit", e.ledger) as (conn, schema, _):
                merged = await survivors(conn, schema, own, position)
                ageing = await ageing_on(conn, schema, merged, entity_id, day=own, position=position)
            some = _Some(entity_id, own, sorted({*moved.get(entity_id, ()), *ageing}), merged)
            await _grade_some(self._ledger, self._db, e.ledger, some, position, models.model, run)

    async def _opened_before(self, e: Recorded) -> int:
        """Return the position of the opening before this one; 0 for the first."""
        opened = await self._ledger.read_stream(
            e.ledger, e.stream, after_version=e.version - 2, upto=e.position - 1
        )
        return opened[-1].position if opened else 0


class GradePayers(Follower):
    """Follows the read model of each ledger: grades customers whose invoices or money moved, all after an activation.

    From the first activation on, the end of each look is stored: what moved while no worker ran is graded as the next
    one starts, and a grading of all that was interrupted is done again, which finds the grades that are there.
    """

    kind = "grades"

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        super().__init__(ledger, db)
        self._marks = GradingMarks(db.pool)

    async def look(self, name: str) -> None:
        """Grade the customers of a ledger that moved since the last look, or all after an activation."""
        epoch = (await self._ledger.info(name)).epoch
        today = await self._ledger.today(name)
        try:
            async with self._db.snapshot("credit", name) as (conn, schema, position):
                models = await models_of(self._ledger, name, position)
                since = self._seen.get((name, epoch))
                if since is None:
                    since = await self._before(conn, schema, name, epoch, position, models.activation)
        except ReadModelNotReady:
            return
        if (active := models.activation) is not None:
            run = self._run(name, position)
            if active.position > since:
                await self._marks.note(name, epoch, since)
                await grade_all(self._ledger, self._db, name, today, models.model, run)
            else:
                await self._moved(name, today, models.model, run, since, position)
            await self._marks.note(name, epoch, position)
        self._seen[name, epoch] = position

    async def _before(
        self, conn: Conn, schema: str, name: str, epoch: int, position: int, active: ModelUse | None
    ) -> int:
        """Return the position at which the looks of an earlier worker ended.

        Where none is stored, all is looked at if no grade followed the activation, as a copy of a ledger has grades.
        """
        if active is None:
            return position
        stored = await self._marks.of(name, epoch)
        if stored is None:
            return position if await graded_since(conn, schema, active.position) else 0
        return stored

    async def _moved(
        self, name: str, today: date, model: PaymentModel, run: Run, since: int, upto: int
    ) -> None:
        async with self._db.snapshot("credit", name) as (conn, schema, _):
            merged = await survivors(conn, schema, today, upto)
            moved = await moved_between(conn, schema, merged, after=since, upto=upto)
        zone = (await self._ledger.info(name)).time_zone
        for entity_id, debtors in moved.items():
            own = day_elsewhere(today, zone, await self._ledger.zone_of(name, entity_id) or zone)
            some = _Some(entity_id, own, debtors, merged)
            await _grade_some(self._ledger, self._db, name, some, upto, model, run)

    def _run(self, name: str, position: int) -> Run:
        async def run(command: grading.GradeCustomer, entity_id: str, day: date) -> None:
            key = derived_uuid("grade", name, command.customer_id, position)
            meta = derived(name, key, actor=RISK, today=day)
            try:
                await execute(self._ledger, meta, grade_customer, command, entity_id)
            except TRANSIENT:
                raise
            except DomainError as refusal:
                log.warning("customer not graded", id=command.customer_id, error=str(refusal))

        return run


async def models_of(ledger: Ledger, name: str, position: int) -> ScoreModels:
    """Return the versions of the payment model at a position."""
    return SCORE_MODELS.fold(await ledger.read_stream(name, STREAM, upto=position))


async def grade_all(ledger: Ledger, db: ReadDb, name: str, day: date, model: PaymentModel, run: Run) -> None:
    """Grade all customers of a ledger, by entity, each on its entity's day."""
    zone = (await ledger.info(name)).time_zone
    async with db.snapshot("credit", name) as (conn, schema, position):
        found = await entities(conn, schema)
    for entity_id in found:
        own = day_elsewhere(day, zone, await ledger.zone_of(name, entity_id) or zone)
        async for histories in all_histories(db, name, as_of=own, position=position, entity_id=entity_id):
            due = await _due(db, name, histories, own, position, model)
            await _record(ledger, name, due, entity_id, own, run)


@dataclass(frozen=True, slots=True)
class _Some:
    """Debtors of an entity, on its day."""

    entity_id: str
    day: date
    debtors: Sequence[str]
    merged: Survivors


async def _grade_some(
    ledger: Ledger, db: ReadDb, name: str, some: _Some, position: int, model: PaymentModel, run: Run
) -> None:
    """Grade some customers by what was known at a position, page by page."""
    for first in range(0, len(some.debtors), CUSTOMERS_AT_ONCE):
        page = some.debtors[first : first + CUSTOMERS_AT_ONCE]
        async with db.snapshot("credit", name) as (conn, schema, _):
            histories = await payer_histories(
                conn, schema, page, some.merged, as_of=some.day, position=position
            )
        due = await _due(db, name, histories, some.day, position, model)
        await _record(ledger, name, due, some.entity_id, some.day, run)


async def _due(
    db: ReadDb,
    name: str,
    histories: Mapping[str, PayerHistory],
    day: date,
    position: int,
    model: PaymentModel,
) -> list[grading.GradeCustomer]:
    """Return the commands of the customers whose grade is another than the last one."""
    async with db.snapshot("credit", name) as (conn, schema, _):
        known = await last_grades(conn, schema, list(histories))
    forecasts = (
        (each, model.forecast_at_end_of(payer, day.toordinal())) for each, payer in histories.items()
    )
    return [
        grading.GradeCustomer(customer_id, forecast, position)
        for customer_id, forecast in forecasts
        if forecast.level.known and forecast.grade != known.get(customer_id)
    ]


async def _record(
    ledger: Ledger, name: str, due: Sequence[grading.GradeCustomer], entity_id: str, day: date, run: Run
) -> None:
    """Run the commands of a page side by side, so that the ledger stores them in groups, which others' appends join."""
    await ledger.preload(name, {grading.grade_of(each.customer_id): GRADE for each in due})
    await all_of(run(each, entity_id, day) for each in due)
