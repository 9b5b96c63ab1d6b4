"""``GET /v1/read-models``: where each read model of this service stands, and the hash of what it holds."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from encours.web.commands import json_response
from encours.web.routing import Router
from encours.web.time_travel import Query, reading

router = Router(tags=["Service"])


class ReadModelOut(BaseModel):
    """One read model in one ledger."""

    model_config = ConfigDict(extra="allow")

    name: str
    position: int = Field(description="The last event that it has taken in.", ge=0)
    content_hash: str | None = Field(
        description="Of its rows: the same position gives the same hash on any machine."
    )
    lag: int = Field(description="Events that the ledger has and it has not.", ge=0)
    state: str = Field(description="following, rebuilding, incomplete (a stream is parked) or stopped")


class ReadModelsOut(BaseModel):
    """All read models of the service in the ledger."""

    ledger: str
    data: list[ReadModelOut]


@router.get(
    "/v1/read-models", response_model=ReadModelsOut, summary="Read models with position, content hash and lag"
)
async def read_models(
    q: Annotated[Query, reading("audit:read", time_travel=False)],
    hash: bool = True,
) -> Response:
    """The same ledger gives the same hash at the same position, live or rebuilt, here or elsewhere.

    `hash=false` leaves the hash out: it reads every row of a model that has moved since it was last asked for.
    """
    data: list[dict[str, Any]] = await q.db.read_models(q.caller.ledger, hashes=hash)
    return json_response({"ledger": q.caller.ledger, "data": data})
