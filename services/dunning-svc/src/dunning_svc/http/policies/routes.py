"""Routes of policies."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from dunning_svc.domain.policy.policy import POLICIES
from dunning_svc.http.policies.answers import PolicyList, PolicyOut
from encours.http.queries import Query, reading
from encours.http.routing import Router

router = Router(tags=["Policies and runs"])
Reading = Annotated[Query, reading("dunning:read", time_travel=False)]


@router.get("/v1/policies", response_model=PolicyList)
async def list_policies(q: Reading) -> Response:
    """List the ladders: the version in force, and the versions that stored decisions refer to."""
    shown = [PolicyOut.of(policy) for policy in reversed(POLICIES.values())]
    return q.respond(PolicyList(data=shown, next_cursor=None))
