"""Route of litigation files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import Query as Parameter
from starlette.responses import Response, StreamingResponse

from dunning_svc.domain.hold.state import DEBTOR, DebtorNotFound
from dunning_svc.domain.litigation.archive import Archive
from dunning_svc.http.identifiers import CustomerPath
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import streams_of
from dunning_svc.use_cases.legal.litigation_file import (
    STREAMS_MAX,
    FileQuestion,
    LitigationFileTooLarge,
    litigation_file,
)
from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.merges import survivors_at

router = Router(tags=["Placements"])
Reading = Annotated[Query, reading("dunning:read")]
ZIP = "application/zip"


@router.get(
    "/v1/customers/{id}/litigation-file",
    response_class=StreamingResponse,
    responses={200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_litigation_file(
    customer_id: CustomerPath,
    q: Reading,
    on: BusinessDate | None = None,
    lang: Annotated[Literal["fr", "en"], Parameter()] = "en",
) -> Response:
    """Get the litigation file of a customer as a ZIP: index, chronology, open invoices, reminders with their evidence.

    `on` is the business day (`as_of` if not given): events that count later are left out. The same day, position and
    language give the same bytes. Each open invoice has the last day for an action, to be confirmed by counsel.
    """
    async with q.view(MODEL) as view:
        records = (await survivors_at(view, on)).records(customer_id)
        streams = await streams_of(view.conn, view.schema, records)
        time = view.time
    debtor = DEBTOR.fold(await q.ledger.read_stream(q.caller.ledger, customer_id, upto=time.position))
    if not debtor.entity_id:
        raise DebtorNotFound(customer_id)
    q.caller.require_sight(debtor.entity_id, DebtorNotFound(customer_id))
    if len(streams) > STREAMS_MAX:
        raise LitigationFileTooLarge(f"The customer has more than {STREAMS_MAX:,} streams.")
    asked = FileQuestion(
        ledger=q.caller.ledger,
        customer_id=customer_id,
        records=frozenset(records),
        streams=tuple(streams),
        as_of=on or time.as_of,
        position=time.position,
        lang=lang,
    )
    return StreamingResponse(
        _zipped(q, asked),
        media_type=ZIP,
        headers={
            "Content-Disposition": f'attachment; filename="litigation-{customer_id}-{asked.as_of}.zip"',
            "Encours-Position": str(time.position),
        },
    )


async def _zipped(q: Query, asked: FileQuestion) -> AsyncIterator[bytes]:
    archive = Archive()
    async for entry in litigation_file(q.ledger, asked):
        yield archive.add(entry)
    yield archive.close()
