"""Guarantees that others give for a customer's debts. Stream: the guarantee."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from encours.contracts import Recorded
from encours.contracts.events.guarantee import GuaranteeKind, GuaranteeReleased, GuaranteeTaken
from encours.kernel.errors import Invalid, NotFound
from risk_svc.domain.policy import Authority

GuaranteeEvent = GuaranteeTaken | GuaranteeReleased


class GuaranteeNotFound(NotFound):
    """No guarantee has the id (404)."""

    code = "guarantee-not-found"
    title = "Guarantee not found"
    remedy = "Use the id in the answer to POST /v1/customers/{customer_id}/guarantees."


@dataclass(frozen=True, slots=True)
class TakeGuarantee:
    """Record a guarantee, amount in minor units; without a first day it counts from today."""

    guarantee_id: str
    customer_id: str
    kind: GuaranteeKind
    amount_minor: int
    currency: str
    valid_from: date | None
    valid_until: date | None
    reference: str
    text: str | None


@dataclass(frozen=True, slots=True)
class ReleaseGuarantee:
    """End a guarantee before its last day."""

    guarantee_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A guarantee; ``taken`` is ``None`` before it is recorded."""

    taken: GuaranteeTaken | None = None
    entity_id: str = ""
    taken_by: str | None = None
    taken_on: date | None = None
    released_on: date | None = None
    release_text: str | None = None


def evolve(state: Guarantee, recorded: Recorded) -> Guarantee:
    """Return the state after one more event."""
    event: GuaranteeEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    match event:
        case GuaranteeTaken():
            return Guarantee(event, recorded.entity, recorded.actor, recorded.effective_on)
        case GuaranteeReleased():
            return replace(state, released_on=recorded.effective_on, release_text=event.text)
        case _:
            assert_never(event)


def in_force(state: Guarantee, day: date) -> bool:
    """Return True if a guarantee counts on a day."""
    taken = state.taken
    if taken is None or (state.released_on is not None and state.released_on <= day):
        return False
    return taken.valid_from <= day and (taken.valid_until is None or day <= taken.valid_until)


def take(command: TakeGuarantee, by: Authority, day: date) -> list[GuaranteeTaken]:
    """Record a guarantee. Raises :class:`Invalid` for one that ends before it begins."""
    valid_from = command.valid_from or day
    if command.valid_until is not None and command.valid_until < valid_from:
        raise Invalid("valid_until is before valid_from; use a later date or omit it.", "/valid_until")
    return [
        GuaranteeTaken(
            guarantee_id=command.guarantee_id,
            customer_id=command.customer_id,
            kind=command.kind,
            amount_minor=command.amount_minor,
            currency=command.currency,
            valid_from=valid_from,
            valid_until=command.valid_until,
            reference=command.reference,
            text=command.text,
            role=by.role,
            in_place_of=by.in_place_of,
        )
    ]


def release(state: Guarantee, command: ReleaseGuarantee) -> list[GuaranteeReleased]:
    """End a guarantee; no event if it is released already."""
    if state.taken is None or state.released_on is not None:
        return []
    return [
        GuaranteeReleased(
            guarantee_id=command.guarantee_id, customer_id=state.taken.customer_id, text=command.text
        )
    ]
