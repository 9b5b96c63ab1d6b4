"""Figures: publish one, read it, and ask what moved it since."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.contracts import decoder
from encours.contracts.events.figure import FigureName, FigurePublished
from encours.http.commands import Command, command
from encours.http.models import Id
from encours.http.paging import paging, paging_in_order
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page
from encours.reading.texts.form import Language
from reporting_svc.domain.figure import FigureNotFound, FigureQuestion, FigureState, require_currency
from reporting_svc.http.figures.answers import (
    FIGURE_ANSWER,
    FigureAsOf,
    FigureOut,
    FiguresOut,
    RestatementOut,
)
from reporting_svc.http.figures.bodies import FigureBody
from reporting_svc.http.latest import latest_figures
from reporting_svc.http.streams import of_object
from reporting_svc.jobs.forecast_store import ForecastStore
from reporting_svc.jobs.published_forecast import kept_or_made
from reporting_svc.read_models.feed import Feed, StoredEvent
from reporting_svc.read_models.figures.listing import KEY, SORTS, published_figures
from reporting_svc.read_models.figures.query import with_plan
from reporting_svc.read_models.figures.restatement import (
    BY_CHANGE,
    MOST_EVENTS,
    restated,
    restated_forecast,
)
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.use_cases.figures import FIGURE, publish_figure

router = Router(tags=["Published figures"])
PATH = "/v1/figures"
FigurePath = Annotated[str, Id("fig")]
PAGE = paging(*SORTS, default="-published", key=KEY, columns=SORTS)
DEBTORS = paging_in_order(*BY_CHANGE, limit=MOST_EVENTS, of="debtors of a cash forecast")
Reading = Annotated[Query, reading("reports:read")]


@router.post("/v1/figures", response_model=FigureAsOf, status_code=201, summary="Publish a figure")
async def publish(body: FigureBody, cmd: Annotated[Command, command("reports:write")]) -> Response:
    """Publish a figure: its value is kept as an event, with its definition and the position it was computed at."""
    asked = body.to_command(new_id("fig"), await cmd.ledger.today_of(cmd.meta.ledger, body.entity_id))
    store: ForecastStore = cmd.services.extras["forecasts"]
    forecast = kept_or_made(store, cmd.meta.ledger, cmd.meta.actor)
    figures = replace(latest_figures(cmd), forecast=forecast)
    return await cmd.run(publish_figure, asked, figures, answer=FIGURE_ANSWER, status=201, at=PATH)


@router.get("/v1/figures", response_model=FiguresOut, summary="List published figures")
async def list_figures(
    q: Reading,
    page: Annotated[Page, PAGE],
    entity_id: Annotated[
        str | None, Parameter(pattern=r"^ent_[0-9a-f]{32}$", description="Those of one entity.")
    ] = None,
    customer_id: Annotated[
        str | None, Parameter(pattern=r"^cus_[0-9a-f]{32}$", description="Those about one customer.")
    ] = None,
    figure: Annotated[FigureName | None, Parameter(description="Figures of this kind.")] = None,
) -> Response:
    """List the figures that were published by as_of, as known at known_at."""
    feed: Feed = q.services.extras["feed"]
    if entity_id is not None:
        q.caller.require_entity(entity_id)
    async with q.view(Receivables.name) as view:
        rows = await published_figures(view, page, entity_id, customer_id, figure)
    events = await feed.at(q.caller.ledger, [row["position"] for row in rows])
    body = page.body(rows, lambda row: FigureOut.of(*_stored(events[row["position"]])))
    return q.respond(body | view.time.echo())


@router.get("/v1/figures/{figure_id}", response_model=FigureAsOf, summary="Get a published figure")
async def get_figure(figure_id: FigurePath, q: Reading) -> Response:
    """Get a figure as it was published."""
    time = await q.time()
    q, state, version = await _figure(q, figure_id, time.position)
    return q.respond(FigureOut.of(state, version) | replace(time, as_of=q.as_of).echo())


@router.get(
    "/v1/figures/{figure_id}/restate", response_model=RestatementOut, summary="Restate a published figure"
)
async def restate(
    figure_id: FigurePath,
    q: Reading,
    page: Annotated[Page, DEBTORS],
    after: Annotated[int, Parameter(ge=0, description="Show events after this position.")] = 0,
    lang: Annotated[Language, Parameter(description="Language of the summaries.")] = "en",
) -> Response:
    """Compute the figure again by what is known at known_at, and name each event that moved it since.

    The business date is that of the figure; as_of is the day by which it has to have been published.
    """
    feed: Feed = q.services.extras["feed"]
    async with q.view(Receivables.name) as view:
        q, state, version = await _figure(q, figure_id, view.time.position)
        published = state.published
        assert published is not None
        require_currency(published)
        asked = await with_plan(q.ledger, q.caller.ledger, FigureQuestion.of(state.entity_id, published))
        if asked.figure == "cash-forecast":
            found = await restated_forecast(view, asked, published.position, page)
        else:
            found = await restated(view, asked, published.position, after)
    events = await feed.at(q.caller.ledger, [moved.position for moved in found.moved])
    return q.respond(
        RestatementOut.of(state, version, found, events, lang, replace(view.time, as_of=q.as_of))
    )


def _stored(event: StoredEvent) -> tuple[FigureState, int]:
    published = decoder(event["type"], event["schema_version"])(event["data"])
    assert isinstance(published, FigurePublished)
    return FigureState(event["entity"], published), event["version"]


async def _figure(q: Query, figure_id: str, position: int) -> tuple[Query, FigureState, int]:
    """Return the question at the day of the figure's entity, the figure if it was published by then, and its version.

    Raises a 404 problem.
    """
    q, visible = await of_object(q, figure_id, position)
    if not visible:
        raise FigureNotFound(figure_id)
    q.caller.require_sight(visible[0].entity, FigureNotFound(figure_id))
    return q, FIGURE.fold(visible), visible[-1].version
