"""Body and headers of a delivery: a CloudEvent in JSON, signed as Standard Webhooks prescribe."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from standardwebhooks import Webhook as Signer

from encours.contracts.books import movements
from encours.kernel.instants import instant_text
from encours.ledger.reader import recorded

CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"
_encoder = msgspec.json.Encoder()


def new_secret() -> str:
    """Return a random secret of 256 bits, in the form of Standard Webhooks."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def message_id(event: Mapping[str, Any]) -> str:
    """Return the id by which receivers recognise a repetition: the same for every attempt, and for each webhook."""
    return f"evt_{event['event_id'].hex}"


def cloud_event(ledger: str, event: Mapping[str, Any]) -> bytes:
    """Return an event as a CloudEvent 1.0, with its movements in the books; the same bytes at every attempt.

    Raises ``UnknownType``, ``NewerVersion`` or a decoding error for an event that this program cannot read.
    """
    found = recorded(ledger, event)
    return _encoder.encode(
        {
            "specversion": "1.0",
            "id": str(found.event_id),
            "source": f"/ledgers/{ledger}",
            "type": found.type,
            "subject": found.stream,
            "time": instant_text(found.recorded_at),
            "datacontenttype": "application/json",
            "position": str(found.position),  # a CloudEvents integer has 32 bits
            "streamversion": found.version,
            "schemaversion": found.schema_version,
            "effectiveon": found.effective_on.isoformat(),
            **({"entity": found.entity} if found.entity else {}),
            **({"traceparent": found.traceparent} if found.traceparent else {}),
            "data": {
                "event": msgspec.Raw(event["data"]),
                "movements": [_movement(each) for each in movements(found)],
            },
        }
    )


def _movement(movement: Any) -> dict[str, Any]:
    """Return the fields of a movement that say something: zeros and absent ids are left out."""
    return {
        name: value for name, value in msgspec.structs.asdict(movement).items() if value not in (None, 0, "")
    }


def signed_headers(identifier: str, content: bytes, keys: Iterable[str], now: datetime) -> dict[str, str]:
    """Return the headers of one attempt; a signature by each secret, so that a receiver may know either."""
    text = content.decode()
    return {
        "content-type": CONTENT_TYPE,
        "user-agent": "Encours-Webhooks/1",
        "webhook-id": identifier,
        "webhook-timestamp": f"{int(now.timestamp())}",
        "webhook-signature": " ".join(Signer(key).sign(identifier, now, text) for key in keys),
    }
