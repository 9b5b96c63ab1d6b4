"""Credit checks of orders."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Id
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from risk_svc.domain.check import CheckNotFound
from risk_svc.http.checks.answers import CHECK_ANSWER, CheckAsOf, CheckOut
from risk_svc.http.checks.bodies import CheckBody
from risk_svc.read_models.credit.ahead import ahead
from risk_svc.read_models.credit.query import LatestPictures
from risk_svc.use_cases import checks

router = Router(tags=["Credit checks"])
Checking = Annotated[Command, command("risk:write")]
Reading = Annotated[Query, reading("risk:read")]
DecisionPath = Annotated[str, Id("dec")]


@router.post("/v1/checks", response_model=CheckAsOf, status_code=201)
async def check_credit(body: CheckBody, cmd: Checking) -> Response:
    """Check an order: accept it, refer it to a person or refuse it, with reasons and the exposure."""
    order, latest = body.to_command(new_id("dec")), LatestPictures(cmd.services.db, cmd.ledger)
    async with ahead(latest, cmd.meta.ledger, order.customer_id, cmd.meta.today) as pictures:
        return await cmd.run(checks.check_credit, order, pictures, answer=CHECK_ANSWER, status=201)


@router.get("/v1/checks/{decision_id}", response_model=CheckAsOf)
async def get_check(decision_id: DecisionPath, q: Reading) -> Response:
    """Get a stored decision."""
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, decision_id, upto=time.position)
    visible = [
        event for event in events if event.effective_on <= time.as_of and event.type == "credit.checked"
    ]
    if not visible:
        raise CheckNotFound(decision_id)
    q.caller.require_sight(visible[0].entity, CheckNotFound(decision_id))
    found = CheckOut.of(checks.CHECK.fold(visible))
    return q.respond(CheckAsOf(**dict(found), **time.echo()), last=visible[-1])
