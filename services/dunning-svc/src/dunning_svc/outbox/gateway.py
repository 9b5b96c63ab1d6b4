"""Client of the gateway for registered letters, text messages and webhooks (docs/gateway.md).

An order is a signed request (Standard Webhooks) whose id is that of the reminder: the gateway takes it once, however
often it is sent. After an answer that leaves the outcome open, nothing is sent; the gateway is asked by the id.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
from standardwebhooks import Webhook

from encours.contracts.events.dunning.reminders import Channel
from encours.mail.smtp import Handed

CHANNELS: frozenset[Channel] = frozenset({"registered_letter", "sms", "webhook"})
"""Channels that a gateway carries."""
_TIMEOUT_S = 30.0
_REFUSED = frozenset({400, 409, 413, 422})
_BUSY_PAUSE_S = 5.0
_MAX_TEXT = 300


@dataclass(frozen=True, slots=True)
class GatewayOrder:
    """Order to carry one message: its id, which is that of the reminder, and its bytes."""

    reminder_id: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, by which the gateway says what it took."""
        return hashlib.sha256(self.content).hexdigest()


def order_of(reminder_id: str, ledger: str, channel: Channel, message: dict[str, Any]) -> GatewayOrder:
    """Return an order; the same bytes on every retry."""
    data = {"id": reminder_id, "ledger": ledger, "channel": channel, **message}
    return GatewayOrder(reminder_id, msgspec.json.encode({"type": "message.requested", "data": data}))


def document(pdf: bytes) -> dict[str, str]:
    """Return a PDF as a part of an order."""
    return {
        "media_type": "application/pdf",
        "sha256": hashlib.sha256(pdf).hexdigest(),
        "content": base64.b64encode(pdf).decode(),
    }


class Gateway:
    """Client of one gateway."""

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        sandbox_host: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._signer = Webhook(secret)
        self._sandbox_host = sandbox_host
        # Certificates are read for HTTPS alone: a TLS context costs more than a request.
        secure = url.startswith("https:")
        self._client = httpx.AsyncClient(timeout=_TIMEOUT_S, transport=transport, verify=secure)

    @property
    def host(self) -> str:
        """Host name of the gateway."""
        return urlsplit(self._url).hostname or ""

    @property
    def is_for_sandboxes(self) -> bool:
        """True for a gateway that sandboxes may use: one on this machine, or on the host configured for them."""
        if self.host in ("localhost", self._sandbox_host):
            return True
        with contextlib.suppress(ValueError):
            return ip_address(self.host).is_loopback
        return False

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, order: GatewayOrder) -> Handed:
        """Send an order. Faults of gateway and network are results; ``unknown``: it may have been taken."""
        headers = self.signed(order.reminder_id, order.content) | {"content-type": "application/json"}
        try:
            response = await self._client.post(self._url, content=order.content, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Handed("unreachable", _one_line(error))
        except httpx.HTTPError as error:
            return Handed("unknown", _one_line(error))
        if response.is_success:
            return _taken(response, order.digest)
        evidence = f"{response.status_code} {_one_line(response.text)}"
        if response.status_code in _REFUSED:
            return Handed("refused", evidence)
        if response.status_code == 503 or not response.is_server_error:
            return Handed("deferred", evidence, retry_after_s=_pause_s(response))
        return Handed("unknown", evidence)

    async def ask(self, order: GatewayOrder) -> Handed:
        """Ask for an order that may have been taken. ``unknown``: the gateway does not know it; ``open``: ask again."""
        headers = self.signed(order.reminder_id, b"")
        try:
            response = await self._client.get(f"{self._url}/{order.reminder_id}", headers=headers)
        except httpx.HTTPError as error:
            return Handed("open", _one_line(error))
        if response.status_code == 404:
            return Handed("unknown", "the gateway does not know the order")
        if response.is_success:
            return _taken(response, order.digest)
        return Handed("open", f"{response.status_code} {_one_line(response.text)}")

    def signed(self, order_id: str, content: bytes) -> dict[str, str]:
        """Return the headers of a request, signed now."""
        now = datetime.now(UTC)
        return {
            "webhook-id": order_id,
            "webhook-timestamp": f"{int(now.timestamp())}",
            "webhook-signature": self._signer.sign(order_id, now, content.decode()),
        }


def _taken(response: httpx.Response, digest: str) -> Handed:
    """Return the outcome by the gateway's answer: its own id of the order, and the SHA-256 of what it took."""
    try:
        answer = response.json()
        own_id, took = _one_line(answer["id"]), answer["sha256"]
    except (ValueError, KeyError, TypeError):
        return Handed("unknown", f"{response.status_code} without id and sha256")
    if answer.get("state") == "refused":
        return Handed("refused", f"gateway {own_id}: {_one_line(answer.get('detail') or 'refused')}")
    return Handed("accepted", f"gateway {own_id} sha256:{took}", is_this=took == digest)


def _pause_s(response: httpx.Response) -> float:
    told = response.headers.get("retry-after", "")
    return float(told) if told.isascii() and told.isdecimal() and len(told) < 5 else _BUSY_PAUSE_S


def _one_line(what: object) -> str:
    text = " ".join(str(what).split())
    return (text or type(what).__name__)[:_MAX_TEXT]
