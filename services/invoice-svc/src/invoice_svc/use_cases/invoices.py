"""Commands on an invoice up to its issue, and the takeover of one that another system issued."""

from __future__ import annotations

from datetime import date

from encours.contracts.invoice import InvoiceDrafted
from encours.ledger.model import NumberStep
from encours.ledger.session import Session
from invoice_svc.domain.customer import Customer
from invoice_svc.domain.entity import Document, Entity, series_for
from invoice_svc.domain.invoice import decide
from invoice_svc.domain.invoice.commands import Content, DraftInvoice, IssueInvoice, TakeOverInvoice
from invoice_svc.domain.invoice.state import Invoice, drafted, require
from invoice_svc.domain.legal import late_payment_law
from invoice_svc.use_cases import customers, entities
from invoice_svc.use_cases.folds import INVOICE


async def draft(session: Session, command: DraftInvoice) -> None:
    """A draft, under an id that nothing has yet: the append refuses it otherwise."""
    entity = await entities.known(session, command.entity_id)
    customer = await customers.known(session, command.customer_id)
    for event in decide.draft(Invoice(), command, entity, customer):
        session.emit(command.invoice_id, event, entity=command.entity_id)
    _answer(session, command.invoice_id)


async def draft_and_issue(session: Session, command: DraftInvoice, issued_on: date) -> None:
    """A draft and its issue in one append; the draft counts from the day of issue where that lies in the past."""
    entity = await entities.known(session, command.entity_id)
    customer = await customers.known(session, command.customer_id)
    (event,) = decide.draft(Invoice(), command, entity, customer)
    assert isinstance(event, InvoiceDrafted)
    drafted_on = min(issued_on, session.meta.today)
    session.emit(command.invoice_id, event, entity=command.entity_id, effective_on=drafted_on)
    state = drafted(command.entity_id, drafted_on, event)
    _issue(session, state, IssueInvoice(command.invoice_id, issued_on), entity, customer)


async def amend(session: Session, invoice_id: str, content: Content) -> None:
    """What the draft says from now on."""
    state = await known(session, invoice_id)
    for event in decide.amend(state, content):
        session.emit(invoice_id, event, entity=state.entity_id)
    _answer(session, invoice_id)


async def issue(session: Session, command: IssueInvoice) -> None:
    """The legal number and the receivable."""
    state = await known(session, command.invoice_id)
    entity = await entities.known(session, state.entity_id)
    customer = await customers.known(session, state.customer_id)
    _issue(session, state, command, entity, customer)


async def cancel(session: Session, invoice_id: str) -> None:
    """Give up a draft."""
    state = await known(session, invoice_id)
    for event in decide.cancel(state):
        session.emit(invoice_id, event, entity=state.entity_id)
    _answer(session, invoice_id)


async def take_over(session: Session, command: TakeOverInvoice) -> None:
    """An invoice of another system, with its own number, under an id that nothing has yet."""
    entity = await entities.known(session, command.entity_id)
    customer = await customers.known(session, command.customer_id)
    default = late_payment_law().default_terms(command.issued_on, command.currency)
    for event in decide.take_over(Invoice(), command, entity, customer, default):
        session.emit(command.invoice_id, event, entity=command.entity_id, effective_on=command.issued_on)
    _answer(session, command.invoice_id)


async def known(session: Session, invoice_id: str) -> Invoice:
    """The invoice, verified by the append; or not found."""
    return require(await session.load(INVOICE, invoice_id), invoice_id)


def number_step(entity: Entity, code: str, document: Document, issued_on: date) -> NumberStep:
    """The next number of a series in the year of issue, to be taken inside the append."""
    series = series_for(entity, code, document)
    prefix = series.prefix_of(issued_on.year)
    return NumberStep(entity.entity_id, code, issued_on.year, prefix, series.width)


def _issue(
    session: Session, state: Invoice, command: IssueInvoice, entity: Entity, customer: Customer
) -> None:
    default = late_payment_law().default_terms(command.issued_on, state.currency)
    for event in decide.issue(state, command, entity, customer, default, session.meta.today):
        step = number_step(entity, state.series or "", "invoice", command.issued_on)
        session.emit(
            command.invoice_id, event, entity=state.entity_id, effective_on=command.issued_on, number=step
        )
    for warning in decide.warn_of_terms(state):
        session.emit(command.invoice_id, warning, entity=state.entity_id, effective_on=command.issued_on)
    _answer(session, command.invoice_id)


def _answer(session: Session, invoice_id: str) -> None:
    session.answer(id=invoice_id, as_of=session.meta.today.isoformat())
