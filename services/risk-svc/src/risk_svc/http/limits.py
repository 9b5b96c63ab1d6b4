"""Requests for credit limits and their answers."""

from __future__ import annotations

from typing import Annotated, Literal

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Id, MoneyModel
from encours.http.paging import Listing, paging
from encours.http.queries import AsOf, Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Invalid, NotFound
from encours.kernel.ids import new_id
from encours.ledger.session import Done, Session
from encours.reading.pages import Page
from risk_svc.domain.limit import RequestLimit, State
from risk_svc.http.schemas import (
    ApproveBody,
    CustomerId,
    LimitBody,
    LimitListItem,
    LimitRequestAsOf,
    LimitRequestOut,
    RefuseBody,
)
from risk_svc.read_models.picture import pictures
from risk_svc.use_cases import limits

router = Router(tags=["Credit limits"])
Requesting = Annotated[Command, command("risk:write")]
Approving = Annotated[Command, command("risk:approve")]
Reading = Annotated[Query, reading("risk:read")]
LimitPath = Annotated[str, Id("lim")]
LIST = paging("requested_on", default="-requested_on", key="limit_id")


class LimitRequests(Listing[LimitListItem], AsOf):
    """Limit requests, newest first."""


def _out(state: State, version: int) -> LimitRequestOut:
    assert state.state != "none"
    return LimitRequestOut(
        id=state.limit_id,
        customer_id=state.customer_id,
        entity_id=state.entity_id,
        state=state.state,
        amount=MoneyModel.of(state.amount_minor, state.currency),
        max_days_past_due=state.max_days_past_due,
        valid_until=state.valid_until,
        evidence=state.evidence,
        text=state.text,
        requested_by=state.requested_by,
        decided_by=state.decided_by,
        version=version,
    )


async def _answer(cmd: Command, done: Done, *, status: int = 200) -> Response:
    state, version = await done.state(limits.FOLD, done.answer["limit_id"])
    location = f"/v1/limit-requests/{state.limit_id}"
    return cmd.respond(done, _out(state, version), status=status, version=version, location=location)


@router.post("/v1/limit-requests", response_model=LimitRequestOut, status_code=201)
async def request_limit(body: LimitBody, cmd: Requesting) -> Response:
    """Ask for a limit in amount and in days. It counts once it is approved."""
    db = cmd.services.db

    async def work(session: Session) -> None:
        head = await cmd.ledger.head(session.meta.ledger)
        await db.wait_for("credit", session.meta.ledger, head.position, timeout=1.0)
        async with db.snapshot("credit", session.meta.ledger) as (conn, schema, position):
            known = await pictures(
                conn, schema, [body.customer_id], as_of=session.meta.today, position=position
            )
        if body.customer_id not in known:
            raise NotFound("customer", body.customer_id)
        await limits.request(
            session,
            RequestLimit(
                limit_id=new_id("lim"),
                customer_id=body.customer_id,
                entity_id=known[body.customer_id].entity,
                amount_minor=body.amount.minor,
                currency=body.amount.currency,
                max_days_past_due=body.max_days_past_due,
                valid_until=body.valid_until,
                evidence=body.evidence,
            ),
        )

    return await _answer(cmd, await cmd.execute(work), status=201)


@router.post("/v1/limit-requests/{limit_id}/approve", response_model=LimitRequestOut)
async def approve_limit(limit_id: LimitPath, body: ApproveBody, cmd: Approving) -> Response:
    """Put the limit in force, as asked or lower; it replaces the customer's limit before it."""

    async def work(session: Session) -> None:
        state = await session.load(limits.FOLD, limit_id)
        if body.amount is not None and state.currency and body.amount.currency != state.currency:
            raise Invalid(f"The request is in {state.currency}.", "/amount/currency")
        cmd.require_match(session.version(limit_id))
        amount = None if body.amount is None else body.amount.minor
        await limits.approve(session, limit_id, amount, body.max_days_past_due, body.text)

    return await _answer(cmd, await cmd.execute(work))


@router.post("/v1/limit-requests/{limit_id}/refuse", response_model=LimitRequestOut)
async def refuse_limit(limit_id: LimitPath, body: RefuseBody, cmd: Approving) -> Response:
    """Turn the request down; a limit in force stays."""

    async def work(session: Session) -> None:
        await session.load(limits.FOLD, limit_id)
        cmd.require_match(session.version(limit_id))
        await limits.refuse(session, limit_id, body.text)

    return await _answer(cmd, await cmd.execute(work))


@router.get("/v1/limit-requests/{limit_id}", response_model=LimitRequestAsOf)
async def get_limit_request(limit_id: LimitPath, q: Reading) -> Response:
    """A request as of a date, as known at an instant."""
    time = await q.time()
    events = await q.ledger.read_stream(q.caller.ledger, limit_id, upto=time.position)
    visible = [event for event in events if event.effective_on <= time.as_of]
    if not visible:
        raise NotFound("limit request", limit_id)
    q.caller.require_entity(visible[0].entity)
    last = events[-1]  # what If-Match is compared with, whatever day is asked for
    found = _out(limits.FOLD.fold(visible), last.version)
    return q.respond(LimitRequestAsOf(**dict(found), **time.echo()), last=last)


@router.get("/v1/limit-requests", response_model=LimitRequests)
async def list_limit_requests(
    q: Reading,
    page: Annotated[Page, LIST],
    customer_id: CustomerId | None = None,
    state: Literal["requested", "approved", "refused"] | None = None,
) -> Response:
    """Requests with the state that they had at the dates asked for."""
    async with q.view("credit") as view:
        after, arguments = page.after(first_argument=6)
        rows = await view.conn.fetch(
            f"""
            select * from (
                select r.*,
                       case when decided_position <= $1 and decided_on <= $2 then state else 'requested' end
                         as state_then
                from {view.schema}.limit_request r where requested_position <= $1 and requested_on <= $2
            ) seen
            where ($3::text[] is null or entity = any($3)) and ($4::text is null or customer_id = $4)
              and ($5::text is null or state_then = $5) and {after}
            {page.order_by()} limit {page.fetch}
            """,
            view.time.position,
            view.time.as_of,
            q.caller.entities,
            customer_id,
            state,
            *arguments,
        )

    def item(row: dict[str, object]) -> LimitListItem:
        decided = row["state_then"] != "requested"
        approved = row["state_then"] == "approved"
        return LimitListItem.model_validate(
            {
                "id": row["limit_id"],
                "customer_id": row["customer_id"],
                "entity_id": row["entity"],
                "state": row["state_then"],
                "amount": MoneyModel.of(
                    int(str(row["approved_minor"] if approved else row["amount_minor"])), str(row["currency"])
                ),
                "max_days_past_due": row["approved_max_days"] if approved else row["max_days_past_due"],
                "valid_until": row["valid_until"],
                "requested_on": row["requested_on"],
                "decided_on": row["decided_on"] if decided else None,
            }
        )

    return q.respond(page.body(rows, item) | view.time.echo())
