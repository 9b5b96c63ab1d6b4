"""``GET /v1/dashboard``: an overview in one snapshot, and the same as events arrive (Server-Sent Events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import Query as Parameter
from starlette.responses import Response, StreamingResponse

from encours.http.answers import Json
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.moment import WAIT_S
from encours.reading.pages import Page
from reporting_svc.http.dashboard.answers import DashboardOut, Lately
from reporting_svc.http.live import live
from reporting_svc.http.scope import AskedInCurrency, AskInCurrency
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.aged_balance.query import KEY
from reporting_svc.read_models.dashboard.query import broken_promises, due_promises, month_to_date
from reporting_svc.read_models.dso.query import days_sales_outstanding
from reporting_svc.read_models.feed import Feed
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.penalties import open_penalties
from reporting_svc.read_models.turnover.query import by_period

router = Router(tags=["Receivables"])
LARGEST = Page(limit=5, columns=("overdue", KEY), descending=True, nullable=False, last=None, check="")
WINDOW_DAYS = 30
PAUSE_S = 1.0
"""Least time between two dashboards of a stream: under load each shows many events."""
Days = Annotated[int, Parameter(ge=1, le=1830, description="Period of the DSO, ending with as_of.")]


@router.get("/v1/dashboard", response_model=DashboardOut, summary="The figures of a first look")
async def dashboard(
    q: Annotated[Query, reading("reports:read")], asked: AskInCurrency, days: Days = 90
) -> Response:
    """Ageing, DSO, collection, promises, what came in and went out lately, and who owes most: one snapshot, one
    tie-out.
    """
    return q.respond(await _board(q, asked, days))


@router.get(
    "/v1/dashboard/stream",
    summary="The dashboard of today as events arrive (Server-Sent Events)",
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Never ends."}
    },
    response_class=StreamingResponse,
)
async def stream_dashboard(
    q: Annotated[Query, reading("reports:read", time_travel=False)], asked: AskInCurrency, days: Days = 90
) -> Response:
    """`data` is the answer of `GET /v1/dashboard`, `id` its position. The present one comes at once, another whenever
    figures have changed, at most one a second. A client that comes back gets the present one first, so it needs no
    `Last-Event-ID`. A comment is sent every 10 s of silence; the server closes after an hour, when the key is revoked,
    and when there is no answer any more, such as for a second currency: the next request says why.
    """
    feed: Feed = q.services.extras["feed"]
    # The first one is made before the answer begins, so that a question without answer gets a problem document.
    shown = await _board(q, asked, days)
    first = True

    async def show(_: int) -> bytes:
        nonlocal shown, first
        body = shown if first else await _board(await _today(q), asked, days)
        if not first and body | {"position": 0} == shown | {"position": 0}:
            return b""
        shown, first = body, False
        return b"id: %d\nevent: dashboard\ndata: %b\n\n" % (body["position"], msgspec.json.encode(body))

    return live(feed, q, _moves(q, feed), show)


async def _moves(q: Query, feed: Feed) -> AsyncGenerator[int, None]:
    """Iterate over positions that the figures have reached."""
    async for head in feed.heads(q.caller.ledger):
        while not await q.db.wait_for(Receivables.name, q.caller.ledger, head, timeout=WAIT_S):
            pass
        yield head
        await asyncio.sleep(PAUSE_S)


async def _today(q: Query) -> Query:
    return replace(q, as_of=await q.ledger.today(q.caller.ledger))


async def _board(q: Query, asked: AskedInCurrency, days: int) -> Json:
    async with snapshot(q, asked, page=LARGEST) as books:
        view, scope, conversion = books.view, books.scope, books.conversion
        first = view.time.as_of - timedelta(days=WINDOW_DAYS - 1)
        penalties = await open_penalties(view, scope, conversion)
        dso = await days_sales_outstanding(view, scope, books.total, penalties, days, conversion)
        lately = Lately(
            periods=await by_period(view, scope, "day", first, conversion),
            effectiveness=await month_to_date(
                view, scope, dso, books.total.bands[0] - penalties.not_due_minor, conversion
            ),
            due=await due_promises(view, scope, conversion),
            broken=await broken_promises(view, scope, first, conversion),
        )
    largest = [books.aged.figures(row) for row in books.aged.rows[: LARGEST.limit] if row["overdue"] > 0]
    return DashboardOut.of(books, penalties, dso, lately, largest)
