"""Holds on a customer's orders. Stream: the hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from encours.contracts import Recorded
from encours.contracts.common import Reason
from encours.contracts.events.credit_hold import (
    CreditHoldPlaced,
    CreditHoldReleased,
    HoldCause,
    HoldEnd,
)
from encours.kernel.errors import Invalid, NotFound

HoldEvent = CreditHoldPlaced | CreditHoldReleased


class CreditHoldNotFound(NotFound):
    """No hold has the id (404)."""

    code = "credit-hold-not-found"
    title = "Credit hold not found"
    remedy = "Use an id from `hold_history` in the credit file of the customer."


@dataclass(frozen=True, slots=True)
class PlaceCreditHold:
    """Hold the orders of a customer."""

    credit_hold_id: str
    customer_id: str
    cause: HoldCause
    until: date | None
    text: str
    policy_version: int | None = None
    reason: Reason | None = None
    seen_position: int | None = None


@dataclass(frozen=True, slots=True)
class ReleaseCreditHold:
    """End a hold."""

    credit_hold_id: str
    end: HoldEnd
    text: str | None
    policy_version: int | None = None
    seen_position: int | None = None


@dataclass(frozen=True, slots=True)
class HeldOrders:
    """A hold; ``end`` is set once it is released."""

    credit_hold_id: str = ""
    customer_id: str = ""
    entity_id: str = ""
    cause: HoldCause = "by_hand"
    placed_on: date = date.min
    placed_by: str = ""
    until: date | None = None
    text: str = ""
    reason: Reason | None = None
    end: HoldEnd | None = None
    released_on: date | None = None
    released_by: str | None = None
    release_text: str | None = None


@dataclass(frozen=True, slots=True)
class HoldInForce:
    """A hold that counts on a day."""

    credit_hold_id: str
    cause: str
    placed_on: date
    until: date | None
    text: str
    reason: Reason | None = None
    """Reason of the policy, where it is kept."""


def evolve(state: HeldOrders, recorded: Recorded) -> HeldOrders:
    """Return the state after one more event."""
    event: HoldEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    match event:
        case CreditHoldPlaced():
            return HeldOrders(
                credit_hold_id=event.credit_hold_id,
                customer_id=event.customer_id,
                entity_id=recorded.entity,
                cause=event.cause,
                placed_on=recorded.effective_on,
                placed_by=recorded.actor,
                until=event.until,
                text=event.text,
                reason=event.reason,
            )
        case CreditHoldReleased():
            return replace(
                state,
                end=event.end,
                released_on=recorded.effective_on,
                released_by=recorded.actor,
                release_text=event.text,
            )
        case _:
            assert_never(event)


def place(state: HeldOrders, command: PlaceCreditHold, day: date) -> list[CreditHoldPlaced]:
    """Hold the orders of a customer; no event for a hold that is there. Raises :class:`Invalid` for a past day."""
    if state.credit_hold_id:
        return []
    if command.until is not None and command.until < day:
        raise Invalid("until is in the past; use today or a later date, or omit it.", "/until")
    return [
        CreditHoldPlaced(
            credit_hold_id=command.credit_hold_id,
            customer_id=command.customer_id,
            cause=command.cause,
            until=command.until,
            text=command.text,
            policy_version=command.policy_version,
            reason=command.reason,
            seen_position=command.seen_position,
        )
    ]


def release(state: HeldOrders, command: ReleaseCreditHold) -> list[CreditHoldReleased]:
    """End a hold; no event if it has been released."""
    if state.end is not None:
        return []
    return [
        CreditHoldReleased(
            credit_hold_id=state.credit_hold_id,
            customer_id=state.customer_id,
            end=command.end,
            text=command.text,
            policy_version=command.policy_version,
            seen_position=command.seen_position,
        )
    ]
