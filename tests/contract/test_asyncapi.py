"""The AsyncAPI document: every event is in it, and samples and deliveries satisfy its schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from pydantic_asyncapi.v3 import AsyncAPI

from encours.contracts import encode, types
from encours.contracts.golden import samples
from encours.http.app import VERSION
from encours.testing.events import drafted, issued
from encours.testing.history import recorded
from encours.transport.names import subject
from reporting_svc.webhooks.asyncapi import asyncapi
from reporting_svc.webhooks.message import cloud_event


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asyncapi(VERSION))
    return found


def references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(target)}:
            yield target
        case dict():
            for each in value.values():
                yield from references(each)
        case list():
            for each in value:
                yield from references(each)


def target(reference: str) -> Any:
    found: Any = document()
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def schema_of(payload: dict[str, Any]) -> dict[str, Any]:
    """A payload's schema, with the components that it refers to."""
    return {"allOf": [payload], "components": document()["components"]}


def test_the_document_consists_of_the_objects_of_asyncapi_3() -> None:
    read = AsyncAPI.model_validate(document())
    assert (read.asyncapi, read.info.version) == ("3.0.0", VERSION)
    assert read.channels
    assert read.operations
    assert {each.channel.ref for each in read.operations.values()} == {  # type: ignore[union-attr]
        f"#/channels/{name}" for name in read.channels
    }


def test_every_reference_leads_somewhere() -> None:
    found = set(references(document()))
    assert len(found) > len(types())
    for each in found:
        assert target(each)


def test_every_event_type_is_a_message_of_its_channel_and_of_the_webhook() -> None:
    channels = document()["channels"]
    for name in types():
        family, _, event = name.partition(".")
        channel = channels[family]
        assert name in channel["messages"]
        assert event in channel["parameters"]["event"]["enum"]
        address = channel["address"].format(ledger="main", entity="ent_1", event=event)
        assert address == subject("main", "ent_1", name)
        assert name in channels["webhook"]["messages"]


def test_the_samples_of_the_current_versions_satisfy_their_schemas() -> None:
    current = {
        name: json.loads(text) for name, version, text in samples() if version == types()[name].VERSION
    }
    assert current.keys() == types().keys()
    messages = document()["components"]["messages"]
    # As members of one object: the components are compiled once, not for each type.
    payloads = {"properties": {name: messages[name]["payload"] for name in current}}
    jsonschema_rs.validate(schema_of(payloads), current)


@pytest.mark.parametrize("event", [issued(), drafted()], ids=["moves", "still"])
def test_a_delivery_satisfies_its_schema_and_a_damaged_one_does_not(event: Any) -> None:
    found = recorded(event)
    names = (*type(found).__struct_fields__,)
    row = {name: getattr(found, name) for name in names} | {"data": encode(event)}
    delivery = json.loads(cloud_event("main", row))
    schema = schema_of(document()["components"]["messages"][f"webhook.{found.type}"]["payload"])
    jsonschema_rs.validate(schema, delivery)
    for damaged in (
        delivery | {"type": "invoice.cancelled"},
        delivery | {"position": 1},
        delivery | {"data": {"event": delivery["data"]["event"]}},
        delivery | {"data": delivery["data"] | {"event": {}}},
    ):
        assert not jsonschema_rs.is_valid(schema, damaged)
