"""Routes of holds."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from dunning_svc.domain.hold.state import HOLD, hold_stream
from dunning_svc.http.holds.answers import HoldOut
from dunning_svc.http.holds.bodies import HoldBody
from dunning_svc.http.identifiers import CustomerPath
from dunning_svc.use_cases.holds import place_hold
from encours.http.commands import Command, command
from encours.http.routing import Router
from encours.ledger.session import Session

router = Router(tags=["Cases"])
Writing = Annotated[Command, command("dunning:write")]


@router.post("/v1/customers/{id}/holds", response_model=HoldOut, status_code=201)
async def hold_customer(customer_id: CustomerPath, body: HoldBody, cmd: Writing) -> Response:
    """Let dunning of a customer rest through a day. What falls due meanwhile is decided the day after."""

    async def work(session: Session) -> None:
        await place_hold(session, body.to_command(customer_id))

    done = await cmd.execute(work)
    state, version = await done.state(HOLD, hold_stream(customer_id))
    return cmd.respond(done, HoldOut.of(state), status=201, version=version)
