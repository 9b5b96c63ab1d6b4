"""The credit check of an order: read the customer's figures, decide, and record the decision with them."""

from __future__ import annotations

from encours.contracts.events.score import STREAM
from encours.kernel.errors import Invalid
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from risk_svc.domain import check
from risk_svc.use_cases.customers import unmerged
from risk_svc.use_cases.deposits import deposit_of, order_of
from risk_svc.use_cases.reservations import Pictures
from risk_svc.use_cases.score_models import SCORE_MODELS

CHECK: Folder[check.CheckState] = Folder(check.CheckState, check.evolve, check.CheckNotFound)


async def check_credit(session: Session, command: check.CheckCredit, pictures: Pictures) -> Result:
    """Decide and record. The decision contains position and lag of the read model.

    Raises :class:`Invalid` for an order in Encours that is not the customer's.
    """
    session.begin(command.decision_id)
    customer = await unmerged(session, command.customer_id)
    seen = await session.ask(pictures.of, session.meta.ledger, command.customer_id, session.today)
    models = await session.load(SCORE_MODELS, STREAM)
    deposit = None
    if command.order_id is not None:
        order = await order_of(session, command.order_id, command.customer_id)
        if order is None:
            raise Invalid("Name an order of the customer, or omit it.", "/order_id")
        deposit = await deposit_of(session, order, customer.entity_id, seen.position, pictures)
    event = check.decide(
        command,
        seen.picture,
        session.today,
        position=seen.position,
        lag=seen.lag,
        model=models.model,
        deposit=deposit,
    )
    session.emit(command.decision_id, event, entity=customer.entity_id)
    return session.result(command.decision_id)
