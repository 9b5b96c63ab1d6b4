"""Commands on a remittance advice. One that comes after its money allocates what is unapplied of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from encours.contracts.events.sales.dispute import Category
from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.customer.decide import require_customer_of
from invoice_svc.domain.dispute_rules.commands import rules_id
from invoice_svc.domain.payment.identity import payment_id_of
from invoice_svc.domain.payment.state import Payment
from invoice_svc.domain.remittance import decide, settlement
from invoice_svc.domain.remittance.commands import (
    JoinAdvice,
    ReceiveAdvice,
    WithdrawAdvice,
)
from invoice_svc.domain.remittance.numbers import AdvisableDocument
from invoice_svc.domain.remittance.settlement import Candidate
from invoice_svc.domain.remittance.state import RemittanceAdvice
from invoice_svc.use_cases.folds import ADVICE, DISPUTE_RULES, ENTITY, INVOICE, PAYMENT
from invoice_svc.use_cases.money import advised, payments, residuals
from invoice_svc.use_cases.money.payments import Settled
from invoice_svc.use_cases.parties.debtors import unmerged


class AdviceLookup(Protocol):
    """Queries that an advice asks: the documents that it may name, and the payments that it may be of."""

    async def documents(
        self, ledger: str, entity_id: str, customer_id: str | None, currency: str, written: Sequence[str], /
    ) -> Sequence[AdvisableDocument]:
        """Return issued invoices and credit notes that these texts may mean."""
        ...

    async def unapplied(
        self, ledger: str, entity_id: str, customer_id: str, currency: str, /
    ) -> Sequence[str]:
        """Return the ids of the customer's payments that are not allocated as a whole."""
        ...


async def receive(session: Session, command: ReceiveAdvice, lookup: AdviceLookup) -> Settled:
    """Record an advice, and join the payment that it announces if that has come already.

    The same advice again changes nothing.
    """
    await session.get(ENTITY, command.entity_id)
    if command.customer_id is not None:
        require_customer_of(await unmerged(session, command.customer_id), command.entity_id)
    state = await session.load(ADVICE, command.advice_id)
    for item in command.items:
        if item.invoice_id is not None:
            await session.get(INVOICE, item.invoice_id)
    written = [each.written for each in command.items if each.written]
    documents = await session.ask(
        lookup.documents,
        session.meta.ledger,
        command.entity_id,
        command.customer_id,
        command.currency,
        written,
    )
    categories = await _categories(session, command)
    for event in decide.receive(state, command, documents, categories, session.today):
        session.emit(event.advice_id, event, entity=command.entity_id, effective_on=event.announced_on)
        return await _join_what_came(session, command, lookup)
    return Settled(id=command.advice_id, as_of=session.today)


async def withdraw(session: Session, command: WithdrawAdvice) -> Result:
    """Withdraw an advice that no payment has joined."""
    state = await session.get(ADVICE, command.advice_id)
    for event in decide.withdraw(state, command.cause):
        session.emit(command.advice_id, event, entity=state.entity_id)
    return session.result(command.advice_id)


async def join(session: Session, command: JoinAdvice) -> Settled:
    """Join a payment to an advice as a person decides: its unapplied cash is allocated as the advice says."""
    advice = await session.get(ADVICE, command.advice_id)
    payment = await session.get(PAYMENT, command.payment_id)
    settled = await payments.settle_as_advised(session, payment, advice, session.today)
    await residuals.close_rests(session)
    return Settled(id=command.advice_id, as_of=session.today, note=settled.note)


async def _categories(session: Session, command: ReceiveAdvice) -> dict[str, Category]:
    """Return what the codes of the deductions are mapped to on the day of the advice, of those that are."""
    codes = {part.code for item in command.items for part in item.deductions if part.code}
    if not codes:
        return {}
    rules = await session.load(DISPUTE_RULES, rules_id(command.entity_id), guard=False)
    customers = [] if command.customer_id is None else [command.customer_id]
    on = command.announced_on or session.today
    found = {code: rules.category_of(code, customers, on) for code in codes}
    return {code: category for code, category in found.items() if category is not None}


async def _join_what_came(session: Session, command: ReceiveAdvice, lookup: AdviceLookup) -> Settled:
    """Join the payment that has come before its advice, if just one fits; its unapplied cash is allocated."""
    advice = await session.get(ADVICE, command.advice_id)
    fitting = [each for each in await _came(session, command, lookup) if await _fits(session, advice, each)]
    note = None
    if len(fitting) == 1:
        note = (await payments.settle_as_advised(session, fitting[0], advice, session.today)).note
        await residuals.close_rests(session)
    return Settled(id=command.advice_id, as_of=session.today, note=note)


async def _came(session: Session, command: ReceiveAdvice, lookup: AdviceLookup) -> list[Payment]:
    """Return the payment with the reference of the advice, else those of its customer with unapplied cash."""
    if command.reference:
        named = await session.load(PAYMENT, payment_id_of(command.entity_id, command.reference))
        if named.payment_id:
            return [named]
    if command.customer_id is None:
        return []
    ids = await session.ask(
        lookup.unapplied, session.meta.ledger, command.entity_id, command.customer_id, command.currency
    )
    return [await session.get(PAYMENT, each) for each in ids]


async def _fits(session: Session, advice: RemittanceAdvice, payment: Payment) -> bool:
    same_payer = await advised.is_of_payer(session, advice, payment)
    return (
        payment.reversed_on is None
        and settlement.fitting(payment, [Candidate(advice, same_payer)]) is not None
    )
