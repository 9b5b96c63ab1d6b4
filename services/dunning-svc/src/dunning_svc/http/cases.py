"""Cases of customers, and holds on them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.hold import HOLD, Hold, PlaceHold
from dunning_svc.domain.ladder.policy import DEFAULT_POLICY, remaining
from dunning_svc.http.schemas import (
    CaseItem,
    CaseList,
    CaseOut,
    CreditOut,
    CustomerId,
    CustomerPath,
    HoldBody,
    HoldOut,
    HoldSeen,
    NextStep,
)
from dunning_svc.read_models.cases import MODEL
from dunning_svc.read_models.facts import hold_stream
from dunning_svc.read_models.queries import customers_sql
from dunning_svc.read_models.rows import AccountRow, CustomerRow, ItemRow, words
from dunning_svc.use_cases.history import MemoryRows, cases_at
from dunning_svc.use_cases.people import place_hold
from encours.http.commands import Command, command
from encours.http.models import MoneyModel
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.ledger.session import Session
from encours.reading.moment import TimeTravel
from encours.reading.pages import Page

router = Router(tags=["Cases"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]
PAGE = paging("customer_id", default="customer_id", key="customer_id")


@router.get("/v1/cases", response_model=CaseList)
async def list_cases(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
) -> Response:
    """Where each customer with something open stands on the ladder.

    Customers that owed nothing then are left out, so a page may hold fewer than `limit`.
    """
    async with q.view(MODEL) as view:
        sql, arguments = customers_sql(
            view.schema, view.time, page, entities=q.caller.entities, customer_id=customer_id
        )
        records = [dict(row) for row in await view.conn.fetch(sql, *arguments)]
        ids = [record["customer_id"] for record in records[: page.limit]]
        rows = await cases_at(
            q.ledger, view.conn, view.schema, q.caller.ledger, ids, view.time.position, view.time.as_of
        )
    body: dict[str, Any] = page.body(records, lambda record: _case(rows, record["customer_id"], view.time))
    body["data"] = [case for case in body["data"] if case is not None]
    return q.respond(body | view.time.echo())


def _case(rows: MemoryRows, customer_id: str, time: TimeTravel) -> CaseOut | None:
    customer = rows.get(CustomerRow, customer_id)
    items = [row for row in rows.all(ItemRow) if row.customer_id == customer_id and row.open_minor > 0]
    if customer is None or not items:
        return None
    held = customer.hold_until is not None and customer.hold_until >= time.as_of
    return CaseOut(
        customer_id=customer_id,
        entity_id=customer.entity_id,
        name=customer.name,
        language=customer.language,
        email=customer.email,
        hold=HoldSeen(until=customer.hold_until, reason=customer.hold_cause)
        if held and customer.hold_until
        else None,
        credits=[
            CreditOut(entity_id=row.entity_id, unapplied=MoneyModel.of(row.unapplied_minor, row.currency))
            for row in rows.all(AccountRow)
            if row.customer_id == customer_id and row.unapplied_minor
        ],
        items=[_item(row, time) for row in sorted(items, key=lambda row: (row.due_on, row.number))],
    )


def _item(row: ItemRow, time: TimeTravel) -> CaseItem:
    done = words(row.done)
    left = remaining(DEFAULT_POLICY, due_on=row.due_on, entered_on=row.entered_on, done=done)
    ahead = [step for step in left if not (step.announces and time.as_of > row.due_on)]
    return CaseItem(
        invoice_id=row.invoice_id,
        entity_id=row.entity_id,
        number=row.number,
        due_on=row.due_on,
        days_past_due=(time.as_of - row.due_on).days,
        open=MoneyModel.of(row.open_minor, row.currency),
        disputed=MoneyModel.of(row.disputed_minor, row.currency),
        level=done[-1] if done else None,
        suppressed=list(words(row.suppressed)),
        next_step=NextStep(code=ahead[0].code, on=ahead[0].scheduled_on(row.due_on)) if ahead else None,
    )


@router.post("/v1/customers/{id}/holds", response_model=HoldOut, status_code=201)
async def hold_customer(customer_id: CustomerPath, body: HoldBody, cmd: Writing) -> Response:
    """Let dunning of a customer rest through a day. What falls due meanwhile is decided the day after."""

    async def work(session: Session) -> None:
        await place_hold(session, PlaceHold(customer_id, body.until, body.reason))

    done = await cmd.execute(work)
    state, version = await done.state(HOLD, hold_stream(customer_id))
    return cmd.respond(done, _hold(state), status=201, version=version)


def _hold(state: Hold) -> HoldOut:
    assert state.until is not None
    assert state.placed_on is not None
    return HoldOut(
        customer_id=state.customer_id, until=state.until, reason=state.cause, placed_on=state.placed_on
    )
