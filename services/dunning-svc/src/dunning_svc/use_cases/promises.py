"""Commands on promises, and their judgment on each day."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from dunning_svc.domain.hold.state import DEBTOR
from dunning_svc.domain.promise import decide
from dunning_svc.domain.promise.commands import MakePromise, PromiseBasis, WithdrawPromise
from dunning_svc.domain.promise.decide import Promising, Received
from dunning_svc.domain.promise.refusals import PromisedInvoiceNotFound
from dunning_svc.domain.promise.state import PROMISE
from dunning_svc.read_models.cases.debtors import creditors
from dunning_svc.read_models.cases.due import Unserved
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.promises.judging import PromiseToJudge, to_judge, unjudged
from encours.contracts import Recorded
from encours.contracts.actors import DUNNING
from encours.contracts.events.calendar import DayOpened
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import Result, derived
from encours.ledger.errors import LedgerUnavailable, VersionConflict
from encours.ledger.execute import execute
from encours.ledger.session import Session
from encours.postgres.connection import FAILED
from encours.reading.moment import Granted
from encours.reading.read_db import ReadDb
from encours.service.calendar import day_elsewhere


class Debts(Protocol):
    """Queries on what is owed."""

    async def promise_basis(
        self, invoice_ids: Sequence[str], day: date, granted: Granted = None
    ) -> PromiseBasis:
        """Return the basis of a promise for invoices; those that are not issued, or not granted, are left out."""
        ...


async def basis_of(session: Session, debts: Debts, invoice_ids: Sequence[str]) -> Promising | None:
    """Return the basis of a promise for invoices, with the promises made before; None if none of them is issued."""
    if not invoice_ids:
        return None
    basis = await session.ask(debts.promise_basis, invoice_ids, session.today, session.meta.entities)
    if not basis.invoices:
        return None
    made = dict.fromkeys(promise_id for each in basis.invoices for promise_id in each.promises)
    return Promising(basis, [await session.load(PROMISE, promise_id) for promise_id in made])


async def make_promise(session: Session, command: MakePromise, debts: Debts) -> Result:
    """Record a promise; open ones for the same invoices are replaced."""
    promising = await basis_of(session, debts, command.invoice_ids)
    if promising is None:
        raise PromisedInvoiceNotFound("None of these is an issued invoice.", "/invoice_ids")
    first = promising.basis.invoices[0]
    await session.get(DEBTOR, first.customer_id)
    for stream, event in decide.make(command, promising, session.today):
        session.emit(stream, event, entity=first.entity_id)
    return session.result(command.promise_id)


async def withdraw_promise(session: Session, command: WithdrawPromise) -> Result:
    """End an open promise. Dunning of its invoices goes on with the next run."""
    state = await session.get(PROMISE, command.promise_id)
    for event in decide.withdraw(state, command):
        session.emit(command.promise_id, event, entity=state.entity_id)
    return session.result(command.promise_id)


async def judge_promises(ledger: Ledger, db: ReadDb, e: Recorded, time_zone: str) -> list[Unserved]:
    """Judge promises on the day that their creditors have when the ledger's day opens.

    The read model is exactly at that event, so a repetition yields the same. ``time_zone`` is the ledger's. Return the
    customers with a promise that cannot be judged because of a fault.
    """
    assert isinstance(e.data, DayOpened)
    async with db.snapshot(MODEL, e.ledger) as (conn, schema, _):
        days = {
            name: day_elsewhere(e.data.day, time_zone, row.time_zone)
            for name, row in (await creditors(conn, schema)).items()
        }
        found, unserved = await to_judge(conn, schema, max(days.values(), default=e.data.day))
    return unserved + await judge_all(ledger, e, found, days)


async def judge_all(
    ledger: Ledger, e: Recorded, found: Iterable[PromiseToJudge], days: Mapping[str, date]
) -> list[Unserved]:
    """Judge promises on the days of their creditors; return the customers with one that has a fault.

    An outage is no fault of a promise: it is raised, and the day's run is repeated.
    """
    assert isinstance(e.data, DayOpened)
    opened = e.data.day
    done = await asyncio.gather(*(_judge(ledger, e, each, days.get(each.group[1], opened)) for each in found))
    return [each for each in done if each is not None]


async def _judge(ledger: Ledger, e: Recorded, promise: PromiseToJudge, day: date) -> Unserved | None:
    key = derived_uuid("promise judged", e.ledger, e.event_id, promise.promise_id)
    meta = derived(e.ledger, key, actor=DUNNING, today=day, because_of=e)
    try:
        await execute(ledger, meta, _judged, promise.promise_id, promise.received)
    except (LedgerUnavailable, VersionConflict, *FAILED):
        raise
    except Exception as error:  # whatever the fault is, the others are judged
        return unjudged(promise.promise_id, promise.group, error)
    return None


async def _judged(session: Session, promise_id: str, received: Received) -> None:
    state = await session.load(PROMISE, promise_id)
    for event in decide.judge(state, received, session.meta.today):
        session.emit(promise_id, event, entity=state.entity_id, effective_on=session.meta.today)
