"""Guarantees for debts of a customer."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Id
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from risk_svc.domain.guarantee import GuaranteeNotFound
from risk_svc.http.guarantees.answers import GUARANTEE_ANSWER, GuaranteeAsOf, GuaranteeOut
from risk_svc.http.guarantees.bodies import GuaranteeBody, ReleaseGuaranteeBody
from risk_svc.http.limits.bodies import CustomerId
from risk_svc.http.streams import stream_then
from risk_svc.use_cases import guarantees

router = Router(tags=["Guarantees"])
Taking = Annotated[Command, command("risk:approve")]
Reading = Annotated[Query, reading("risk:read")]
GuaranteePath = Annotated[str, Id("gua")]


@router.post("/v1/customers/{customer_id}/guarantees", response_model=GuaranteeAsOf, status_code=201)
async def take_guarantee(customer_id: CustomerId, body: GuaranteeBody, cmd: Taking) -> Response:
    """Record a guarantee. While it is in force, its amount is added to what the limit allows."""
    taken = body.to_command(new_id("gua"), customer_id)
    return await cmd.run(guarantees.take_guarantee, taken, answer=GUARANTEE_ANSWER, status=201)


@router.get("/v1/guarantees/{guarantee_id}", response_model=GuaranteeAsOf)
async def get_guarantee(guarantee_id: GuaranteePath, q: Reading) -> Response:
    """Get a guarantee as of a date, as known at an instant."""
    then = await stream_then(q, guarantee_id, GuaranteeNotFound(guarantee_id))
    found = GuaranteeOut.of(guarantees.GUARANTEE.fold(then.events), then.last.version)
    return q.respond(GuaranteeAsOf(**dict(found), **then.echo), last=then.last)


@router.post("/v1/guarantees/{guarantee_id}/release", response_model=GuaranteeAsOf)
async def release_guarantee(guarantee_id: GuaranteePath, body: ReleaseGuaranteeBody, cmd: Taking) -> Response:
    """End a guarantee before its last day, with the reason."""
    ended = body.to_command(guarantee_id)
    return await cmd.run(guarantees.release_guarantee, ended, answer=GUARANTEE_ANSWER, on=guarantee_id)
