"""``GET /v1/read-models``: position and content hash of each read model of this service."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query as QueryParameter
from pydantic import BaseModel, Field
from starlette.responses import Response

from encours.http.commands import json_response
from encours.http.queries import Query, reading
from encours.http.routing import Router

router = Router(tags=["Service"])


class ReadModelOut(BaseModel):
    """One read model in one ledger."""

    name: str
    model: str
    service: str | None = Field(description="The service that keeps it; null until it has begun.")
    ledger: str
    version: int | None = Field(description="Of its rows and rules; another one makes it build itself anew.")
    epoch: int | None = Field(description="Of the ledger that it was built from.")
    position: int = Field(description="The last event that it has taken in.", ge=0)
    head: int = Field(description="The ledger's last event.", ge=0)
    lag: int = Field(description="Events that the ledger has and it has not.", ge=0)
    state: str = Field(description="building, following, incomplete (a stream is parked) or stopped")
    reason: str | None
    parked: int = Field(description="Streams that it could not apply.", ge=0)
    incomplete: bool
    content_hash: str | None = Field(
        description="Of its rows: the same position gives the same hash on any machine."
    )
    hash_position: int | None = Field(description="The position that the hash belongs to.")
    updated_at: datetime | None


class ReadModelsOut(BaseModel):
    """All read models of the service in the ledger."""

    ledger: str
    data: list[ReadModelOut]


@router.get(
    "/v1/read-models", response_model=ReadModelsOut, summary="Read models with position, content hash and lag"
)
async def read_models(
    q: Annotated[Query, reading("audit:read", time_travel=False)],
    hashes: Annotated[
        bool, QueryParameter(alias="hash", description="Compute the content hashes too, which takes time.")
    ] = True,
) -> Response:
    """The same ledger gives the same hash at the same position, live or rebuilt, here or elsewhere."""
    data = await q.db.read_models(q.caller.ledger, hashes=hashes)
    return json_response({"ledger": q.caller.ledger, "data": data})
