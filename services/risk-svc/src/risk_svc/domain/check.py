"""The credit check of an order, recorded with what it saw. Stream: the decision's id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.risk import CreditChecked, DepositSeen
from encours.kernel.errors import NotFound
from risk_svc.domain.assessment import RULES_VERSION, OrderAsked, Verdict, assess
from risk_svc.domain.picture import Picture
from risk_svc.domain.score.model import PaymentModel
from risk_svc.domain.score.shipped import SHIPPED


class CheckNotFound(NotFound):
    """No credit check has the id (404)."""

    code = "check-not-found"
    title = "Credit check not found"
    remedy = "Use the decision_id in the answer to POST /v1/checks."


@dataclass(frozen=True, slots=True)
class CheckCredit:
    """Check an order: amount in minor units, day of delivery; ``None`` is today."""

    decision_id: str
    customer_id: str
    amount_minor: int
    currency: str
    deliver_on: date | None
    order_id: str | None = None
    """Order in Encours that is checked."""


@dataclass(frozen=True, slots=True)
class CheckState:
    """Decision of a check: its event, entity and business date; empty before."""

    decided: CreditChecked | None = None
    entity_id: str = ""
    checked_on: date | None = None


def evolve(state: CheckState, recorded: Recorded) -> CheckState:
    """Return the state after the decision, the only event of its stream."""
    assert isinstance(recorded.data, CreditChecked)
    return CheckState(recorded.data, recorded.entity, recorded.effective_on)


def decide(
    command: CheckCredit,
    picture: Picture,
    day: date,
    *,
    position: int,
    lag: int,
    model: PaymentModel | None = SHIPPED,
    rules_version: int = RULES_VERSION,
    deposit: DepositSeen | None = None,
) -> CreditChecked:
    """Decide from a customer's figures on a day; the event contains their ``position`` and ``lag`` (in events).

    By figures that are behind the ledger nothing is accepted.

    Raises :class:`Invalid` for a delivery before that day.
    """
    asked = OrderAsked(command.customer_id, command.amount_minor, command.currency, command.deliver_on)
    verdict, basis = assess(
        asked,
        picture,
        day,
        position=position,
        lag=lag,
        model=model,
        rules_version=rules_version,
        deposit=deposit,
    )
    current = rules_version > 2
    if current and lag and verdict.decision == "accept":
        verdict = Verdict("refer", ("figures-behind",))
    return CreditChecked(
        decision_id=command.decision_id,
        customer_id=command.customer_id,
        amount_minor=command.amount_minor,
        currency=command.currency,
        deliver_on=command.deliver_on,
        decision=verdict.decision,
        reasons=verdict.reasons,
        exposure=basis.exposure,
        limit_id=basis.limit_id,
        limit_minor=basis.limit_minor,
        limit_max_days=basis.limit_max_days,
        score=basis.score,
        grade=basis.grade,
        score_model=basis.score_model,
        rules_version=basis.rules_version,
        seen_position=position,
        lag=lag,
        exposure_currency=basis.currency if basis.currency != command.currency else None,
        shares=basis.shares,
        order_converted=basis.order_converted,
        holder_id=basis.holder_id if current else None,
        left_minor=basis.left_minor if current else None,
        order_id=command.order_id,
        deposit=basis.deposit,
    )
