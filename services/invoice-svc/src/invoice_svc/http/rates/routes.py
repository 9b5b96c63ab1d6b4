"""Routes of /v1/exchange-rates."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.commands import Command, command
from encours.http.models import Currency
from encours.http.queries import Query, reading
from encours.http.routing import Router
from invoice_svc.domain.rate.state import rates_id
from invoice_svc.http.common import EntityId
from invoice_svc.http.rates.answers import RATES_ANSWER, ExchangeRatesOut
from invoice_svc.http.rates.bodies import ExchangeRatesBody
from invoice_svc.http.reads import show
from invoice_svc.use_cases.money import rates

router = Router(tags=["Exchange rates"])


@router.put("/v1/exchange-rates", response_model=ExchangeRatesOut)
async def publish_rates(
    body: ExchangeRatesBody, cmd: Annotated[Command, command("invoices:write")]
) -> Response:
    """Publish rates by day. A rate for a day that has one replaces it from now on; `known_at` shows the earlier one.

    Payments that were recorded before keep the exchange differences that they realised.
    """
    wanted = body.to_command()
    return await cmd.run(rates.publish, wanted, answer=RATES_ANSWER, on=wanted.rate_id)


@router.get("/v1/exchange-rates", response_model=ExchangeRatesOut)
async def get_rates(
    q: Annotated[Query, reading("invoices:read")], entity_id: EntityId, base: Currency, quote: Currency
) -> Response:
    """Get the rates of an entity for a pair of currencies."""
    return await show(q, RATES_ANSWER, rates_id(entity_id, base, quote))
