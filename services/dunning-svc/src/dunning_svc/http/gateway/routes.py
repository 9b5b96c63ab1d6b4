"""Route of events from the gateway."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from dunning_svc.http.gateway.answers import CARRIED_ANSWER, CarriedAsOf
from dunning_svc.http.gateway.bodies import GatewayEventBody
from dunning_svc.http.gateway.signing import SignedByGateway, SignedEvent
from dunning_svc.use_cases.gateway import SentAddresses, track_message
from encours.http.routing import Router

router = Router(tags=["Replies"])
Signed = Annotated[SignedEvent, SignedByGateway()]


@router.post("/v1/gateway-events", response_model=CarriedAsOf)
async def receive_gateway_event(body: GatewayEventBody, event: Signed) -> Response:
    """Receive a state of a registered letter, a text message or a webhook from the gateway, signed by it.

    Each state of a message is recorded once. The same `webhook-id` is the same event.
    """
    cmd = event.cmd
    wanted = body.to_command(event.event_id, event.content_sha256)
    addresses = SentAddresses(cmd.ledger, cmd.meta.ledger)
    return await cmd.run(track_message, wanted, addresses, answer=CARRIED_ANSWER)
