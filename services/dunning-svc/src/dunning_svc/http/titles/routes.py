"""Routes of title procedures."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.title.state import TITLE, TitleNotFound
from dunning_svc.http.identifiers import CustomerId, TitlePath
from dunning_svc.http.titles.answers import TITLE_ANSWER, TitleAsOf, TitleList, TitleOut
from dunning_svc.http.titles.bodies import ContestedBody, EndTitleBody, EnforceableBody, ServedBody, TitleBody
from dunning_svc.read_models.cases.fold import titles
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.use_cases.legal.titles import (
    TitleDebtors,
    contest_title,
    end_title,
    enforce_title,
    request_title,
    serve_title,
)
from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page

router = Router(tags=["Placements"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]
PAGE = paging("position", default="-position", key="position")


@router.post("/v1/titles", response_model=TitleAsOf, status_code=201)
async def request(body: TitleBody, cmd: Writing) -> Response:
    """Request an enforceable title without a court for eligible invoices.

    The procedure is data, read from summaries of the Law of 23 April 2026: have it confirmed by counsel. While it runs
    no reminder asks for the invoices. Payment of all of them and insolvency proceedings end it.
    """
    return await cmd.run(
        request_title, body.to_command(), _debtors(cmd), answer=TITLE_ANSWER, status=201, at="/v1/titles"
    )


@router.get("/v1/titles", response_model=TitleList)
async def list_titles(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
) -> Response:
    """List title procedures."""
    async with q.view(MODEL) as view:
        rows = await titles.titles(view, page, customer_id=customer_id)
    time = view.time
    streams = await q.ledger.read_streams(
        q.caller.ledger, [row["title_id"] for row in rows], upto=time.position
    )
    folded = {name: TITLE.fold_as_of(events, time.as_of) for name, events in streams.items()}
    return q.respond(page.body(rows, lambda row: TitleOut.of(folded[row["title_id"]])) | time.echo())


@router.get("/v1/titles/{id}", response_model=TitleAsOf)
async def get_title(title_id: TitlePath, q: Reading) -> Response:
    """Get a title procedure with its days."""
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, title_id, upto=time.position)
    state = TITLE.fold_as_of(events, time.as_of)
    if state.requested is None:
        raise TitleNotFound(title_id)
    q.caller.require_sight(state.entity_id, TitleNotFound(title_id))
    return q.respond(TitleOut.of(state).model_dump(mode="json") | time.echo(), last=events[-1])


@router.post("/v1/titles/{id}/serve", response_model=TitleAsOf)
async def serve(title_id: TitlePath, body: ServedBody, cmd: Writing) -> Response:
    """Record that the demand was served: the time to contest runs, and a task is due when it is over.

    Refused while an invoice is disputed, placed or in insolvency proceedings, and once none is open.
    """
    return await cmd.run(
        serve_title, body.to_command(title_id), _debtors(cmd), answer=TITLE_ANSWER, on=title_id
    )


@router.post("/v1/titles/{id}/contest", response_model=TitleAsOf)
async def contest(title_id: TitlePath, body: ContestedBody, cmd: Writing) -> Response:
    """Record that the debtor contests. It ends the procedure, and a task asks to examine the objection."""
    return await cmd.run(contest_title, body.to_command(title_id), answer=TITLE_ANSWER, on=title_id)


@router.post("/v1/titles/{id}/enforce", response_model=TitleAsOf)
async def enforce(title_id: TitlePath, body: EnforceableBody, cmd: Writing) -> Response:
    """Record that the title is enforceable, not before non-contestation could be recorded.

    Refused while an invoice is disputed, placed or in insolvency proceedings, and once none is open.
    """
    return await cmd.run(
        enforce_title, body.to_command(title_id), _debtors(cmd), answer=TITLE_ANSWER, on=title_id
    )


@router.post("/v1/titles/{id}/end", response_model=TitleAsOf)
async def end(title_id: TitlePath, body: EndTitleBody, cmd: Writing) -> Response:
    """End the procedure: it was given up, or the title was enforced. Dunning goes on with what is open."""
    return await cmd.run(end_title, body.to_command(title_id), answer=TITLE_ANSWER, on=title_id)


def _debtors(cmd: Command) -> TitleDebtors:
    return TitleDebtors(cmd.ledger, cmd.services.db, cmd.meta.ledger)
