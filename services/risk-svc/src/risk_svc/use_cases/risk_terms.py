"""Commands on terms that are proposed because of the risk of a customer."""

from __future__ import annotations

from encours.contracts.events.score import STREAM
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from encours.reading.moment import PositionNotReached
from risk_svc.domain.picture import SeenPicture
from risk_svc.domain.policy import NO_ROLE, Authority, CreditPolicy, authority, policy_of
from risk_svc.domain.terms import proposals, rules
from risk_svc.use_cases.customers import unmerged
from risk_svc.use_cases.reservations import Pictures
from risk_svc.use_cases.score_models import SCORE_MODELS
from risk_svc.use_cases.standing import CREDIT_POLICY

RISK_TERMS: Folder[proposals.RiskTerms] = Folder(proposals.RiskTerms, proposals.evolve)


async def propose_terms(session: Session, command: proposals.ProposeTerms, pictures: Pictures) -> Result:
    """Propose terms with the figures of now. Raises :class:`PositionNotReached` if these are behind."""
    customer = await unmerged(session, command.customer_id)
    stream = proposals.terms_of(command.customer_id)
    state = await session.load(RISK_TERMS, stream)
    models = await session.load(SCORE_MODELS, STREAM)
    seen = await _seen(session, command.customer_id, pictures)
    figures = proposals.figures_of(seen, models.model, session.today)
    session.emit(stream, proposals.propose(state, command, figures), entity=customer.entity_id)
    return session.result(stream)


async def propose_by_rules(session: Session, command: rules.ProposeByRules, pictures: Pictures) -> Result:
    """Propose what the rules of the credit policy give. Raises :class:`NoTermsByRule` if that is nothing new."""
    customer = await unmerged(session, command.customer_id)
    policy = await session.load(CREDIT_POLICY, policy_of(customer.entity_id))
    models = await session.load(SCORE_MODELS, STREAM)
    seen = await _seen(session, command.customer_id, pictures)
    given = rules.by_rules(policy, seen, models.model, session.today)
    stream = proposals.terms_of(command.customer_id)
    events = rules.follow(await session.load(RISK_TERMS, stream), given)
    if not events:
        raise rules.NoTermsByRule("The rules of the credit policy propose nothing new to the customer.")
    for event in events:
        session.emit(stream, event, entity=customer.entity_id)
    return session.result(stream)


async def follow_rules(session: Session, command: rules.ProposeByRules, given: rules.TermsByRules) -> Result:
    """Propose terms that the rules give and that are new; withdraw open ones that they no longer give."""
    customer = await unmerged(session, command.customer_id)
    stream = proposals.terms_of(command.customer_id)
    for event in rules.follow(await session.load(RISK_TERMS, stream), given):
        session.emit(stream, event, entity=customer.entity_id)
    return session.result(stream)


async def answer_terms(session: Session, command: proposals.AnswerTerms) -> Result:
    """Record the answer to proposed terms, by the authority that the credit policy asks for."""
    customer = await unmerged(session, command.customer_id)
    stream = proposals.terms_of(command.customer_id)
    state = await session.load(RISK_TERMS, stream)
    known = proposals.proposal(state, command.number)
    policy = await session.load(CREDIT_POLICY, policy_of(customer.entity_id))
    by = _authority(session, policy, known, asked_by=known.proposed_by)
    for event in proposals.answer(state, command, by, session.today, policy.guarantee_days):
        session.emit(stream, event, entity=customer.entity_id)
    return session.result(stream)


async def withdraw_terms(session: Session, command: proposals.WithdrawTerms) -> Result:
    """Propose terms no longer; accepted ones end, by the authority that their answer needs."""
    customer = await unmerged(session, command.customer_id)
    stream = proposals.terms_of(command.customer_id)
    state = await session.load(RISK_TERMS, stream)
    known = proposals.proposal(state, command.number)
    by = NO_ROLE
    if known.state == "accepted":
        policy = await session.load(CREDIT_POLICY, policy_of(customer.entity_id))
        by = _authority(session, policy, known, asked_by="")
    for event in proposals.withdraw(state, command, by):
        session.emit(stream, event, entity=customer.entity_id)
    return session.result(stream)


async def _seen(session: Session, customer_id: str, pictures: Pictures) -> SeenPicture:
    seen = await session.ask(pictures.of, session.meta.ledger, customer_id, session.today)
    if seen.behind:
        raise PositionNotReached("credit", seen.position + seen.lag)
    return seen


def _authority(
    session: Session, policy: CreditPolicy, known: proposals.TermsProposal, *, asked_by: str
) -> Authority:
    amount = known.weight(policy)
    actor, day = session.meta.actor, session.today
    return authority(policy, amount.amount_minor, amount.currency, actor=actor, asked_by=asked_by, day=day)
