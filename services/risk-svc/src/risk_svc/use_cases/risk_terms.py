"""Commands on terms that are proposed because of the risk of a customer."""

from __future__ import annotations

from encours.contracts.events.score import STREAM
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from encours.reading.moment import PositionNotReached
from risk_svc.domain import risk_terms
from risk_svc.use_cases.customers import unmerged
from risk_svc.use_cases.reservations import Pictures
from risk_svc.use_cases.score_models import SCORE_MODELS

RISK_TERMS: Folder[risk_terms.RiskTerms] = Folder(risk_terms.RiskTerms, risk_terms.evolve)


async def propose_terms(session: Session, command: risk_terms.ProposeTerms, pictures: Pictures) -> Result:
    """Propose terms with the figures of now. Raises :class:`PositionNotReached` if these are behind."""
    customer = await unmerged(session, command.customer_id)
    stream = risk_terms.terms_of(command.customer_id)
    state = await session.load(RISK_TERMS, stream)
    models = await session.load(SCORE_MODELS, STREAM)
    seen = await session.ask(pictures.of, session.meta.ledger, command.customer_id, session.today)
    if seen.behind:
        raise PositionNotReached("credit", seen.position + seen.lag)
    figures = risk_terms.figures_of(seen, models.model, session.today)
    session.emit(stream, risk_terms.propose(state, command, figures), entity=customer.entity_id)
    return session.result(stream)


async def answer_terms(session: Session, command: risk_terms.AnswerTerms) -> Result:
    """Record whether proposed terms were agreed."""
    customer = await unmerged(session, command.customer_id)
    stream = risk_terms.terms_of(command.customer_id)
    for event in risk_terms.answer(await session.load(RISK_TERMS, stream), command):
        session.emit(stream, event, entity=customer.entity_id)
    return session.result(stream)
