"""Terms that risk-svc proposed and that are accepted, or end, as those agreed with the customer."""

from __future__ import annotations

from encours.contracts.events.risk_terms import RiskTermsAnswered, RiskTermsProposed, RiskTermsWithdrawn
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.legal.packs import law_of
from invoice_svc.domain.customer import risk_terms
from invoice_svc.domain.usual_terms import usual_terms
from invoice_svc.use_cases.folds import ENTITY
from invoice_svc.use_cases.parties.debtors import unmerged


async def follow_terms(
    session: Session, answer: RiskTermsAnswered | RiskTermsWithdrawn, proposed: RiskTermsProposed
) -> Result:
    """Agree accepted terms with the customer from today on; of those that end, what they replaced."""
    state = await unmerged(session, answer.customer_id)
    entity = await session.get(ENTITY, state.entity_id)
    usual, law = usual_terms(state, entity, session.today, entity.currency), law_of(entity.country)
    if isinstance(answer, RiskTermsAnswered):
        events = risk_terms.accepted(state, proposed, usual, law, session.today)
    else:
        events = risk_terms.ended(state, proposed.proposal_number, usual, law, session.today)
    for event in events:
        session.emit(state.customer_id, event, entity=state.entity_id)
    return session.result(state.customer_id)
