"""Routes of replies."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import Query as Parameter
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from dunning_svc.domain.reply.commands import ReadingRules
from dunning_svc.domain.reply.state import REPLY, ReplyMessageNotStored, ReplyNotFound, ReplyStatus
from dunning_svc.http.identifiers import CustomerId, ReplyPath
from dunning_svc.http.replies.answers import REPLY_ANSWER, ReplyAsOf, ReplyList, ReplyOut
from dunning_svc.http.replies.bodies import ConfirmFindingBody, RejectFindingBody
from dunning_svc.inbox.listener import MAX_BYTES
from dunning_svc.inbox.messages import Messages
from dunning_svc.inbox.parsing import message_id_of
from dunning_svc.inbox.reading import reading_of
from dunning_svc.read_models.cases import correspondents
from dunning_svc.read_models.cases.correspondents import KnownCorrespondents
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.promises.debts import KnownDebts
from dunning_svc.use_cases.replies import confirm_finding, read_mail, reject_finding
from dunning_svc.use_cases.templates import LEDGER_WIDE
from encours.contracts import Event
from encours.contracts.events.dunning.replies import ReplyKind, ReplyRead
from encours.http.bodies.uploads import chunks
from encours.http.catalogue import TooLarge
from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.http.services import Services
from encours.ledger.errors import EntityNotGranted
from encours.reading.pages import Page

router = Router(tags=["Replies"])
MESSAGE = "message/rfc822"
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]
Uploading = Annotated[Command, command("dunning:write", dry_run=False, upload=True)]
PAGE = paging("position", default="-position", key="position")
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_TAKES: dict[str, Any] = {"requestBody": {"required": True, "content": {MESSAGE: _BYTES}}}
_GIVES: dict[int | str, dict[str, Any]] = {200: {"content": {MESSAGE: _BYTES}, "description": "The message."}}


@router.post("/v1/replies", response_model=ReplyAsOf, status_code=201, openapi_extra=_TAKES)
async def receive_reply(request: Request, cmd: Uploading) -> Response:
    """Receive a message, store it and read it. The same Message-ID is the same message: it is read once.

    For keys that are not limited to some entities.
    """
    if cmd.meta.entities is not None:
        # The entity is known only when the message is read, and it is stored before.
        raise EntityNotGranted(LEDGER_WIDE)
    content = await _body(request, cmd)
    messages = await _messages(cmd.services)
    ledger = cmd.meta.ledger
    stored = await messages.keep(ledger, content, message_id_of(content), "upload")
    meta = replace(cmd.meta, fingerprint=hashlib.sha256(cmd.meta.fingerprint + content).digest())
    known = KnownCorrespondents(cmd.services.db, ledger)
    wanted = await reading_of(stored, _rules(cmd))
    response = await replace(cmd, meta=meta).run(
        read_mail, wanted, known, _debts(cmd), answer=REPLY_ANSWER, status=201, at="/v1/replies"
    )
    await messages.mark_read(ledger, stored.reply_id)
    return response


@router.get("/v1/replies", response_model=ReplyList)
async def list_replies(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
    kind: Annotated[ReplyKind | None, Parameter()] = None,
    status: Annotated[ReplyStatus | None, Parameter()] = None,
) -> Response:
    """List incoming messages. Those with the status `open` wait for a person, also those of nobody known."""
    async with q.view(MODEL) as view:
        rows = await correspondents.replies(view, page, customer_id=customer_id, kind=kind, status=status)
    return q.respond(page.body(rows, ReplyOut.of_row) | view.time.echo())


@router.get("/v1/replies/{id}", response_model=ReplyAsOf)
async def get_reply(reply_id: ReplyPath, q: Reading) -> Response:
    """Get a message with its findings."""
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, reply_id, upto=time.position)
    state = REPLY.fold_as_of(events, time.as_of)
    if state.read is None:
        raise ReplyNotFound(reply_id)
    q.caller.require_sight(state.entity_id, ReplyNotFound(reply_id))
    return q.respond(ReplyOut.of(state).model_dump(mode="json") | time.echo(), last=events[-1])


def why_not_stored(data: Event) -> str:
    """Return the reason for which a reply has no message here."""
    if isinstance(data, ReplyRead) and data.source == "link":
        return "The debtor answered through a link: there is no message."
    return "The message is not stored here: the ledger is a copy."


@router.get("/v1/replies/{id}/message", response_class=Response, responses=_GIVES)
async def get_reply_message(reply_id: ReplyPath, q: Reading, request: Request) -> Response:
    """Get the message as it arrived; its SHA-256 is `content_sha256`."""
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, reply_id, upto=time.position)
    if not events:
        raise ReplyNotFound(reply_id)
    q.caller.require_sight(events[0].entity, ReplyNotFound(reply_id))
    messages = await _messages(q.services)
    content = await messages.content(q.caller.ledger, reply_id)
    if content is None:
        raise ReplyMessageNotStored(why_not_stored(events[0].data))
    headers = {"Content-Disposition": f'attachment; filename="{reply_id}.eml"', "Cache-Control": "no-store"}
    return Response(content, media_type=MESSAGE, headers=headers)


@router.post("/v1/replies/{id}/confirm", response_model=ReplyAsOf)
async def confirm(reply_id: ReplyPath, body: ConfirmFindingBody, cmd: Writing) -> Response:
    """Confirm a finding: a promise suspends dunning of its invoices, any other finding opens a task."""
    wanted, debts = body.to_command(reply_id), _debts(cmd)
    return await cmd.run(confirm_finding, wanted, debts, answer=REPLY_ANSWER, on=reply_id)


@router.post("/v1/replies/{id}/reject", response_model=ReplyAsOf)
async def reject(reply_id: ReplyPath, body: RejectFindingBody, cmd: Writing) -> Response:
    """Reject a finding, or close a message from which nothing follows."""
    return await cmd.run(reject_finding, body.to_command(reply_id), answer=REPLY_ANSWER, on=reply_id)


async def _messages(at_hand: Services) -> Messages:
    messages: Messages = at_hand.extras["messages"]
    await messages.prepare()
    return messages


def _debts(cmd: Command) -> KnownDebts:
    return KnownDebts(cmd.ledger, cmd.services.db, cmd.meta.ledger)


def _rules(cmd: Command) -> ReadingRules:
    rules: ReadingRules = cmd.services.extras["reading_rules"]
    return rules


async def _body(request: Request, cmd: Command) -> bytes:
    """Return the message. Raises a 413 problem above the limit."""
    cmd.context.stream_body(MAX_BYTES)
    content = bytearray()
    async for chunk in chunks(request):
        content += chunk
        if len(content) > MAX_BYTES:
            raise TooLarge(f"A message may have {MAX_BYTES:,} bytes at most.")
    return bytes(content)
