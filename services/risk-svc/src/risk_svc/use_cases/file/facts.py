"""Commands on facts about a customer, and on comments on its credit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain.file import comments, facts, registers
from risk_svc.use_cases.customers import unmerged

CREDIT_FACTS: Folder[facts.CreditFacts] = Folder(facts.CreditFacts, facts.evolve, as_of=facts.on)
CREDIT_COMMENTS: Folder[comments.CreditComments] = Folder(comments.CreditComments, comments.evolve)


@dataclass(frozen=True, slots=True)
class FileExtract:
    """File the answer of a register about a customer."""

    customer_id: str
    register: registers.Register
    document: dict[str, Any]


async def record_facts(session: Session, command: facts.RecordFacts) -> Result:
    """Record facts. They count from the day on which they were observed."""
    customer = await unmerged(session, command.customer_id)
    return await _record(session, command, customer.entity_id)


async def file_extract(session: Session, command: FileExtract) -> Result:
    """Record the facts of a register's answer; what is known as it is makes no event."""
    customer = await unmerged(session, command.customer_id)
    found = registers.facts_in(command.register, command.document, customer.siren)
    return await _record(session, facts.RecordFacts(command.customer_id, found), customer.entity_id)


async def correct_fact(session: Session, command: facts.CorrectFact) -> Result:
    """Correct a fact."""
    customer = await unmerged(session, command.customer_id)
    stream = facts.facts_of(command.customer_id)
    for event in facts.correct(await session.load(CREDIT_FACTS, stream), command, session.today):
        session.emit(stream, event, entity=customer.entity_id, effective_on=event.content.observed_on)
    return session.result(stream)


async def withdraw_fact(session: Session, command: facts.WithdrawFact) -> Result:
    """Withdraw a fact."""
    customer = await unmerged(session, command.customer_id)
    stream = facts.facts_of(command.customer_id)
    state = await session.load(CREDIT_FACTS, stream)
    for event in facts.withdraw(state, command):
        observed = state.facts[command.number - 1].content.observed_on
        session.emit(stream, event, entity=customer.entity_id, effective_on=observed)
    return session.result(stream)


async def make_comment(session: Session, command: comments.MakeComment) -> Result:
    """Comment on a customer's credit."""
    customer = await unmerged(session, command.customer_id)
    stream = comments.comments_of(command.customer_id)
    state = await session.load(CREDIT_COMMENTS, stream)
    session.emit(stream, comments.make(state, command), entity=customer.entity_id)
    return session.result(stream)


async def correct_comment(session: Session, command: comments.CorrectComment) -> Result:
    """Correct an own comment."""
    customer = await unmerged(session, command.customer_id)
    stream = comments.comments_of(command.customer_id)
    state = await session.load(CREDIT_COMMENTS, stream)
    for event in comments.correct(state, command, actor=session.meta.actor):
        session.emit(stream, event, entity=customer.entity_id)
    return session.result(stream)


async def _record(session: Session, command: facts.RecordFacts, entity_id: str) -> Result:
    stream = facts.facts_of(command.customer_id)
    for event in facts.record(await session.load(CREDIT_FACTS, stream), command, session.today):
        session.emit(stream, event, entity=entity_id, effective_on=event.content.observed_on)
    return session.result(stream)
