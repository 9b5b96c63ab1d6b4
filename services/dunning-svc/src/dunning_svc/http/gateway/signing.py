"""Resolver of a signed event: who sends it, and that it is the gateway (Standard Webhooks, symmetric signatures)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from msgspec.structs import replace
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import Request

from encours.http.auth import LEDGER_HEADER, SECURED
from encours.http.commands import Command, command
from encours.http.services import Services
from encours.http.surface import Surface, header
from encours.kernel.errors import Refusal
from encours.kernel.ids import derived_uuid

_HEADERS = (
    header(
        "webhook-id", "Id of the event; the same event has the same id.", example="evt_4711", maxLength=255
    ),
    header("webhook-timestamp", "Seconds since 1970, at most five minutes from now.", example="1777500000"),
    header("webhook-signature", "`v1,` and HMAC-SHA256 of id, timestamp and body in Base64."),
)
_ID = re.compile(r"[!-~]{1,255}")
_WRITING = command("dunning:write", dry_run=False)


class GatewayNotConfigured(Refusal):
    """The process has no secret by which events of a gateway could be verified (409)."""

    code = "gateway-not-configured"
    title = "No gateway is configured"
    remedy = "Set ENCOURS_GATEWAY_URL and ENCOURS_GATEWAY_SECRET for all processes of dunning-svc; docs/gateway.md."


class WebhookSignatureInvalid(Refusal):
    """The event has no valid signature, or its time is more than five minutes away (403)."""

    code = "webhook-signature-invalid"
    title = "Signature of the event is not valid"
    status = 403
    remedy = "Sign `<webhook-id>.<webhook-timestamp>.<body>` with the secret of the gateway; docs/gateway.md."


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """Command of a verified event, with the event's id and the SHA-256 of its body."""

    cmd: Command
    event_id: str
    content_sha256: str


class SignedByGateway:
    """Dependency of a route: an event of the gateway, by a caller with the scope. A repeated event is one command."""

    surface = Surface(
        (LEDGER_HEADER, *_HEADERS),
        "dunning:write",
        secured=True,
        statuses=SECURED | {400, 409, 413, 415, 422},
        answer_headers=("Encours-Position", "Idempotency-Replayed"),
    )

    async def __call__(self, request: Request) -> SignedEvent:
        """Raises :class:`GatewayNotConfigured`, :class:`WebhookSignatureInvalid`."""
        cmd: Command = await _WRITING(request)
        content = await request.body()
        event_id = verified(request, content, _secret(cmd.services))
        digest = hashlib.sha256(content)
        meta = replace(
            cmd.meta,
            command_id=derived_uuid("gateway event", cmd.meta.ledger, event_id),
            fingerprint=digest.digest(),
            id_is_new=False,
        )
        return SignedEvent(replace(cmd, meta=meta), event_id, digest.hexdigest())


def _secret(at_hand: Services) -> str:
    secret: str = at_hand.extras["gateway_secret"]
    if not secret:
        raise GatewayNotConfigured("This process has no ENCOURS_GATEWAY_SECRET.")
    return secret


def verified(request: Request, content: bytes, secret: str) -> str:
    """Return the id of an event that is signed with the secret. Raises :class:`WebhookSignatureInvalid`."""
    event_id = request.headers.get("webhook-id", "")
    try:
        if not _ID.fullmatch(event_id):
            raise WebhookVerificationError("webhook-id is missing")
        Webhook(secret).verify(content, dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        raise WebhookSignatureInvalid(f"The event cannot be verified: {error}.") from None
    return event_id
