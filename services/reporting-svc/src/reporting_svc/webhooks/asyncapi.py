"""AsyncAPI 3.0 document of what Encours publishes: subjects on NATS, and webhooks. Made from the contracts.

Each family of events is a channel of the ledger's stream, and each event type a message; payloads are the schemas of
the contracts. A webhook sends the same events as CloudEvents in JSON, with their movements in the books.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from encours.contracts import types
from encours.contracts.books.entries import Movement
from encours.contracts.families import FAMILIES
from encours.transport.names import subject

_SCHEMAS = "#/components/schemas"
_MESSAGES = "#/components/messages"
_CLOUD_EVENT, _MOVEMENT, _HEADERS, _WEBHOOK_HEADERS = (
    "CloudEvent",
    "Movement",
    "NatsHeaders",
    "WebhookHeaders",
)
_TEXT: dict[str, Any] = {"type": "string"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 1}
_PARAMETERS = {
    "ledger": {"description": "Name of the ledger.", "examples": ["main"]},
    "entity": {"description": "Id of the legal entity; `_` for an event of none."},
}


@cache
def asyncapi(version: str) -> bytes:
    """Return the document, as JSON."""
    classes = dict(sorted(types().items()))
    refs, schemas = msgspec.json.schema_components(
        [*classes.values(), Movement], ref_template=f"{_SCHEMAS}/{{name}}"
    )
    payloads = dict(zip(classes, refs, strict=False))
    families = {family.name for family in FAMILIES} | {name.partition(".")[0] for name in classes}
    grouped = {
        each: [name for name in classes if name.partition(".")[0] == each] for each in sorted(families)
    }
    return msgspec.json.encode(
        {
            "asyncapi": "3.0.0",
            "info": {
                "title": "Events of Encours",
                "version": version,
                "description": "Every event of a ledger, in the order of its positions: on a NATS JetStream stream "
                "whose sequence number is the position, and by webhook.",
            },
            "defaultContentType": "application/json",
            "servers": {
                "nats": {
                    "host": "{host}:4222",
                    "protocol": "nats",
                    "description": "JetStream, a stream LEDGER_<name> for each ledger.",
                    "variables": {"host": {"default": "127.0.0.1"}},
                }
            },
            "channels": {
                **{name: _channel(name, members) for name, members in grouped.items()},
                "webhook": _webhook_channel(list(classes)),
            },
            "operations": {
                **{f"publish.{name}": _operation(name, "Publish") for name in grouped},
                "send.webhook": _operation("webhook", "Deliver"),
            },
            "components": {
                "messages": {name: _message(name, payloads[name]) for name in classes}
                | {f"webhook.{name}": _delivery(name, payloads[name]) for name in classes},
                "schemas": schemas
                | {
                    _CLOUD_EVENT: _cloud_event(),
                    _HEADERS: _nats_headers(),
                    _WEBHOOK_HEADERS: _webhook_headers(),
                },
            },
        },
        order="deterministic",
    )


def _channel(family: str, members: list[str]) -> dict[str, Any]:
    return {
        "address": subject("{ledger}", "{entity}", f"{family}.{{event}}"),
        "description": f"Events of the family {family}.",
        "servers": [{"$ref": "#/servers/nats"}],
        "parameters": {**_PARAMETERS, "event": {"enum": [each.partition(".")[2] for each in members]}},
        "messages": {each: {"$ref": f"{_MESSAGES}/{each}"} for each in members},
    }


def _webhook_channel(names: list[str]) -> dict[str, Any]:
    return {
        "address": None,  # the receiver's, given by POST /v1/webhooks
        "description": "HTTP POST to the address of a webhook, in order per stream, at least once.",
        "messages": {name: {"$ref": f"{_MESSAGES}/webhook.{name}"} for name in names},
    }


def _operation(channel: str, verb: str) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": f"{verb} each event of {'the ledger that is wanted' if channel == 'webhook' else channel}.",
    }


def _message(name: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "contentType": "application/json",
        "headers": {"$ref": f"{_SCHEMAS}/{_HEADERS}"},
        "payload": payload,
        "summary": _summary(name),
    }


def _delivery(name: str, payload: dict[str, Any]) -> dict[str, Any]:
    data = {
        "type": "object",
        "required": ["event", "movements"],
        "properties": {
            "event": payload,
            "movements": {"type": "array", "items": {"$ref": f"{_SCHEMAS}/{_MOVEMENT}"}},
        },
    }
    own = {"type": "object", "properties": {"type": {"const": name}, "data": data}}
    return {
        "name": name,
        "contentType": "application/cloudevents+json",
        "headers": {"$ref": f"{_SCHEMAS}/{_WEBHOOK_HEADERS}"},
        "payload": {"allOf": [{"$ref": f"{_SCHEMAS}/{_CLOUD_EVENT}"}, own]},
        "summary": _summary(name),
    }


def _summary(name: str) -> str:
    return (types()[name].__doc__ or name).strip().partition("\n")[0]


def _cloud_event() -> dict[str, Any]:
    """Return the schema of the envelope; extension attributes are ``position`` and those below."""
    properties = {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid"},
        "source": {"type": "string", "description": "/ledgers/ and the name of the ledger."},
        "type": _TEXT,
        "subject": {"type": "string", "description": "Stream: the id of the object."},
        "time": {"type": "string", "format": "date-time", "description": "When the ledger learned it."},
        "datacontenttype": {"const": "application/json"},
        "position": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "Place in the ledger."},
        "streamversion": {**_COUNT, "description": "Place in its stream."},
        "schemaversion": {**_COUNT, "description": "Version of the payload."},
        "effectiveon": {"type": "string", "format": "date", "description": "Business date."},
        "data": {"type": "object"},
    }
    optional = {"entity": _TEXT, "traceparent": _TEXT}
    return {"type": "object", "required": list(properties), "properties": properties | optional}


def _nats_headers() -> dict[str, Any]:
    names = {
        "ce-specversion": "1.0",
        "ce-id": "Id of the event.",
        "ce-type": "Type.",
        "ce-source": "/ledgers/ and the name of the ledger.",
        "ce-subject": "Stream, percent-encoded.",
        "ce-time": "When the ledger learned it.",
        "ce-datacontenttype": "application/json",
        "encours-position": "Position, which is the sequence number too.",
        "encours-epoch": "Epoch of the ledger: another one after a restore.",
        "encours-record": "The other columns of the event.",
    }
    properties = {name: {"type": "string", "description": text} for name, text in names.items()}
    return {"type": "object", "required": list(names), "properties": properties | {"traceparent": _TEXT}}


def _webhook_headers() -> dict[str, Any]:
    names = {
        "webhook-id": "evt_ and the id of the event; the same at every attempt.",
        "webhook-timestamp": "Seconds since 1970 of this attempt.",
        "webhook-signature": "Signatures of Standard Webhooks, one for each secret in use.",
    }
    properties = {name: {"type": "string", "description": text} for name, text in names.items()}
    return {"type": "object", "required": list(names), "properties": properties}
