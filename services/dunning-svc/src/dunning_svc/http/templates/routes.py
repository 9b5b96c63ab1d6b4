"""Routes of templates."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.message.shipped import TEMPLATES
from dunning_svc.domain.template.commands import template_id
from dunning_svc.domain.template.state import TEMPLATE, TemplateNotFound
from dunning_svc.http.identifiers import EntityId, LanguagePath, TemplateCodePath
from dunning_svc.http.templates.answers import (
    TEMPLATE_ANSWER,
    PreviewOut,
    TemplateAsOf,
    TemplateList,
    TemplateOut,
)
from dunning_svc.http.templates.bodies import PreviewBody, ResetBody, TemplateBody
from dunning_svc.read_models.cases.fold.templates import template_rows
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.use_cases import templates
from dunning_svc.use_cases.preview_message import preview_message
from encours.http.commands import Command, command
from encours.http.queries import Query, reading
from encours.http.routing import Router

router = Router(tags=["Templates"])
Reading = Annotated[Query, reading("dunning:read")]
Previewing = Annotated[Query, reading("dunning:read", time_travel=False)]
Writing = Annotated[Command, command("dunning:write")]


@router.get("/v1/templates", response_model=TemplateList)
async def list_templates(q: Reading) -> Response:
    """List the templates of the ledger with their versions, and those that Encours ships."""
    async with q.view(MODEL) as view:
        rows = await template_rows(view.conn, view.schema)
        time = view.time
    granted = q.caller.entities
    ids = [
        row.template_id
        for row in rows
        if granted is None or row.entity_id is None or row.entity_id in granted
    ]
    streams = await q.ledger.read_streams(q.caller.ledger, ids, upto=time.position)
    states = [TEMPLATE.fold_as_of(events, time.as_of) for events in streams.values()]
    shown = TemplateList.of(state for state in states if state.versions)
    return q.respond({"data": [*map(_plain, shown)], "next_cursor": None} | time.echo())


@router.get("/v1/templates/{code}/{lang}", response_model=TemplateAsOf)
async def get_template(
    code: TemplateCodePath,
    lang: LanguagePath,
    q: Reading,
    entity_id: Annotated[EntityId | None, Parameter()] = None,
) -> Response:
    """Get a template with its versions: that of the whole ledger, or the one of a creditor."""
    time = await q.time()
    stream = template_id(code, lang, entity_id)
    if entity_id is not None:
        q.caller.require_sight(entity_id, TemplateNotFound(stream))
    events = await q.ledger.read_stream(q.caller.ledger, stream, upto=time.position)
    state = TEMPLATE.fold_as_of(events, time.as_of)
    if state.versions:
        return q.respond(_plain(TemplateOut.of(state)) | time.echo(), last=events[-1])
    if entity_id is not None or code not in TEMPLATES:
        raise TemplateNotFound(stream)
    return q.respond(_plain(TemplateOut.of_shipped(code, lang)) | time.echo(), last=None)


@router.put("/v1/templates/{code}/{lang}", response_model=TemplateAsOf)
async def save_template(
    code: TemplateCodePath, lang: LanguagePath, body: TemplateBody, cmd: Writing
) -> Response:
    """Save a version of a template and put it in force.

    It is refused unless it is written in the language of templates and works for all sample customers.
    """
    wanted = body.to_command(code, lang)
    return await cmd.run(templates.save_template, wanted, answer=TEMPLATE_ANSWER, on=wanted.template_id)


@router.post("/v1/templates/{code}/{lang}/reset", response_model=TemplateAsOf)
async def reset_template(
    code: TemplateCodePath, lang: LanguagePath, body: ResetBody, cmd: Writing
) -> Response:
    """Put no version of the template in force: the ledger's or the shipped one is used again."""
    wanted = body.to_command(code, lang)
    return await cmd.run(templates.reset_template, wanted, answer=TEMPLATE_ANSWER, on=wanted.template_id)


@router.post("/v1/templates/{code}/{lang}/preview", response_model=PreviewOut)
async def preview_template(
    code: TemplateCodePath, lang: LanguagePath, body: PreviewBody, q: Previewing
) -> Response:
    """Get the message to a customer from a template, or from a text that is not saved yet. Records nothing."""
    async with q.view(MODEL) as view:
        wanted = body.to_query(code, lang)
        previewed = await preview_message(q.ledger, view, q.caller.ledger, wanted, view.time.as_of)
    return q.respond(PreviewOut.of(previewed))


def _plain(template: TemplateOut) -> dict[str, Any]:
    return template.model_dump(mode="json", by_alias=True)
