"""``GET /v1/dashboard``: an overview in one snapshot, and the same as events arrive (Server-Sent Events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import msgspec
from fastapi import Query as Parameter
from starlette.responses import Response, StreamingResponse

from encours.http.answers import Json
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.tasks import end
from encours.reading.moment import WAIT_S
from encours.reading.pages import Page
from reporting_svc.domain.forecast.cash import HORIZON_DAYS
from reporting_svc.http.cash_forecast.routes import forecasts
from reporting_svc.http.dashboard.answers import DashboardOut, Lately
from reporting_svc.http.live import live
from reporting_svc.http.measured import Reason
from reporting_svc.http.scope import AskedInCurrency, AskInCurrency
from reporting_svc.http.snapshot import ReceivablesSnapshot, snapshot
from reporting_svc.jobs.forecast_store import ForecastWork
from reporting_svc.read_models.aged_balance.penalties import open_penalties
from reporting_svc.read_models.aged_balance.query import KEY
from reporting_svc.read_models.dashboard.query import broken_promises, due_promises, month_to_date
from reporting_svc.read_models.dso.query import MONTHS, billed_months, days_sales_outstanding
from reporting_svc.read_models.feed import Feed
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.turnover.query import CHANGES, by_period

router = Router(tags=["Receivables"])
LARGEST = Page(limit=5, columns=("overdue", KEY), descending=True, nullable=False, last=None, check="")
WINDOW_DAYS = 30
PAUSE_S = 1.0
"""Least time between two dashboards of a stream: under load each shows many events."""
LOOK_S = 1.0
"""Time between two looks for a forecast that is being made."""
Days = Annotated[int, Parameter(ge=1, le=1830, description="Period of the DSO, ending with as_of.")]


@router.get("/v1/dashboard", response_model=DashboardOut, summary="The figures of a first look")
async def dashboard(
    q: Annotated[Query, reading("reports:read")], asked: AskInCurrency, days: Days = 90
) -> Response:
    """Ageing, DSO, collection, promises, what came in and went out lately, and who owes most: one snapshot, one
    tie-out.
    """
    return q.respond((await _board(q, asked, days))[0])


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
    shown, wanted = await _board(q, asked, days)
    first = True

    async def show(_: int) -> bytes:
        nonlocal shown, wanted, first
        body = shown
        if not first:
            body, wanted = await _board(replace(q, as_of=await q.today()), asked, days)
        if not first and body | {"position": 0} == shown | {"position": 0}:
            return b""
        shown, first = body, False
        return b"id: %d\nevent: dashboard\ndata: %b\n\n" % (body["position"], msgspec.json.encode(body))

    async def is_forecast_anew() -> bool:
        known = shown["expected_cash"]["position"]
        if wanted is None or known == wanted.position:
            return False
        made = await (await forecasts(q)).latest(wanted)
        return made is not None and made.position != known

    return live(feed, q, _moves(q, feed, is_forecast_anew), show)


async def _moves(
    q: Query, feed: Feed, is_forecast_anew: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[int, None]:
    """Iterate over positions that the figures have reached, the last one again when a forecast was made."""
    head, heads = 0, feed.heads(q.caller.ledger)
    following = asyncio.ensure_future(anext(heads))
    try:
        while True:
            await asyncio.wait({following}, timeout=LOOK_S)
            if not following.done():
                if await is_forecast_anew():
                    yield head
                continue
            head = following.result()
            while not await q.db.wait_for(Receivables.name, q.caller.ledger, head, timeout=WAIT_S):
                pass
            yield head
            await asyncio.sleep(PAUSE_S)
            following = asyncio.ensure_future(anext(heads))
    finally:
        await end([following])
        await heads.aclose()


async def _board(q: Query, asked: AskedInCurrency, days: int) -> tuple[Json, ForecastWork | None]:
    """Return the dashboard, and the forecast that belongs to it."""
    async with snapshot(q, asked, page=LARGEST) as books:
        view, scope, conversion = books.view, books.scope, books.conversion
        await books.require_shares_tied()
        first = view.time.as_of - timedelta(days=WINDOW_DAYS - 1)
        penalties = await open_penalties(view, scope, conversion)
        billed = await billed_months(view, scope, days, conversion, first)
        dso = days_sales_outstanding(books.total, penalties, billed, view.time.as_of, days)
        await books.require_movements_tied(MONTHS, billed.balance_minor)
        periods = await by_period(view, scope, "day", first, conversion)
        after = billed.before_minor + sum(each.change for each in periods)
        tied = await books.require_movements_tied(CHANGES, after)
        lately = Lately(
            periods=periods,
            effectiveness=await month_to_date(
                view, scope, dso, books.total.bands[0] - penalties.not_due_minor, conversion
            ),
            due=await due_promises(view, scope, conversion),
            broken=await broken_promises(view, scope, conversion),
        )
    forecast: ForecastWork | Reason = await _forecast(q, books)
    wanted = None
    if isinstance(forecast, ForecastWork):
        wanted = forecast
        made = await (await forecasts(q)).latest(wanted)
        is_tied = made is not None and made.agrees(view.time.position, books.total.outstanding)
        forecast = made if made is not None and is_tied else "forecast-not-made"
    largest = [books.aged.figures(row) for row in books.aged.rows[: LARGEST.limit] if row["overdue"] > 0]
    return DashboardOut.of(books, tied, penalties, dso, lately, largest, forecast), wanted


async def _forecast(q: Query, books: ReceivablesSnapshot) -> ForecastWork | Reason:
    """Return the forecast by week that `GET /v1/cash-forecast` makes of today; none of two currencies, whose ranges do
    not add up.

    A dashboard of the past has none: its answer would depend on when it is asked for.
    """
    if books.conversion is not None:
        return "several-currencies"
    is_past = q.today_from is None and q.as_of != await q.today()
    if is_past or not books.view.time.is_now:
        return "no-forecast-of-the-past"
    until = q.as_of + timedelta(days=HORIZON_DAYS)
    return ForecastWork.wanted(q.caller.ledger, books.view, books.scope, "week", until, q.caller.actor)
