"""Commands on the formula of limits, on reported figures, proposed limits and reviews."""

from __future__ import annotations

from encours.contracts.events.score import STREAM
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from encours.reading.moment import PositionNotReached
from risk_svc.domain import limit
from risk_svc.domain.proposal import financials, formula, propose, review
from risk_svc.use_cases.customers import unmerged
from risk_svc.use_cases.limits import LIMIT
from risk_svc.use_cases.reservations import Pictures
from risk_svc.use_cases.score_models import SCORE_MODELS
from risk_svc.use_cases.standing import ENTITY

FORMULA: Folder[formula.LimitFormula] = Folder(
    formula.LimitFormula, formula.evolve, formula.LimitFormulaNotFound
)
FINANCIALS: Folder[financials.Financials] = Folder(financials.Financials, financials.evolve)
REVIEW: Folder[review.CreditReview] = Folder(review.CreditReview, review.evolve)


async def set_limit_formula(session: Session, command: formula.SetLimitFormula) -> Result:
    """Set the formula of an entity."""
    await session.get(ENTITY, command.entity_id)
    stream = formula.formula_of(command.entity_id)
    for event in formula.set_formula(await session.load(FORMULA, stream), command):
        session.emit(stream, event, entity=command.entity_id)
    return session.result(stream)


async def file_financials(session: Session, command: financials.FileFinancials) -> Result:
    """File figures that a customer has reported."""
    customer = await unmerged(session, command.customer_id)
    stream = financials.financials_of(command.customer_id)
    await session.load(FINANCIALS, stream)
    session.emit(stream, financials.file(command, session.today), entity=customer.entity_id)
    return session.result(stream)


async def request_proposed(session: Session, command: propose.RequestProposal, pictures: Pictures) -> Result:
    """Request the limit that the formula proposes. Raises :class:`PositionNotReached` if figures are behind."""
    customer = await unmerged(session, command.customer_id)
    await session.load(LIMIT, command.limit_id)
    rules = await session.load(FORMULA, formula.formula_of(customer.entity_id))
    if rules.terms is None:
        raise formula.LimitFormulaMissing(f"The entity {customer.entity_id} has no formula of limits.")
    models = await session.load(SCORE_MODELS, STREAM)
    seen = await session.ask(pictures.of, session.meta.ledger, command.customer_id, session.today)
    if seen.behind:
        raise PositionNotReached("credit", seen.position + seen.lag)
    filed = [
        (await session.load(FINANCIALS, financials.financials_of(each))).latest
        for each in seen.picture.records
    ]
    latest = financials.latest_of(filed)
    basis = propose.ProposalBasis(seen.picture, latest, models.model, seen.position)
    proposal = propose.propose(rules, basis, session.today)
    asked = propose.request_of(command, rules.terms, proposal, session.today)
    for event in limit.request(asked, session.today):
        session.emit(command.limit_id, event, entity=customer.entity_id)
    return session.result(command.limit_id)


async def postpone_review(session: Session, command: review.PostponeReview) -> Result:
    """Put off the review of a customer."""
    customer = await unmerged(session, command.customer_id)
    stream = review.review_of(command.customer_id)
    for event in review.postpone(await session.load(REVIEW, stream), command, session.today):
        session.emit(stream, event, entity=customer.entity_id)
    return session.result(stream)
