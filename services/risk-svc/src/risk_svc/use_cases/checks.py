"""The credit check of an order: look at the picture, decide, and keep the decision with what it saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts import Recorded
from encours.contracts.risk import CreditChecked
from encours.kernel.errors import Invalid, NotFound
from encours.ledger.session import Session
from encours.ledger.states import Folder
from encours.reading.read_db import ReadDb
from risk_svc.domain.check import check
from risk_svc.domain.score import score
from risk_svc.read_models.picture import Picture, pictures

FRESHNESS_WAIT_S = 1.0


@dataclass(frozen=True)
class CheckCredit:
    """An order of that amount (minor units) for that customer, to be delivered on a day, or today."""

    decision_id: str
    customer_id: str
    amount_minor: int
    currency: str
    deliver_on: date | None


@dataclass(frozen=True)
class State:
    """A decision once it was taken: the event itself and the entity it belongs to."""

    decided: CreditChecked | None = None
    entity: str = ""
    checked_on: date | None = None


def evolve(state: State, recorded: Recorded) -> State:
    """A check is one event and never changes."""
    assert isinstance(recorded.data, CreditChecked)
    return State(recorded.data, recorded.entity, recorded.effective_on)


FOLD: Folder[State] = Folder(State, evolve)


async def check_credit(session: Session, db: ReadDb, head: int, command: CheckCredit) -> None:
    """Decide and record. Waits a second for the read model to reach the ledger's head; a lag is kept, not hidden."""
    ledger = session.meta.ledger
    await session.load(FOLD, command.decision_id)
    await db.wait_for("credit", ledger, head, timeout=FRESHNESS_WAIT_S)
    async with db.snapshot("credit", ledger) as (conn, schema, position):
        found = await pictures(
            conn, schema, [command.customer_id], as_of=session.meta.today, position=position
        )
    if command.customer_id not in found:
        raise NotFound("customer", command.customer_id)
    picture = found[command.customer_id]
    session.require_entity(picture.entity)
    event = decide(command, picture, session.meta.today, position=position, lag=max(0, head - position))
    session.emit(command.decision_id, event, entity=picture.entity)
    session.answer(decision_id=command.decision_id)


def decide(command: CheckCredit, picture: Picture, day: date, *, position: int, lag: int) -> CreditChecked:
    """The decision on a picture as of a day; pure. Raises :class:`Invalid` for a delivery before that day."""
    deliver_on = command.deliver_on or day
    if deliver_on < day:
        raise Invalid("deliver_on has passed; give today, a later date or none.", "/deliver_on")
    seen = picture.exposure(command.currency, day)
    behaviour = score(picture.all_items(), day).value
    verdict = check(command.amount_minor, command.currency, deliver_on, seen, picture.limit, behaviour)
    limit = picture.limit
    return CreditChecked(
        decision_id=command.decision_id,
        customer_id=command.customer_id,
        amount_minor=command.amount_minor,
        currency=command.currency,
        deliver_on=command.deliver_on,
        decision=verdict.decision,
        reasons=verdict.reasons,
        exposure=seen,
        limit_id=limit.limit_id if limit else None,
        limit_minor=limit.amount_minor if limit else None,
        limit_max_days=limit.max_days_past_due if limit else None,
        score=behaviour,
        seen_position=position,
        lag=lag,
    )
