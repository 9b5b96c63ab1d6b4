"""``GET /asyncapi.json``: the events on NATS and by webhook."""

from __future__ import annotations

from starlette.responses import Response

from encours.http.app import VERSION
from encours.http.routing import Router
from reporting_svc.webhooks.asyncapi import asyncapi

router = Router(tags=["Events"])


@router.get(
    "/asyncapi.json",
    summary="AsyncAPI 3.0 document of the events",
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
async def get_asyncapi() -> Response:
    """Every event type with its schema, as it is published on NATS and sent by webhooks."""
    return Response(asyncapi(VERSION), media_type="application/json")
