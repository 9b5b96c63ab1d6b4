"""Routes of /v1/entities/{id}/allocation-policy."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from invoice_svc.domain.allocation_policy.policy import policies_id
from invoice_svc.http.allocation_policies.answers import ALLOCATION_POLICIES_ANSWER, AllocationPoliciesOut
from invoice_svc.http.allocation_policies.bodies import AllocationPolicyBody
from invoice_svc.http.common import EntityId
from invoice_svc.http.reads import show
from invoice_svc.use_cases.money import policies

router = Router(tags=["Payments"])
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("payments:write")]


@router.put("/v1/entities/{entity_id}/allocation-policy", response_model=AllocationPoliciesOut)
async def set_allocation_policy(entity_id: EntityId, body: AllocationPolicyBody, cmd: Writing) -> Response:
    """Set the order in which payments without an indication settle debts, of one customer or of all, from a day on."""
    wanted = body.to_command(entity_id)
    return await cmd.run(
        policies.set_allocation_policy,
        wanted,
        answer=ALLOCATION_POLICIES_ANSWER,
        on=policies_id(entity_id),
    )


@router.get("/v1/entities/{entity_id}/allocation-policy", response_model=AllocationPoliciesOut)
async def get_allocation_policies(entity_id: EntityId, q: Reading) -> Response:
    """Get the allocation policies of an entity. Without one payments go to the principal first, by rate and age."""
    return await show(q, ALLOCATION_POLICIES_ANSWER, policies_id(entity_id))
