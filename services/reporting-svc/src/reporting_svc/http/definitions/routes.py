"""``GET /v1/definitions``: the definition of each figure, by its id."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.queries import Query, reading
from encours.http.routing import Router
from reporting_svc.domain.measures import definitions
from reporting_svc.http.definitions.answers import DefinitionsOut

router = Router(tags=["Receivables"])


@router.get("/v1/definitions", response_model=DefinitionsOut, summary="What the figures mean")
async def list_definitions(q: Annotated[Query, reading("reports:read", time_travel=False)]) -> Response:
    """A definition never changes under its id."""
    return q.respond(DefinitionsOut.of(definitions.ALL))
