"""The credit check of an order: read the customer's figures, decide, and record the decision with them."""

from __future__ import annotations

from encours.contracts.events.score import STREAM
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain import check
from risk_svc.use_cases.customers import unmerged
from risk_svc.use_cases.reservations import Pictures
from risk_svc.use_cases.score_models import SCORE_MODELS

CHECK: Folder[check.CheckState] = Folder(check.CheckState, check.evolve, check.CheckNotFound)


async def check_credit(session: Session, command: check.CheckCredit, pictures: Pictures) -> Result:
    """Decide and record. The decision contains position and lag of the read model."""
    session.begin(command.decision_id)
    customer = await unmerged(session, command.customer_id)
    seen = await session.ask(pictures.of, session.meta.ledger, command.customer_id, session.today)
    models = await session.load(SCORE_MODELS, STREAM)
    event = check.decide(
        command, seen.picture, session.today, position=seen.position, lag=seen.lag, model=models.model
    )
    session.emit(command.decision_id, event, entity=customer.entity_id)
    return session.result(command.decision_id)
