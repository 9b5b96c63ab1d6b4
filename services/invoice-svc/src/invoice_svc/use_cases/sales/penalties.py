"""Commands on penalties for late payment: claims by documents in a series of their own, and their cancellation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from msgspec.structs import replace

from encours.contracts.settlement import Funds, Settlement, settlements
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.legal.packs import law_of
from invoice_svc.domain.interest import penalties, waiver
from invoice_svc.domain.interest.account import account_of
from invoice_svc.domain.interest.debt import DebtorFile, debt_of
from invoice_svc.domain.interest.penalties import CancelPenalties, ClaimPenalties
from invoice_svc.domain.interest.waiver import ReinstatePenalties, WaivePenalties
from invoice_svc.domain.invoice.checks import require_issued
from invoice_svc.domain.invoice.commands import CreditInvoice
from invoice_svc.domain.invoice.state import Invoice
from invoice_svc.use_cases.folds import CUSTOMER, ENTITY, INVOICE, PAYMENT
from invoice_svc.use_cases.parties.debtors import unmerged
from invoice_svc.use_cases.sales import invoices
from invoice_svc.use_cases.sales.numbering import number_step


class FindsDebtorFile(Protocol):
    """Query for the file of a customer, with all records that were merged into it.

    With ids of invoices it needs no others unless there is unapplied cash.
    """

    async def __call__(
        self, ledger: str, entity_id: str, customer_id: str, currency: str, named: Sequence[str] | None, /
    ) -> DebtorFile: ...


async def claim(session: Session, command: ClaimPenalties, find: FindsDebtorFile | DebtorFile) -> Result:
    """Issue a penalty document over what is due and neither claimed nor waived; each invoice keeps its part."""
    entity = await session.get(ENTITY, command.entity_id)
    on = command.issued_on or session.today
    until = command.until or on
    penalties.require_days(until, on, session.today)
    customer = await unmerged(session, command.customer_id, on)
    currency = command.currency or entity.currency
    wanted = command.invoice_ids
    file = await _file(session, find, command.entity_id, command.customer_id, currency, wanted)
    penalties.require_among(wanted or (), file)
    states, settled = await _settled(session, file)
    law = law_of(entity.country)
    found = [
        (state, part)
        for state in sorted(states, key=_by_due_date)
        if (wanted is None or state.invoice_id in wanted)
        and (part := penalties.penalised(state, settled[state.invoice_id], until, law)) is not None
    ]
    issued = penalties.claim(command, entity, customer, currency, [part for _, part in found], on)
    step = number_step(entity, command.series, "penalty_document", on, session.today)
    session.emit(command.document_id, issued, entity=command.entity_id, effective_on=on, number=step)
    for state, part in found:
        claimed = penalties.claimed_of(state, part, command.document_id)
        session.emit(state.invoice_id, claimed, entity=command.entity_id, effective_on=on)
    return session.result(command.document_id)


async def cancel(session: Session, command: CancelPenalties) -> invoices.Credited:
    """Credit the whole document; what it claimed can be claimed or waived again."""
    state = await session.get(INVOICE, command.document_id)
    penalties.require_cancellable(state)
    note = CreditInvoice(
        invoice_id=command.document_id,
        credit_note_id=command.credit_note_id,
        issued_on=command.issued_on,
        amount_minor=state.creditable_minor,
        cause=command.cause,
        series=command.series,
    )
    return await invoices.credit(session, note)


async def waive(session: Session, command: WaivePenalties, find: FindsDebtorFile | DebtorFile) -> Result:
    """Waive penalties of an invoice that no document claims, from today on."""
    state = await session.get(INVOICE, command.invoice_id)
    require_issued(state, "waived penalties of")
    entity = await session.get(ENTITY, state.entity_id)
    until = command.until or session.today
    named = (command.invoice_id,)
    file = await _file(session, find, state.entity_id, state.customer_id, state.currency, named)
    _, settled = await _settled(session, replace(file, invoices=tuple({*file.invoices, *named})))
    account = account_of(state, settled[command.invoice_id], until, law_of(entity.country))
    event = waiver.waive(state, command, account, until, session.today)
    session.emit(command.invoice_id, event, entity=state.entity_id)
    return session.result(command.invoice_id)


async def reinstate(session: Session, command: ReinstatePenalties) -> Result:
    """Reverse waivers of penalties, from today on."""
    state = await session.get(INVOICE, command.invoice_id)
    for event in waiver.reinstate(state, command):
        session.emit(command.invoice_id, event, entity=state.entity_id)
    return session.result(command.invoice_id)


async def _file(
    session: Session,
    find: FindsDebtorFile | DebtorFile,
    entity_id: str,
    customer_id: str,
    currency: str,
    named: Sequence[str] | None,
) -> DebtorFile:
    if isinstance(find, DebtorFile):
        return find
    return await session.ask(find, session.meta.ledger, entity_id, customer_id, currency, named)


async def _settled(session: Session, file: DebtorFile) -> tuple[list[Invoice], dict[str, Settlement]]:
    """Return the invoices of a file and their settlements.

    The append verifies that neither an invoice has moved nor a record of the debtor.
    """
    states = [await session.load(INVOICE, each) for each in file.invoices]
    customers = sorted({*file.records, *(state.customer_id for state in states)})
    insolvencies = [each for name in customers for each in (await session.load(CUSTOMER, name)).insolvencies]
    debts = [debt_of(state, insolvencies) for state in states if state.due_on is not None]
    return states, settlements(debts, await _cash(session, file.payments))


async def _cash(session: Session, payments: Sequence[str]) -> list[Funds]:
    found = [await session.load(PAYMENT, each, guard=False) for each in payments]
    return [Funds(each.received_on, each.unapplied_minor) for each in found if each.unapplied_minor > 0]


def _by_due_date(state: Invoice) -> tuple[date, str]:
    return state.due_on or date.max, state.number or ""
