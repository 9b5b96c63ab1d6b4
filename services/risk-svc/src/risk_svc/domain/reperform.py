"""A stored decision on credit, taken again from its figures, and the fields in which the two differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from encours.contracts.events.reservation import ReservationDecided, ReservationOverridden
from encours.contracts.events.risk import CreditChecked
from encours.kernel.errors import DomainError, NotFound
from risk_svc.domain import check
from risk_svc.domain.picture import SeenPicture
from risk_svc.domain.policy import Authority
from risk_svc.domain.reservation import commands, decide
from risk_svc.domain.reservation.state import Reservation

CreditDecisionEvent = CreditChecked | ReservationDecided | ReservationOverridden


class CreditDecisionNotFound(NotFound):
    """No credit check and no reservation has the id (404)."""

    code = "credit-decision-not-found"
    title = "Decision on credit not found"
    remedy = "Use the decision_id of a check, or the id of a reservation."


@dataclass(frozen=True, slots=True)
class CreditDifference:
    """A field with its stored value and the one that the figures yield; both in the form of JSON."""

    field: str
    stored: Any
    recomputed: Any


@dataclass(frozen=True, slots=True)
class DecisionAgain:
    """A stored decision, and the one that its figures yield; ``None`` where they allow none."""

    stored: CreditDecisionEvent
    recomputed: CreditDecisionEvent | None
    problem: str | None = None

    @property
    def differences(self) -> list[CreditDifference]:
        """Fields that differ; those of the basis by themselves."""
        old = _fields(self.stored)
        new = {} if self.recomputed is None else _fields(self.recomputed)
        return [
            CreditDifference(name, old.get(name), new.get(name))
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        ]


def check_again(stored: CreditChecked, seen: SeenPicture, day: date) -> DecisionAgain:
    """Check an order again by the figures that the decision names."""
    command = check.CheckCredit(
        stored.decision_id, stored.customer_id, stored.amount_minor, stored.currency, stored.deliver_on
    )
    return _again(
        stored,
        lambda: check.decide(
            command, seen.picture, day, position=seen.position, lag=seen.lag, model=seen.model
        ),
    )


def decide_again(
    stored: ReservationDecided, before: Reservation, seen: SeenPicture, day: date
) -> DecisionAgain:
    """Decide an order again, from its state before the decision."""
    if before.status == "none":
        command = commands.ReserveCredit(
            stored.reservation_id, stored.customer_id, stored.order_ref, stored.amount_minor, stored.currency,
            stored.deliver_on, stored.expires_on,
        )  # fmt: skip
        return _again(stored, lambda: decide.reserve(command, seen, day))
    return _again(stored, lambda: decide.recheck(before, seen, day))


def override_again(
    stored: ReservationOverridden,
    before: Reservation,
    by: Callable[[], Authority],
    seen: SeenPicture,
    day: date,
) -> DecisionAgain:
    """Accept an order again by the authority that ``by`` finds; it raises a refusal where there is none."""
    command = commands.OverrideReservation(stored.reservation_id, stored.text)
    return _again(stored, lambda: decide.override(before, command, by(), seen, day))


def _again(stored: CreditDecisionEvent, decision: Callable[[], CreditDecisionEvent]) -> DecisionAgain:
    try:
        return DecisionAgain(stored, decision())
    except DomainError as refusal:
        return DecisionAgain(stored, None, refusal.detail)


def _fields(event: CreditDecisionEvent) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(event)
    basis = fields.pop("basis", {})
    return fields | {f"basis.{name}": value for name, value in basis.items()}
