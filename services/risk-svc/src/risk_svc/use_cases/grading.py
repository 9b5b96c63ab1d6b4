"""Grades of customers, decided as a day opens, when money or invoices move, and when a model is put in use.

They begin with the first activation of a model in the ledger: before, nobody has said that its grades are good.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date

import structlog

from encours.contracts import Recorded
from encours.contracts.actors import RISK
from encours.contracts.events.score import STREAM
from encours.kernel.errors import DomainError
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import derived
from encours.ledger.execute import execute
from encours.postgres.connection import FAILED
from encours.projection.read_model import Conn
from encours.reading.merges import survivors
from encours.reading.read_db import ReadDb, ReadModelNotReady
from encours.service.calendar import day_elsewhere
from risk_svc.domain.score import grading
from risk_svc.domain.score.history import PayerHistory
from risk_svc.domain.score.model import PaymentModel
from risk_svc.domain.score.versions import ScoreModels
from risk_svc.read_models.credit.grades import graded_since, last_grades, moved_between
from risk_svc.read_models.credit.payers import all_histories, payer_histories
from risk_svc.read_models.credit.standing import entities
from risk_svc.use_cases.grades import grade_customer
from risk_svc.use_cases.reacting import TRANSIENT, perform
from risk_svc.use_cases.score_models import SCORE_MODELS

LOOK_S = 0.5
PAUSE_S = 1.0
"""Pause after a fault, so that the database can restart."""

log = structlog.get_logger("risk_svc.grading")


Run = Callable[[grading.GradeCustomer, date], Awaitable[None]]
"""Runs the command of one customer on a day of its entity."""


class GradesOfDay:
    """Grades all customers as a day opens. A repetition of the day's event changes nothing."""

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    async def open_day(self, e: Recorded, day: date) -> None:
        """Grade the customers of each entity on its day, by the model in use."""
        models = await models_of(self._ledger, e.ledger, e.position)
        if models.activation is None:
            return

        async def run(command: grading.GradeCustomer, own: date) -> None:
            await perform(self._ledger, e, own, command.customer_id, grade_customer, command)

        await grade_all(self._ledger, self._db, e.ledger, day, models.model, run)


class GradePayers:
    """Follows the read model of each ledger: grades customers whose invoices or money moved, all after an activation.

    What moved while no worker ran is graded as the next day opens; an activation that no grade has followed, at once.
    """

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db
        self._seen: dict[str, int] = {}
        """Position up to which changes were looked at, by ledger."""

    async def run(self) -> None:
        """Look for changes until cancelled."""
        while True:
            try:
                for info in await self._ledger.ledgers():
                    position = self._db.position("credit", info.name)
                    if position is not None and position > self._seen.get(info.name, -1):
                        await self.look(info.name)
                await asyncio.sleep(LOOK_S)
            except (*FAILED, DomainError) as fault:
                log.warning("grades wait", error=str(fault))
                await asyncio.sleep(PAUSE_S)

    async def look(self, name: str) -> None:
        """Grade the customers of a ledger that moved since the last look; the first look, after an activation alone."""
        today = await self._ledger.today(name)
        try:
            async with self._db.snapshot("credit", name) as (conn, schema, position):
                since = self._seen.get(name)
                models = await models_of(self._ledger, name, position)
                active = models.activation
                if active is None or (since is None and await graded_since(conn, schema, active.position)):
                    self._seen[name] = position
                    return
                if since is not None and active.position <= since:
                    await self._moved(conn, schema, name, today, models.model, since, position)
        except ReadModelNotReady:
            return
        if since is None or active.position > since:
            await grade_all(self._ledger, self._db, name, today, models.model, self._run(name, position))
        self._seen[name] = position

    async def _moved(
        self, conn: Conn, schema: str, name: str, today: date, model: PaymentModel, since: int, upto: int
    ) -> None:
        merged = await survivors(conn, schema, today, upto)
        zone = (await self._ledger.info(name)).time_zone
        for entity_id, debtors in (await moved_between(conn, schema, merged, after=since, upto=upto)).items():
            own = day_elsewhere(today, zone, await self._ledger.zone_of(name, entity_id) or zone)
            histories = await payer_histories(conn, schema, debtors, merged, as_of=own, position=upto)
            await _grade(conn, schema, histories, own, upto, model, self._run(name, upto))

    def _run(self, name: str, position: int) -> Run:
        async def run(command: grading.GradeCustomer, day: date) -> None:
            key = derived_uuid("grade", name, command.customer_id, position)
            try:
                await execute(
                    self._ledger, derived(name, key, actor=RISK, today=day), grade_customer, command
                )
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
        for entity_id in await entities(conn, schema):
            own = day_elsewhere(day, zone, await ledger.zone_of(name, entity_id) or zone)
            pages = all_histories(conn, schema, as_of=own, position=position, entity_id=entity_id)
            async for histories in pages:
                await _grade(conn, schema, histories, own, position, model, run)


async def _grade(
    conn: Conn,
    schema: str,
    histories: Mapping[str, PayerHistory],
    day: date,
    position: int,
    model: PaymentModel,
    run: Run,
) -> None:
    known = await last_grades(conn, schema, list(histories))
    for customer_id, payer in histories.items():
        forecast = model.forecast_at_end_of(payer, day.toordinal())
        if forecast.level.known and forecast.grade != known.get(customer_id):
            await run(grading.GradeCustomer(customer_id, forecast, position), day)
