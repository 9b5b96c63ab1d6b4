"""Holds on a customer's orders, the badge of a bad payer, and the credit policy of an entity."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Id
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from risk_svc.domain.hold import CreditHoldNotFound
from risk_svc.domain.policy import CreditPolicyNotFound, policy_of
from risk_svc.http.limits.bodies import CustomerId
from risk_svc.http.standing.answers import (
    BADGE_ANSWER,
    CREDIT_HOLD_ANSWER,
    CREDIT_POLICY_ANSWER,
    BadgeAsOf,
    CreditHoldAsOf,
    CreditHoldOut,
    CreditPolicyAsOf,
    CreditPolicyOut,
)
from risk_svc.http.standing.bodies import BadgeBody, CreditHoldBody, CreditPolicyBody, ReleaseHoldBody
from risk_svc.http.streams import stream_then
from risk_svc.use_cases import standing

router = Router(tags=["Holds and policy"])
Deciding = Annotated[Command, command("risk:approve")]
Governing = Annotated[Command, command("risk:policy")]
Reading = Annotated[Query, reading("risk:read")]
HoldPath = Annotated[str, Id("chd")]
EntityPath = Annotated[str, Id("ent")]


@router.post("/v1/customers/{customer_id}/holds", response_model=CreditHoldAsOf, status_code=201)
async def place_credit_hold(customer_id: CustomerId, body: CreditHoldBody, cmd: Deciding) -> Response:
    """Hold the orders of a customer: checks and reservations are refused until the hold ends."""
    placed = body.to_command(new_id("chd"), customer_id)
    return await cmd.run(standing.place_hold, placed, answer=CREDIT_HOLD_ANSWER, status=201)


@router.get("/v1/credit-holds/{hold_id}", response_model=CreditHoldAsOf)
async def get_credit_hold(hold_id: HoldPath, q: Reading) -> Response:
    """Get a hold on the orders of a customer as of a date, as known at an instant."""
    then = await stream_then(q, hold_id, CreditHoldNotFound(hold_id))
    found = CreditHoldOut.of(standing.CREDIT_HOLD.fold(then.events), then.last.version)
    return q.respond(CreditHoldAsOf(**dict(found), **then.echo), last=then.last)


@router.post("/v1/credit-holds/{hold_id}/release", response_model=CreditHoldAsOf)
async def release_credit_hold(hold_id: HoldPath, body: ReleaseHoldBody, cmd: Deciding) -> Response:
    """End a hold, with the reason."""
    released = body.to_command(hold_id)
    return await cmd.run(standing.release_hold, released, answer=CREDIT_HOLD_ANSWER, on=hold_id)


@router.post("/v1/customers/{customer_id}/badge", response_model=BadgeAsOf)
async def give_badge(customer_id: CustomerId, body: BadgeBody, cmd: Deciding) -> Response:
    """Mark a customer as a bad payer [mauvais payeur]: an event that others subscribe to, and no hold by itself."""
    return await cmd.run(standing.give_badge, body.to_give(customer_id), answer=BADGE_ANSWER)


@router.post("/v1/customers/{customer_id}/badge/remove", response_model=BadgeAsOf)
async def remove_badge(customer_id: CustomerId, body: BadgeBody, cmd: Deciding) -> Response:
    """Take the mark of a bad payer away, with the reason."""
    return await cmd.run(standing.remove_badge, body.to_remove(customer_id), answer=BADGE_ANSWER)


@router.put("/v1/entities/{entity_id}/credit-policy", response_model=CreditPolicyAsOf)
async def set_credit_policy(entity_id: EntityPath, body: CreditPolicyBody, cmd: Governing) -> Response:
    """Set the credit policy of an entity: causes of holds, roles that decide by amount, rules of orders.

    It needs a scope of its own: whoever decides within authorities does not set them.
    """
    return await cmd.run(standing.set_policy, body.to_command(entity_id), answer=CREDIT_POLICY_ANSWER)


@router.get("/v1/entities/{entity_id}/credit-policy", response_model=CreditPolicyAsOf)
async def get_credit_policy(entity_id: EntityPath, q: Reading) -> Response:
    """Get the credit policy of an entity as of a date, as known at an instant."""
    then = await stream_then(q, policy_of(entity_id), CreditPolicyNotFound(entity_id))
    found = CreditPolicyOut.of(standing.CREDIT_POLICY.fold(then.events), then.last.version)
    return q.respond(CreditPolicyAsOf(**found.model_dump(by_alias=True), **then.echo), last=then.last)
