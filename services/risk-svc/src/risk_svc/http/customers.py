"""Exposure, score and credit file of a customer; the ranking of all."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.models import Currency, Id, MoneyModel
from encours.http.paging import Listing, paging
from encours.http.queries import AsOf, Query, reading
from encours.http.routing import Router
from encours.kernel.errors import NotFound
from encours.reading.moment import TimeTravel
from encours.reading.pages import Page
from risk_svc.domain.score import score
from risk_svc.http.schemas import (
    Components,
    CreditFileOut,
    ExposureOut,
    LimitOut,
    OpenInvoice,
    PortfolioItem,
    ScoreFields,
    ScoreOut,
)
from risk_svc.read_models.picture import Picture, pictures

router = Router(tags=["Customers"])
Reading = Annotated[Query, reading("risk:read")]
CustomerPath = Annotated[str, Id("cus")]
RANKING = paging(
    "exposure", "name", default="-exposure", key="customer_id", columns={"exposure": "exposure_minor"}
)


class Portfolio(Listing[PortfolioItem], AsOf):
    """Customers by exposure."""


async def _picture(q: Query, customer_id: str) -> tuple[Picture, TimeTravel]:
    async with q.view("credit") as view:
        found = await pictures(
            view.conn, view.schema, [customer_id], as_of=view.time.as_of, position=view.time.position
        )
    if customer_id not in found:
        raise NotFound("customer", customer_id)
    q.caller.require_entity(found[customer_id].entity)
    return found[customer_id], view.time


@router.get("/v1/customers/{customer_id}/exposure", response_model=ExposureOut)
async def get_exposure(customer_id: CustomerPath, q: Reading, currency: Currency | None = None) -> Response:
    """Exposure [encours] by component, with the limit; in the currency asked for, else the one used most."""
    picture, time = await _picture(q, customer_id)
    code = currency or (picture.currencies or [picture.limit.currency if picture.limit else "EUR"])[0]
    seen = picture.exposure(code, time.as_of)
    limit = picture.limit
    in_limit_currency = limit is not None and limit.currency == code
    return q.respond(
        ExposureOut(
            customer_id=customer_id,
            entity_id=picture.entity,
            currency=code,
            currencies=picture.currencies,
            components=Components.of(seen, code),
            limit=LimitOut.of(limit, time.as_of),
            headroom=MoneyModel.of(limit.amount_minor - seen.total_minor, code)
            if limit and in_limit_currency
            else None,
            **time.echo(),
        )
    )


@router.get("/v1/customers/{customer_id}/score", response_model=ScoreOut)
async def get_score(customer_id: CustomerPath, q: Reading) -> Response:
    """Payment behaviour at a date, from what was known at that date; open late invoices count."""
    picture, time = await _picture(q, customer_id)
    behaviour = ScoreFields.fields(score(picture.all_items(), time.as_of))
    return q.respond(ScoreOut(customer_id=customer_id, behaviour=behaviour, **time.echo()))


@router.get("/v1/customers/{customer_id}/credit-file", response_model=CreditFileOut)
async def get_credit_file(customer_id: CustomerPath, q: Reading) -> Response:
    """Exposure, limit, behaviour and open invoices of a customer."""
    picture, time = await _picture(q, customer_id)
    day = time.as_of
    return q.respond(
        CreditFileOut(
            customer_id=customer_id,
            entity_id=picture.entity,
            name=picture.name,
            exposures={code: Components.of(picture.exposure(code, day), code) for code in picture.currencies},
            limit=LimitOut.of(picture.limit, day),
            behaviour=ScoreFields.fields(score(picture.all_items(), day)),
            open_invoices=[
                OpenInvoice(
                    invoice_id=item.invoice_id,
                    number=item.number,
                    due_on=item.due_on,
                    days_past_due=max(0, item.days_past_due(day)),
                    outstanding=MoneyModel.of(item.open_minor, code),
                    disputed=MoneyModel.of(item.disputed_minor, code),
                )
                for code, item in picture.items
                if item.open_minor
            ],
            **time.echo(),
        )
    )


@router.get("/v1/customers", response_model=Portfolio)
async def list_customers(q: Reading, page: Annotated[Page, RANKING]) -> Response:
    """Customers by exposure as it is now, with exposure and score at the dates asked for."""
    async with q.view("credit") as view:
        after, arguments = page.after(first_argument=3)
        rows = await view.conn.fetch(
            f"select customer_id, name, exposure_minor from {view.schema}.customer"
            f" where from_position <= $1 and ($2::text[] is null or entity = any($2)) and {after}"
            f" {page.order_by()} limit {page.fetch}",
            view.time.position,
            q.caller.entities,
            *arguments,
        )
        found = await pictures(
            view.conn,
            view.schema,
            [row["customer_id"] for row in rows[: page.limit]],
            as_of=view.time.as_of,
            position=view.time.position,
        )

    def item(row: dict[str, str]) -> PortfolioItem:
        picture = found[row["customer_id"]]
        behaviour = ScoreFields.fields(score(picture.all_items(), view.time.as_of))
        code = picture.currencies[0] if picture.currencies else None
        return PortfolioItem(
            customer_id=picture.customer_id,
            entity_id=picture.entity,
            name=picture.name,
            currency=code,
            components=Components.of(picture.exposure(code, view.time.as_of), code) if code else None,
            score=behaviour.score,
            expected_days_late=behaviour.expected_days_late,
        )

    return q.respond(page.body(rows, item) | view.time.echo())
