"""Commands on placements, and the tasks to tell partners what they have to know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from dunning_svc.domain.hold.state import DEBTOR, DebtorMerged
from dunning_svc.domain.placement.account import News, account_of
from dunning_svc.domain.placement.commands import (
    OpenTask,
    PlaceableDebtor,
    PlaceableInvoice,
    PlaceInvoices,
    RecallInvoices,
)
from dunning_svc.domain.placement.decide import place, recall, tasks_to_close
from dunning_svc.domain.placement.state import PLACEMENT, Placement
from dunning_svc.domain.task.state import TASK
from dunning_svc.read_models.cases.current import current_cases
from dunning_svc.read_models.cases.fold import placements
from dunning_svc.read_models.cases.fold.items import steps_taken
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.legal import PlacementRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from encours.contracts import Recorded
from encours.contracts.actors import DUNNING
from encours.contracts.events.dunning.reminders import TaskRaised
from encours.kernel.ids import derived_uuid
from encours.kernel.money import money_text
from encours.ledger import Ledger
from encours.ledger.command import Result, derived
from encours.ledger.execute import execute
from encours.ledger.merges import survivor
from encours.ledger.session import Session
from encours.reading.moment import WAIT_S, PositionNotReached
from encours.reading.read_db import ReadDb

_CAUSE_MAX = 1_000


class PlaceableDebtors:
    """Looks debtors up at the ledger's head."""

    def __init__(self, ledger: Ledger, db: ReadDb, name: str) -> None:
        self._ledger, self._db, self._name = ledger, db, name

    async def find(self, customer_id: str, invoice_ids: Sequence[str], today: date) -> PlaceableDebtor:
        """Return a debtor with these invoices, as far as they are its own.

        Raises ``position-not-reached`` if the read model lags: the debtor or its creditor may be new.
        """
        head = await self._ledger.head(self._name)
        if not await self._db.wait_for(MODEL, self._name, head.position, timeout=WAIT_S):
            raise PositionNotReached(MODEL, head.position)
        named = {customer_id: set(invoice_ids)}
        rows, _ = await current_cases(self._ledger, self._db, self._name, named, today)
        records = rows.survivors(today).records(customer_id)
        async with self._db.snapshot(MODEL, self._name) as (conn, schema, _):
            tasks = await placements.open_tasks(conn, schema, records)
        return debtor_of(rows, customer_id, records, tasks)


def debtor_of(
    rows: MemoryRows, customer_id: str, records: Collection[str], tasks: Sequence[OpenTask] = ()
) -> PlaceableDebtor:
    """Return a debtor with the invoices of all its records, and the number of placements under its own."""
    recalled = placements.recall_days(rows.all(PlacementRow))
    return PlaceableDebtor(
        customer_id=customer_id,
        invoices={
            row.invoice_id: _placeable(row, recalled.get(row.invoice_id))
            for row in rows.all(ItemRow)
            if row.customer_id in records
        },
        placements=sum(row.customer_id == customer_id for row in rows.all(PlacementRow)),
        open_tasks=tuple(tasks),
    )


def _placeable(row: ItemRow, recalled_on: date | None) -> PlaceableInvoice:
    notices = [
        taken.on
        for taken in steps_taken(row)
        if taken.step and taken.step.act == "registered_letter" and taken.reached
    ]
    return PlaceableInvoice(
        number=row.number,
        entity_id=row.entity_id,
        currency=row.currency,
        issued_on=row.issued_on,
        due_on=row.due_on,
        open_minor=row.open_minor,
        disputed_minor=row.disputed_minor,
        notice_on=max(notices, default=None),
        placement_id=row.placement_id,
        recalled_on=recalled_on,
        title_id=row.title_id,
    )


async def place_invoices(
    session: Session, cmd: PlaceInvoices, debtors: PlaceableDebtors, notice_required: bool
) -> Result:
    """Hand invoices of a debtor over, and complete the tasks that ask for them alone."""
    await session.get(DEBTOR, cmd.customer_id)
    survivor_id, _ = await survivor(session, DEBTOR, cmd.customer_id, session.today)
    if survivor_id != cmd.customer_id:
        raise DebtorMerged(cmd.customer_id, survivor_id)
    known = await session.ask(debtors.find, cmd.customer_id, cmd.invoice_ids, session.today)
    made = place(known, cmd, session.today, notice_required=notice_required)
    entity = known.invoices[made.invoices[0].invoice_id].entity_id
    session.begin(made.placement_id)
    session.emit(made.placement_id, made, entity=entity, effective_on=made.handed_over_on)
    for done in tasks_to_close(known, cmd.invoice_ids):
        task = await session.load(TASK, done.task_id)
        if task.outcome is None:
            session.emit(done.task_id, done, entity=task.entity_id)
    return session.result(made.placement_id)


async def recall_invoices(session: Session, cmd: RecallInvoices) -> Result:
    """Take invoices back from a partner."""
    state = await session.get(PLACEMENT, cmd.placement_id)
    for event in recall(state, cmd, session.today):
        session.emit(cmd.placement_id, event, entity=state.entity_id, effective_on=event.recalled_on)
    return session.result(cmd.placement_id)


class PartnerTasks:
    """Raises a task per placement for what its partner has to know since the last run."""

    def __init__(self, ledger: Ledger, db: ReadDb) -> None:
        self._ledger = ledger
        self._db = db

    async def raise_all(self, e: Recorded) -> None:
        """Raise the tasks of a day that was opened. A repetition has the same command ids."""
        async with self._db.snapshot(MODEL, e.ledger) as (conn, schema, _):
            since = await placements.last_run_before(conn, schema, e.position)
            items = await placements.items_with_news(conn, schema, since)
            rows = await placements.placements_by_id(
                conn, schema, sorted({item.placement_id for item in items if item.placement_id})
            )
        for row in rows:
            await self._raise(e, row, [i for i in items if i.placement_id == row.placement_id], since)

    async def _raise(self, e: Recorded, row: PlacementRow, items: Sequence[ItemRow], since: int) -> None:
        streams = await self._ledger.read_streams(
            e.ledger, [row.placement_id, *(item.invoice_id for item in items)], upto=e.position
        )
        state = PLACEMENT.fold(streams.pop(row.placement_id))
        news = [each for each in account_of(state, streams.values()).news if each.position > since]
        if not news:
            return
        key = derived_uuid("placement news", e.ledger, e.event_id, row.placement_id)
        day = await self._ledger.today_of(e.ledger, row.entity_id)
        event = partner_task(state, news, {item.invoice_id: item.number for item in items}, key.hex, day)
        meta = derived(e.ledger, key, actor=DUNNING, today=day, because_of=e)
        await execute(self._ledger, meta, _emit_task, event, row.entity_id)


async def _emit_task(session: Session, event: TaskRaised, entity_id: str) -> None:
    session.emit(event.task_id, event, entity=entity_id)


def partner_task(
    state: Placement, news: Sequence[News], numbers: Mapping[str, str], key: str, day: date
) -> TaskRaised:
    """Return the task of telling the partner what happened to its invoices."""
    made = state.made
    assert made is not None
    told = "; ".join(_in_words(each, numbers[each.invoice_id], made.currency) for each in news)
    file = f" (file {made.partner.reference})" if made.partner.reference else ""
    return TaskRaised(
        task_id=f"tsk_{key}",
        customer_id=made.customer_id,
        day=day,
        kind="placement",
        cause=f"Tell {made.partner.name}{file}: {told}."[:_CAUSE_MAX],
        currency=made.currency,
        amount_minor=sum(each.amount_minor for each in news),
        invoice_ids=tuple(dict.fromkeys(each.invoice_id for each in news)),
        reminder_id=None,
        reply_id=None,
    )


def _in_words(news: News, number: str, currency: str) -> str:
    sum_ = money_text(news.amount_minor, currency, "en")
    match news.kind:
        case "credited":
            return f"{sum_} of {number} credited on {news.on}"
        case "disputed":
            return f"{sum_} of {number} disputed on {news.on}"
        case "dispute_ended":
            return f"the dispute of {sum_} of {number} ended on {news.on}"
