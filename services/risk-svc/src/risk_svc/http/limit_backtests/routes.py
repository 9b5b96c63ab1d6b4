"""Back-tests of limit policies. They show all entities; a key that is limited to some neither makes nor sees them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from fastapi import Query as Parameter
from starlette.responses import Response

from encours.contracts.events.reservation import CreditDecision
from encours.http.commands import Command, accepted, command
from encours.http.long_work import LongWorkRoom
from encours.http.models import Id
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from risk_svc.backtest.requests import (
    LimitBacktestNotFound,
    LimitBacktestOfAllEntities,
    request_limit_backtest,
)
from risk_svc.backtest.store import LimitBacktest, LimitBacktestStore
from risk_svc.http.limit_backtests.answers import (
    ComparedPoliciesOut,
    CustomerEffectListing,
    CustomerEffectOut,
    DifferingEffectOut,
    LimitBacktestItem,
    LimitBacktestListing,
    LimitBacktestOut,
    PastOrderListing,
    PastOrderOut,
)
from risk_svc.http.limit_backtests.bodies import LimitBacktestBody
from risk_svc.http.limits.bodies import CustomerId

router = Router(tags=["Credit limits"])
Reading = Annotated[Query, reading("risk:read", time_travel=False)]
Changing = Annotated[Query, reading("risk:write", time_travel=False)]
Writing = Annotated[Command, command("risk:write", dry_run=False)]
BacktestPath = Annotated[str, Path(alias="id"), Id("lbt")]
ROOM: LongWorkRoom[LimitBacktest, LimitBacktestStore] = LongWorkRoom(
    "limit_backtests",
    LimitBacktestStore,
    missing=LimitBacktestNotFound,
    of_all_entities=LimitBacktestOfAllEntities,
)
PAGE = paging("asked_at", default="-asked_at")
ORDERS_PAGE = paging("order_id", default="order_id", key="order_id")
CUSTOMERS_PAGE = paging("customer_id", default="customer_id", key="customer_id")


@router.post("/v1/limit-policies/backtests", response_model=LimitBacktestOut, status_code=202)
async def create_limit_backtest(body: LimitBacktestBody, cmd: Writing) -> Response:
    """Try a limit policy on the orders of a past period, in a process of its own, beside the present policy.

    Each order, and each invoice without one, is judged by what was known just before it. Get the back-test for its
    progress and its result: losses avoided and good orders blocked. Nothing is recorded in the ledger.
    """
    with cmd.in_flight():
        asked = await request_limit_backtest(
            cmd.services.ledger, await ROOM.store(cmd.services), cmd.meta, body.to_command()
        )
    out = LimitBacktestOut.shown(asked.work)
    return accepted(out, f"/v1/limit-policies/backtests/{out.id}", replayed=asked.replayed)


@router.get("/v1/limit-policies/backtests", response_model=LimitBacktestListing)
async def list_limit_backtests(q: Reading, page: Annotated[Page, PAGE]) -> Response:
    """List the back-tests of limit policies of the ledger, newest first; the last 50 are kept."""
    ROOM.require_sight(q)
    rows = await (await ROOM.store(q.services)).listed(q.caller.ledger, page)
    return q.respond(page.body(rows, LimitBacktestItem.of))


@router.get("/v1/limit-policies/backtests/{id}", response_model=LimitBacktestOut)
async def get_limit_backtest(backtest_id: BacktestPath, q: Reading) -> Response:
    """Get a back-test with its progress, and with its result once it is completed."""
    return q.respond(LimitBacktestOut.shown(await ROOM.found(q, backtest_id)))


@router.post("/v1/limit-policies/backtests/{id}/cancel", response_model=LimitBacktestOut)
async def cancel_limit_backtest(backtest_id: BacktestPath, q: Changing) -> Response:
    """End a back-test that is not completed; one that is stays as it is."""
    found = await ROOM.found(q, backtest_id)
    await (await ROOM.store(q.services)).cancel(q.caller.ledger, found.id)
    return q.respond(LimitBacktestOut.shown(await ROOM.found(q, backtest_id)))


@router.get("/v1/limit-policies/backtests/{id}/orders", response_model=PastOrderListing)
async def list_past_orders(
    backtest_id: BacktestPath,
    q: Reading,
    page: Annotated[Page, ORDERS_PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
    decision: Annotated[
        CreditDecision | None, Parameter(description="Verdict of the policy that is tried.")
    ] = None,
) -> Response:
    """List the orders of a back-test with both verdicts and what became of them."""
    found = await ROOM.found(q, backtest_id)
    store = await ROOM.store(q.services)
    rows = await store.orders(found.id, page, customer_id=customer_id, decision=decision)
    return q.respond(page.body(rows, PastOrderOut.of))


@router.get("/v1/limit-policies/backtests/{id}/customers", response_model=CustomerEffectListing)
async def list_customer_effects(
    backtest_id: BacktestPath, q: Reading, page: Annotated[Page, CUSTOMERS_PAGE]
) -> Response:
    """List the customers of a back-test with the effects of both policies."""
    found = await ROOM.found(q, backtest_id)
    rows = await (await ROOM.store(q.services)).customers(found.id, page)
    return q.respond(page.body(rows, CustomerEffectOut.of))


@router.get("/v1/limit-policies/backtests/{id}/compare/{other_id}", response_model=ComparedPoliciesOut)
async def compare_limit_backtests(
    backtest_id: BacktestPath,
    other_id: Annotated[str, Path(), Id("lbt")],
    q: Reading,
    page: Annotated[Page, CUSTOMERS_PAGE],
) -> Response:
    """Compare two back-tests: their results side by side, and the customers on whom they differ."""
    both = [await ROOM.found(q, backtest_id), await ROOM.found(q, other_id)]
    rows = await (await ROOM.store(q.services)).differing(backtest_id, other_id, page)
    return q.respond(page.body(rows, DifferingEffectOut.of) | ComparedPoliciesOut.compared(both))
