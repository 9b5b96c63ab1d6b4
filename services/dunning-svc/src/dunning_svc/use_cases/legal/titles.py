"""Commands on procedures for a title without a court, and their end by payment or insolvency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from dunning_svc.domain.hold.state import DEBTOR, DebtorMerged
from dunning_svc.domain.task.state import TASK
from dunning_svc.domain.title import decide
from dunning_svc.domain.title.commands import (
    ContestTitle,
    EndTitle,
    EnforceTitle,
    InvoiceStanding,
    RequestTitle,
    ServeTitle,
    TitleDebtor,
    TitleInvoice,
)
from dunning_svc.domain.title.decide import Emitted, TitleStepRefused
from dunning_svc.domain.title.state import TITLE, Title
from dunning_svc.read_models.cases.current import current_cases
from dunning_svc.read_models.cases.debtors import customers_of
from dunning_svc.read_models.cases.fold import titles
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.legal import TitleRow
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.read_models.cases.title_claims import title_claims
from encours.contracts import Recorded
from encours.contracts.actors import DUNNING
from encours.contracts.events.calendar import DayOpened
from encours.contracts.events.dunning.reminders import TaskCompleted
from encours.contracts.events.dunning.titles import TitleRequested
from encours.contracts.parties import Survivors, related
from encours.kernel.ids import derived_uuid
from encours.ledger import Ledger
from encours.ledger.command import Result, derived
from encours.ledger.execute import execute
from encours.ledger.merges import survivor
from encours.ledger.session import Session
from encours.legal.title import title_procedure
from encours.reading.merges import merges
from encours.reading.moment import WAIT_S, PositionNotReached
from encours.reading.read_db import ReadDb


class TitleDebtors:
    """Looks debtors up at the ledger's head."""

    def __init__(self, ledger: Ledger, db: ReadDb, name: str) -> None:
        self._ledger, self._db, self._name = ledger, db, name

    async def find(self, customer_id: str, invoice_ids: Sequence[str], today: date) -> TitleDebtor:
        """Return a debtor with its open invoices. Raises ``position-not-reached`` if the read model lags."""
        head = await self._ledger.head(self._name)
        if not await self._db.wait_for(MODEL, self._name, head.position, timeout=WAIT_S):
            raise PositionNotReached(MODEL, head.position)
        rows, _ = await current_cases(
            self._ledger, self._db, self._name, {customer_id: set(invoice_ids)}, today
        )
        return title_debtor(rows, customer_id, rows.survivors(today).records(customer_id), today)


def title_debtor(rows: MemoryRows, customer_id: str, records: Sequence[str], today: date) -> TitleDebtor:
    """Return a debtor with the open invoices of all its records, and the number of procedures under its own."""
    debtor = rows.get(DebtorRow, customer_id)
    return TitleDebtor(
        customer_id=customer_id,
        country=debtor.country if debtor else "",
        invoices={
            row.invoice_id: TitleInvoice(row.number, row.entity_id, claim)
            for row, claim in title_claims(rows, records, today)
        },
        creditor_countries={row.entity_id: row.country for row in rows.all(CreditorRow)},
        titles=sum(row.customer_id == customer_id for row in rows.all(TitleRow)),
    )


async def request_title(session: Session, cmd: RequestTitle, debtors: TitleDebtors) -> Result:
    """Request a title for invoices of a debtor. Raises :class:`DebtorMerged` for a record that was merged."""
    await session.get(DEBTOR, cmd.customer_id)
    survivor_id, _ = await survivor(session, DEBTOR, cmd.customer_id, session.today)
    if survivor_id != cmd.customer_id:
        raise DebtorMerged(cmd.customer_id, survivor_id)
    known = await session.ask(debtors.find, cmd.customer_id, cmd.invoice_ids, session.today)
    made = decide.request(known, cmd, session.today)
    session.begin(made.title_id)
    session.emit(made.title_id, made, entity=known.invoices[made.invoices[0].invoice_id].entity_id)
    return session.result(made.title_id)


async def serve_title(session: Session, cmd: ServeTitle, debtors: TitleDebtors) -> Result:
    """Record that the demand was served; its days are those of the procedure in force then."""
    state = await session.get(TITLE, cmd.title_id)
    assert state.requested is not None
    procedure = title_procedure(state.requested.rules.country, cmd.served_on)
    if procedure is None:
        raise TitleStepRefused(f"No procedure is on file for {cmd.served_on}.")
    known = await _claims_now(session, state.requested, debtors)
    return await _emit(
        session, cmd.title_id, state, decide.serve(state, cmd, procedure, known, session.today)
    )


async def contest_title(session: Session, cmd: ContestTitle) -> Result:
    """Record that the debtor contests, which ends the procedure."""
    state = await session.get(TITLE, cmd.title_id)
    return await _emit(session, cmd.title_id, state, decide.contest(state, cmd, session.today))


async def enforce_title(session: Session, cmd: EnforceTitle, debtors: TitleDebtors) -> Result:
    """Record that the title is enforceable."""
    state = await session.get(TITLE, cmd.title_id)
    assert state.requested is not None
    known = await _claims_now(session, state.requested, debtors)
    return await _emit(session, cmd.title_id, state, decide.enforce(state, cmd, known, session.today))


async def end_title(session: Session, cmd: EndTitle) -> Result:
    """End the procedure."""
    state = await session.get(TITLE, cmd.title_id)
    return await _emit(session, cmd.title_id, state, decide.end(state, cmd))


async def _claims_now(session: Session, requested: TitleRequested, debtors: TitleDebtors) -> TitleDebtor:
    """Return the debtor of a procedure as it is at the ledger's head."""
    invoice_ids = [each.invoice_id for each in requested.invoices]
    return await session.ask(debtors.find, requested.customer_id, invoice_ids, session.today)


async def _emit(session: Session, title_id: str, state: Title, emitted: Sequence[Emitted]) -> Result:
    for stream, event in await _without_done(session, emitted):
        session.emit(stream, event, entity=state.entity_id)
    return session.result(title_id)


async def _without_done(session: Session, emitted: Sequence[Emitted]) -> list[Emitted]:
    """Return the events without the completion of a task that a person has completed."""
    found = []
    for stream, event in emitted:
        if isinstance(event, TaskCompleted) and (await session.load(TASK, stream)).completed is not None:
            continue
        found.append((stream, event))
    return found


async def end_titles(ledger: Ledger, db: ReadDb, e: Recorded) -> None:
    """End the procedures whose invoices are closed, or whose debtors are insolvent, with the day that opens."""
    assert isinstance(e.data, DayOpened)
    async with db.snapshot(MODEL, e.ledger) as (conn, schema, _):
        running = await titles.running_titles(conn, schema)
        if not running:
            return
        standing = await titles.standing_of(conn, schema, running)
        known = await merges(conn, schema)
        debtors = await customers_of(
            conn, schema, sorted(related({row.customer_id for row in running}, known))
        )
    merged = Survivors(known, e.data.day)
    for row in running:
        insolvent = any(
            debtors[each].insolvencies for each in merged.records(row.customer_id) if each in debtors
        )
        if insolvent or not any(standing.get(each, "open") == "open" for each in row.invoice_ids):
            key = derived_uuid("title overtaken", e.ledger, e.event_id, row.title_id)
            meta = derived(e.ledger, key, actor=DUNNING, today=e.data.day, because_of=e)
            await execute(ledger, meta, _overtaken, row.title_id, standing, insolvent)


async def _overtaken(
    session: Session, title_id: str, standing: Mapping[str, InvoiceStanding], insolvent: bool
) -> None:
    state = await session.load(TITLE, title_id)
    found = decide.overtaken(state, standing, insolvent=insolvent)
    for stream, event in await _without_done(session, found):
        session.emit(stream, event, entity=state.entity_id)
