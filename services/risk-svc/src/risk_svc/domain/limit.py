"""A request for a credit limit, and the limit in force once it is approved. Stream: the request's id."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, assert_never

from encours.contracts import Event, Recorded
from encours.contracts.events.limit_formula import LimitProposal
from encours.contracts.events.risk import LimitApproved, LimitBasis, LimitRefused, LimitRequested
from encours.kernel.errors import Invalid, NotFound, Refusal
from risk_svc.domain.policy import Authority

LimitEvent = LimitRequested | LimitApproved | LimitRefused


class LimitRequestNotFound(NotFound):
    """No limit request has the id (404)."""

    code = "limit-request-not-found"
    title = "Limit request not found"
    remedy = "Use an id from GET /v1/limit-requests."


class LimitRequestDecided(Refusal):
    """The request has another decision already."""

    code = "limit-request-decided"
    title = "Limit request is already decided"
    remedy = "Make a new request."


class LimitRequestLapsed(Refusal):
    """The last day of the requested limit has passed."""

    code = "limit-request-lapsed"
    title = "Last day of the requested limit has passed"
    remedy = "Make a new request with a later valid_until, or refuse this one."


@dataclass(frozen=True, slots=True)
class RequestLimit:
    """Request a limit: an amount in minor units and a maximum of days past due."""

    limit_id: str
    customer_id: str
    amount_minor: int
    currency: str
    max_days_past_due: int
    valid_until: date | None
    evidence: str
    valid_from: date | None = None
    proposal: LimitProposal | None = None


@dataclass(frozen=True, slots=True)
class ApproveLimit:
    """Put a requested limit in force. ``None`` leaves amount (minor units), currency or days as requested."""

    limit_id: str
    amount_minor: int | None
    currency: str | None
    max_days_past_due: int | None
    text: str | None
    conditions: str | None = None


@dataclass(frozen=True, slots=True)
class RefuseLimit:
    """Refuse a request."""

    limit_id: str
    text: str


@dataclass(frozen=True, slots=True)
class LimitState:
    """State of a request. ``amount_minor`` is the approved amount; before the approval, the requested one."""

    limit_id: str = ""
    customer_id: str = ""
    entity_id: str = ""
    state: Literal["none", "requested", "approved", "refused"] = "none"
    amount_minor: int = 0
    currency: str = ""
    max_days_past_due: int = 0
    valid_until: date | None = None
    evidence: str = ""
    text: str | None = None
    requested_by: str = ""
    decided_by: str | None = None
    valid_from: date | None = None
    conditions: str | None = None
    role: str | None = None
    in_place_of: str | None = None
    proposal: LimitProposal | None = None
    basis: LimitBasis | None = None


@dataclass(frozen=True, slots=True)
class ApprovedLimit:
    """A customer's limit: an amount in minor units and a maximum of days past due."""

    limit_id: str
    amount_minor: int
    currency: str
    max_days_past_due: int
    valid_until: date | None
    """Last day in force; ``None`` for a limit without end."""

    def expired(self, day: date) -> bool:
        """Return True if the limit ended before the day."""
        return self.valid_until is not None and self.valid_until < day


def evolve(state: LimitState, recorded: Recorded) -> LimitState:
    """Return the state after one more event."""
    event: LimitEvent = recorded.data  # type: ignore[assignment]  # the stream holds this family alone
    match event:
        case LimitRequested():
            return LimitState(
                limit_id=event.limit_id,
                customer_id=event.customer_id,
                entity_id=recorded.entity,
                state="requested",
                amount_minor=event.amount_minor,
                currency=event.currency,
                max_days_past_due=event.max_days_past_due,
                valid_until=event.valid_until,
                evidence=event.evidence,
                requested_by=recorded.actor,
                valid_from=event.valid_from,
                proposal=event.proposal,
            )
        case LimitApproved():
            return replace(
                state,
                state="approved",
                amount_minor=event.amount_minor,
                max_days_past_due=event.max_days_past_due,
                valid_until=event.valid_until,
                text=event.text,
                decided_by=recorded.actor,
                valid_from=event.valid_from,
                conditions=event.conditions,
                role=event.role,
                in_place_of=event.in_place_of,
                basis=event.basis,
            )
        case LimitRefused():
            return replace(
                state,
                state="refused",
                text=event.text,
                decided_by=recorded.actor,
                role=event.role,
                in_place_of=event.in_place_of,
                basis=event.basis,
            )
        case _:
            assert_never(event)


def request(command: RequestLimit, today: date) -> list[Event]:
    """Request a limit. Raises :class:`Invalid` for one that ended before today."""
    if command.valid_until is not None and command.valid_until < today:
        raise Invalid("valid_until is in the past; use a later date or omit it.", "/valid_until")
    if command.valid_from and command.valid_until and command.valid_until < command.valid_from:
        raise Invalid("valid_until is before valid_from; use a later date or omit it.", "/valid_until")
    return [
        LimitRequested(
            limit_id=command.limit_id,
            customer_id=command.customer_id,
            amount_minor=command.amount_minor,
            currency=command.currency,
            max_days_past_due=command.max_days_past_due,
            valid_until=command.valid_until,
            evidence=command.evidence,
            valid_from=command.valid_from,
            proposal=command.proposal,
        )
    ]


def approve(
    state: LimitState, command: ApproveLimit, by: Authority, today: date, basis: LimitBasis | None
) -> list[Event]:
    """Put the limit in force, as requested or lower, from its first day on; no event if it is approved already.

    The event keeps the figures in ``basis``; ``None`` for a decision of before they were kept.

    Raises :class:`Invalid` for another currency or a higher amount, :class:`LimitRequestLapsed` for a limit that has
    ended: it would replace the one in force.
    """
    if command.currency not in (None, state.currency):
        raise Invalid(f"The request is in {state.currency}; use that currency.", "/amount/currency")
    _require_open(state, done="approved")
    if state.state == "approved":
        return []
    if state.valid_until is not None and state.valid_until < today:
        raise LimitRequestLapsed(f"The limit was requested until {state.valid_until}.")
    amount = state.amount_minor if command.amount_minor is None else command.amount_minor
    if amount > state.amount_minor:
        raise Invalid("The amount exceeds the requested one; reduce it, or make a new request.", "/amount")
    days = command.max_days_past_due
    return [
        LimitApproved(
            limit_id=state.limit_id,
            customer_id=state.customer_id,
            amount_minor=amount,
            currency=state.currency,
            max_days_past_due=state.max_days_past_due if days is None else days,
            valid_until=state.valid_until,
            text=command.text,
            valid_from=state.valid_from if state.valid_from and state.valid_from > today else None,
            conditions=command.conditions,
            role=by.role,
            in_place_of=by.in_place_of,
            basis=basis,
        )
    ]


def refuse(state: LimitState, command: RefuseLimit, by: Authority, basis: LimitBasis | None) -> list[Event]:
    """Refuse the request, keeping the figures; a limit in force is unchanged. No event if it is refused already."""
    _require_open(state, done="refused")
    if state.state == "refused":
        return []
    return [
        LimitRefused(
            limit_id=state.limit_id,
            customer_id=state.customer_id,
            text=command.text,
            role=by.role,
            in_place_of=by.in_place_of,
            basis=basis,
        )
    ]


def _require_open(state: LimitState, *, done: str) -> None:
    if state.state not in ("requested", done):
        raise LimitRequestDecided(f"The request is already {state.state}; make a new one.")
