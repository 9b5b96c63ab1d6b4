"""Routes of /v1/tolerances."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from invoice_svc.http.common import EntityId
from invoice_svc.http.reads import show
from invoice_svc.http.tolerances.answers import (
    TOLERANCE_ANSWER,
    TOLERANCES,
    ToleranceAnswerOut,
    TolerancesOut,
)
from invoice_svc.http.tolerances.bodies import ToleranceBody, ToleranceCode
from invoice_svc.use_cases.money import tolerances

router = Router(tags=["Residual differences"])


@router.put("/v1/tolerances/{code}", response_model=ToleranceAnswerOut)
async def set_tolerance(
    code: ToleranceCode, body: ToleranceBody, cmd: Annotated[Command, command("payments:write")]
) -> Response:
    """Set a tolerance for residuals of paid invoices from a day on. Without one nothing is closed."""
    return await cmd.run(
        tolerances.set_tolerance, body.to_command(code), answer=TOLERANCE_ANSWER, on=body.entity_id
    )


@router.get("/v1/tolerances", response_model=TolerancesOut)
async def list_tolerances(entity_id: EntityId, q: Annotated[Query, reading("invoices:read")]) -> Response:
    """List the tolerances of an entity with their versions, and which is in force on the date."""
    return await show(q, TOLERANCES, entity_id)
