"""Routes of /v1/custom-fields."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.contracts.events.parties.field import FieldObject
from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router
from invoice_svc.domain.custom_field.commands import field_id
from invoice_svc.http.common import EntityId, FieldCode
from invoice_svc.http.custom_fields.answers import FIELD_ANSWER, FieldOut
from invoice_svc.http.custom_fields.bodies import FieldBody
from invoice_svc.http.reads import show
from invoice_svc.use_cases.parties import custom_fields

router = Router(tags=["Custom fields"])
Reading = Annotated[Query, reading("invoices:read")]
Writing = Annotated[Command, command("invoices:write")]


@router.put("/v1/custom-fields/{object}/{code}", response_model=FieldOut)
async def define_field(object: FieldObject, code: FieldCode, body: FieldBody, cmd: Writing) -> Response:
    """Define a field of an entity's objects, or change its label and add choices."""
    return await cmd.run(custom_fields.define, body.to_command(object, code), answer=FIELD_ANSWER)


@router.get("/v1/custom-fields/{object}/{code}", response_model=FieldOut)
async def get_field(object: FieldObject, code: FieldCode, entity_id: EntityId, q: Reading) -> Response:
    """Get a field of an entity's objects."""
    return await show(q, FIELD_ANSWER, field_id(entity_id, object, code))
