"""Exposure and score of a customer; the ranking of all customers."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.models import Currency, Id
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.moment import TimeTravel, View
from encours.reading.pages import Page
from risk_svc.domain.customer import CreditCustomerNotFound
from risk_svc.domain.exposure import ExposureInSeveralCurrencies
from risk_svc.domain.picture import DEFAULT_CURRENCY, ExposureScope, Picture
from risk_svc.http.customers.answers import ExposureOut, Portfolio, PortfolioItem, ScoreOut
from risk_svc.http.score_models.asked import score_models_at
from risk_svc.read_models.credit import query

router = Router(tags=["Customers"])
Reading = Annotated[Query, reading("risk:read")]
CustomerPath = Annotated[str, Id("cus")]
RANKING = paging(
    "exposure", "name", default="-exposure", key="customer_id", columns={"exposure": "exposure_minor"}
)


async def _picture(
    q: Query, customer_id: str, scope: ExposureScope = "limit"
) -> tuple[Picture, Picture, TimeTravel]:
    """Return a customer with those who share its limit, and with those in scope."""
    async with q.view("credit") as view:
        found = await query.pictures(
            view.conn, view.schema, [customer_id], as_of=view.time.as_of, position=view.time.position
        )
        if customer_id not in found:
            raise CreditCustomerNotFound(customer_id)
        picture = found[customer_id]
        q.caller.require_sight(picture.entity_id, CreditCustomerNotFound(customer_id))
        return picture, await query.picture_in_scope(view, picture, scope), view.time


@router.get("/v1/customers/{customer_id}/exposure", response_model=ExposureOut)
async def get_exposure(
    customer_id: CustomerPath, q: Reading, currency: Currency | None = None, scope: ExposureScope = "limit"
) -> Response:
    """Get the exposure [encours] by component, and the limit; in `currency`, or the customer's main one.

    `scope` says whose exposure is added: all who share the `limit`, the `customer` alone, all for whom its `payer`
    pays, or its `group`. Limit and headroom are the same in each.
    """
    picture, shown, time = await _picture(q, customer_id, scope)
    return q.respond(ExposureOut.of(picture, shown, scope, currency, time))


@router.get("/v1/customers/{customer_id}/score", response_model=ScoreOut)
async def get_score(customer_id: CustomerPath, q: Reading) -> Response:
    """Get score and forecast of how the customer pays at a date, from the events known then; open late invoices count.

    The forecast is by the payment model that was in use at that date: probability of late payment, expected days with
    an interval, grade, reasons.
    """
    picture, _, time = await _picture(q, customer_id)
    models, _ = await score_models_at(q, time)
    return q.respond(ScoreOut.of(picture, models.model, time))


@router.get("/v1/customers", response_model=Portfolio)
async def list_customers(
    q: Reading, page: Annotated[Page, RANKING], currency: Currency | None = None
) -> Response:
    """Customers by exposure, with exposure and score, at the dates asked for.

    Exposure is ranked in one currency: `currency`, or the only one that there is. Sorted by name, all customers are
    listed, each in the currency that it uses most unless one is named.
    """
    async with q.view("credit") as view:
        ranked = await _ranked_in(view, currency) if "exposure_minor" in page.columns else None
        then = q.today_from is None or not view.time.is_now
        rows, pictures = await query.ranking(view, page, ranked, then=then)
    shown = currency or ranked
    found = page.body(
        rows, lambda row: PortfolioItem.of(pictures[row["customer_id"]], shown, view.time.as_of)
    )
    return q.respond(found | {"currency": shown} | view.time.echo())


async def _ranked_in(view: View, asked: str | None) -> str:
    """Return the currency to rank in. Raises :class:`ExposureInSeveralCurrencies`."""
    if asked is not None:
        return asked
    found = await query.currencies(view)
    if len(found) > 1:
        raise ExposureInSeveralCurrencies(found)
    return found[0] if found else DEFAULT_CURRENCY
