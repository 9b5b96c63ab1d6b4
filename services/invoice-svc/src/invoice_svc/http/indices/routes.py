"""Routes of /v1/indices."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from invoice_svc.http.common import EntityId
from invoice_svc.http.indices.answers import INDEX_ANSWER, IndexOut
from invoice_svc.http.indices.bodies import IndexBody, IndexCode, index_id
from invoice_svc.http.reads import show
from invoice_svc.use_cases.sales import recurring

router = Router(tags=["Recurring invoices"])


@router.put("/v1/indices/{code}", response_model=IndexOut)
async def publish_index(
    code: IndexCode, body: IndexBody, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Set values of a price index, by period. They count for invoices that are made from then on."""
    wanted = body.to_command(code)
    return await cmd.run(recurring.publish_index, wanted, answer=INDEX_ANSWER, on=wanted.index_id)


@router.get("/v1/indices/{code}", response_model=IndexOut)
async def get_index(
    code: IndexCode, entity_id: EntityId, q: Annotated[Query, reading("invoices:read")]
) -> Response:
    """Get an index of an entity with its values as of a date."""
    return await show(q, INDEX_ANSWER, index_id(entity_id, code))
