"""The badge of a bad payer [mauvais payeur]. Stream: the badge of the customer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from encours.contracts import Recorded
from encours.contracts.common import Reason
from encours.contracts.events.credit_hold import PayerBadgeGiven, PayerBadgeRemoved
from encours.kernel.ids import with_prefix

BadgeEvent = PayerBadgeGiven | PayerBadgeRemoved


@dataclass(frozen=True, slots=True)
class GiveBadge:
    """Mark a customer as a bad payer."""

    customer_id: str
    text: str
    policy_version: int | None = None
    reason: Reason | None = None
    seen_position: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveBadge:
    """Take the mark away."""

    customer_id: str
    text: str


@dataclass(frozen=True, slots=True)
class PayerBadge:
    """The badge of a customer: given or not, since when, by whom and why."""

    customer_id: str = ""
    given: bool = False
    since: date = date.min
    by: str = ""
    text: str = ""
    reason: Reason | None = None


def badge_of(customer_id: str) -> str:
    """Return the stream of the badge of a customer."""
    return with_prefix(customer_id, "bdg")


def evolve(state: PayerBadge, recorded: Recorded) -> PayerBadge:
    """Return the state after one more event."""
    event: BadgeEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    match event:
        case PayerBadgeGiven():
            return PayerBadge(
                event.customer_id, True, recorded.effective_on, recorded.actor, event.text, event.reason
            )
        case PayerBadgeRemoved():
            return replace(
                state,
                given=False,
                since=recorded.effective_on,
                by=recorded.actor,
                text=event.text,
                reason=None,
            )
        case _:
            assert_never(event)


def give(state: PayerBadge, command: GiveBadge) -> list[BadgeEvent]:
    """Mark the customer; no event if it is marked."""
    if state.given:
        return []
    return [
        PayerBadgeGiven(
            payer_badge_id=badge_of(command.customer_id),
            customer_id=command.customer_id,
            text=command.text,
            policy_version=command.policy_version,
            reason=command.reason,
            seen_position=command.seen_position,
        )
    ]


def remove(state: PayerBadge, command: RemoveBadge) -> list[BadgeEvent]:
    """Take the mark away; no event if there is none."""
    if not state.given:
        return []
    return [
        PayerBadgeRemoved(
            payer_badge_id=badge_of(command.customer_id), customer_id=command.customer_id, text=command.text
        )
    ]
