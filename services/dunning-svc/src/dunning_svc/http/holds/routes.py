"""Routes of holds."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from dunning_svc.http.holds.answers import HOLD_ANSWER, HoldAsOf
from dunning_svc.http.holds.bodies import HoldBody
from dunning_svc.http.identifiers import CustomerPath
from dunning_svc.use_cases.holds import place_hold
from encours.http.commands import Command, command
from encours.http.routing import Router

router = Router(tags=["Cases"])
Writing = Annotated[Command, command("dunning:write")]


@router.post("/v1/customers/{id}/holds", response_model=HoldAsOf, status_code=201)
async def hold_customer(customer_id: CustomerPath, body: HoldBody, cmd: Writing) -> Response:
    """Suspend the dunning of a customer up to and including a day. Steps due meanwhile are decided the day after."""
    return await cmd.run(place_hold, body.to_command(customer_id), answer=HOLD_ANSWER, status=201)
