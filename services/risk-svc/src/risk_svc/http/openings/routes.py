"""Opening of accounts by a checklist, and the checklist of an entity."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Id
from encours.http.queries import Query, reading
from encours.http.routing import Router
from risk_svc.domain.file.opening import (
    AccountChecklistNotFound,
    AccountOpeningNotFound,
    checklist_of,
    opening_of,
)
from risk_svc.http.limits.bodies import CustomerId
from risk_svc.http.openings.answers import (
    CHECKLIST_ANSWER,
    OPENING_ANSWER,
    AccountChecklistAsOf,
    AccountChecklistOut,
    AccountOpeningAsOf,
    AccountOpeningOut,
)
from risk_svc.http.openings.bodies import (
    AccountBody,
    AccountChecklistBody,
    ItemCode,
    ItemDoneBody,
    OpeningReasonBody,
)
from risk_svc.http.streams import stream_then
from risk_svc.use_cases.file import openings

router = Router(tags=["Account opening"])
Writing = Annotated[Command, command("risk:write")]
Deciding = Annotated[Command, command("risk:approve")]
Reading = Annotated[Query, reading("risk:read")]
EntityPath = Annotated[str, Id("ent")]


@router.put("/v1/entities/{entity_id}/account-checklist", response_model=AccountChecklistAsOf)
async def set_account_checklist(entity_id: EntityPath, body: AccountChecklistBody, cmd: Deciding) -> Response:
    """Set the checklist of an entity: items by segment and amount. Files that were asked for before keep theirs."""
    return await cmd.run(openings.set_checklist, body.to_command(entity_id), answer=CHECKLIST_ANSWER)


@router.get("/v1/entities/{entity_id}/account-checklist", response_model=AccountChecklistAsOf)
async def get_account_checklist(entity_id: EntityPath, q: Reading) -> Response:
    """Get the checklist of an entity as of a date, as known at an instant."""
    time = await q.time()
    missing = AccountChecklistNotFound(entity_id)
    events = await q.ledger.read_stream(q.caller.ledger, checklist_of(entity_id), upto=time.position)
    found = openings.ACCOUNT_CHECKLIST.fold_as_of(events, time.as_of)
    if not found.version:
        raise missing
    q.caller.require_sight(entity_id, missing)
    shown = AccountChecklistOut.of(found)
    return q.respond(AccountChecklistAsOf(**shown.model_dump(by_alias=True), **time.echo()))


@router.post(
    "/v1/customers/{customer_id}/account-opening", response_model=AccountOpeningAsOf, status_code=201
)
async def ask_for_account(customer_id: CustomerId, body: AccountBody, cmd: Writing) -> Response:
    """Ask for an account with credit up to an amount; the answer lists the items that it needs."""
    asked = body.to_command(customer_id)
    return await cmd.run(openings.ask_for_account, asked, answer=OPENING_ANSWER, status=201)


@router.post(
    "/v1/customers/{customer_id}/account-opening/items/{code}/complete", response_model=AccountOpeningAsOf
)
async def complete_item(
    customer_id: CustomerId, code: ItemCode, body: ItemDoneBody, cmd: Writing
) -> Response:
    """Record that an item is done, with its evidence."""
    return await cmd.run(openings.settle_item, body.to_command(customer_id, code), answer=OPENING_ANSWER)


@router.post(
    "/v1/customers/{customer_id}/account-opening/items/{code}/waive", response_model=AccountOpeningAsOf
)
async def waive_item(
    customer_id: CustomerId, code: ItemCode, body: OpeningReasonBody, cmd: Deciding
) -> Response:
    """Waive an item, with the reason."""
    return await cmd.run(openings.settle_item, body.to_waive(customer_id, code), answer=OPENING_ANSWER)


@router.post("/v1/customers/{customer_id}/account-opening/open", response_model=AccountOpeningAsOf)
async def open_account(customer_id: CustomerId, body: OpeningReasonBody, cmd: Deciding) -> Response:
    """Open an account whose items are done or waived. Who asked for it, or worked on an item, does not open it."""
    opened = body.to_decide(customer_id, opened=True)
    return await cmd.run(openings.decide_opening, opened, answer=OPENING_ANSWER)


@router.post("/v1/customers/{customer_id}/account-opening/refuse", response_model=AccountOpeningAsOf)
async def refuse_account(customer_id: CustomerId, body: OpeningReasonBody, cmd: Deciding) -> Response:
    """Refuse an account, with the reason. It can be asked for again."""
    refused = body.to_decide(customer_id, opened=False)
    return await cmd.run(openings.decide_opening, refused, answer=OPENING_ANSWER)


@router.get("/v1/customers/{customer_id}/account-opening", response_model=AccountOpeningAsOf)
async def get_account_opening(customer_id: CustomerId, q: Reading) -> Response:
    """Get the opening file of a customer as of a date, as known at an instant."""
    then = await stream_then(q, opening_of(customer_id), AccountOpeningNotFound(customer_id))
    found = AccountOpeningOut.of(openings.ACCOUNT_OPENING.fold(then.events))
    return q.respond(AccountOpeningAsOf(**dict(found), **then.echo), last=then.last)
