"""Routes of back-tests. They show all entities, so a key that is limited to some neither makes nor sees them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.backtest.requests import BacktestNotFound, BacktestOfAllEntities, request_backtest
from dunning_svc.backtest.store import Backtest, BacktestStore
from dunning_svc.http.backtests.answers import (
    BacktestCustomerListing,
    BacktestCustomerOut,
    BacktestItem,
    BacktestLineListing,
    BacktestLineOut,
    BacktestListing,
    BacktestOut,
    ComparedOut,
    DifferingCustomerOut,
)
from dunning_svc.http.backtests.bodies import BacktestBody
from dunning_svc.http.identifiers import CustomerId, PolicyPath
from encours.http.commands import Command, accepted, command
from encours.http.long_work import LongWorkRoom
from encours.http.models import Id
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page

router = Router(tags=["Back-tests"])
Reading = Annotated[Query, reading("dunning:read", time_travel=False)]
Changing = Annotated[Query, reading("dunning:write", time_travel=False)]
Writing = Annotated[Command, command("dunning:write", dry_run=False)]
BacktestPath = Annotated[str, Path(alias="id"), Id("bkt")]
PolicyFilter = Annotated[str | None, Id("pol"), Parameter()]
ROOM: LongWorkRoom[Backtest, BacktestStore] = LongWorkRoom(
    "backtests", BacktestStore, missing=BacktestNotFound, of_all_entities=BacktestOfAllEntities
)
PAGE = paging("asked_at", default="-asked_at")
LINES_PAGE = paging("line", default="line", key="line")
CUSTOMERS_PAGE = paging("customer_id", default="customer_id", key="customer_id")


@router.post("/v1/policies/{id}/backtests", response_model=BacktestOut, status_code=202)
async def create_backtest(policy_id: PolicyPath, body: BacktestBody, cmd: Writing) -> Response:
    """Try a version of a policy on a past period of the ledger, in a process of its own. Nothing is sent.

    Get the back-test for its progress and its result, which shows what would have been sent, not what would have
    been paid. Days that the ledger did not open in the period, or opened late, have no reminders.
    """
    with cmd.in_flight():
        asked = await request_backtest(
            cmd.services.db, await ROOM.store(cmd.services), cmd.meta, body.to_command(policy_id)
        )
    out = BacktestOut.shown(asked.work)
    return accepted(out, f"/v1/backtests/{out.id}", replayed=asked.replayed)


@router.get("/v1/backtests", response_model=BacktestListing)
async def list_backtests(q: Reading, page: Annotated[Page, PAGE], policy_id: PolicyFilter = None) -> Response:
    """List the back-tests of the ledger, newest first; the last 50 are kept."""
    ROOM.require_sight(q)
    rows = await (await ROOM.store(q.services)).listed(q.caller.ledger, page, policy_id=policy_id)
    return q.respond(page.body(rows, BacktestItem.of))


@router.get("/v1/backtests/{id}", response_model=BacktestOut)
async def get_backtest(backtest_id: BacktestPath, q: Reading) -> Response:
    """Get a back-test with its progress, and with its result once it is completed."""
    return q.respond(BacktestOut.shown(await ROOM.found(q, backtest_id)))


@router.post("/v1/backtests/{id}/cancel", response_model=BacktestOut)
async def cancel_backtest(backtest_id: BacktestPath, q: Changing) -> Response:
    """End a back-test that is not completed; one that is stays as it is."""
    found = await ROOM.found(q, backtest_id)
    await (await ROOM.store(q.services)).cancel(q.caller.ledger, found.id)
    return q.respond(BacktestOut.shown(await ROOM.found(q, backtest_id)))


@router.get("/v1/backtests/{id}/lines", response_model=BacktestLineListing)
async def list_backtest_lines(
    backtest_id: BacktestPath,
    q: Reading,
    page: Annotated[Page, LINES_PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
) -> Response:
    """List the messages and tasks that would have left."""
    found = await ROOM.found(q, backtest_id)
    rows = await (await ROOM.store(q.services)).lines(found.id, page, customer_id=customer_id)
    return q.respond(page.body(rows, BacktestLineOut.of))


@router.get("/v1/backtests/{id}/customers", response_model=BacktestCustomerListing)
async def list_backtest_customers(
    backtest_id: BacktestPath, q: Reading, page: Annotated[Page, CUSTOMERS_PAGE]
) -> Response:
    """List the customers with the number of messages and the first of them, in the back-test and really."""
    found = await ROOM.found(q, backtest_id)
    rows = await (await ROOM.store(q.services)).customers(found.id, page)
    return q.respond(page.body(rows, BacktestCustomerOut.of))


@router.get("/v1/backtests/{id}/compare/{other_id}", response_model=ComparedOut)
async def compare_backtests(
    backtest_id: BacktestPath,
    other_id: Annotated[str, Path(), Id("bkt")],
    q: Reading,
    page: Annotated[Page, CUSTOMERS_PAGE],
) -> Response:
    """Compare two back-tests: their totals side by side, and the customers whose messages differ."""
    both = [await ROOM.found(q, backtest_id), await ROOM.found(q, other_id)]
    rows = await (await ROOM.store(q.services)).differing(backtest_id, other_id, page)
    return q.respond(page.body(rows, DifferingCustomerOut.of) | ComparedOut.compared(both))
