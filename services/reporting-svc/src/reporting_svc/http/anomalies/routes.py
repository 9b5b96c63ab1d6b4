"""``GET /v1/anomalies``: transactions unlike those of the same customer before."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated

from fastapi import Query as Parameter
from starlette.responses import Response

from encours.http.models import BusinessDate
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.texts.form import Language
from reporting_svc.domain.anomalies import AnomalyKind, anomalies
from reporting_svc.domain.usual import WINDOW_DAYS
from reporting_svc.http.anomalies.answers import AnomaliesOut
from reporting_svc.http.periods import first_day
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.read_models.anomalies.query import delayed_debts, money_origins, transactions
from reporting_svc.read_models.delays.query import customer_names

router = Router(tags=["Receivables"])
BACK_DAYS, MAX_DAYS = 90, 366
MOST_SHOWN = 500


@router.get("/v1/anomalies", response_model=AnomaliesOut, summary="Transactions unlike the customer's")
async def list_anomalies(
    q: Annotated[Query, reading("reports:read")],
    asked: Ask,
    since: Annotated[
        BusinessDate | None,
        Parameter(
            alias="from", description="First day, at most 366 before as_of; 90 before it if not given."
        ),
    ] = None,
    kind: Annotated[AnomalyKind | None, Parameter(description="Only this kind.")] = None,
    lang: Annotated[Language, Parameter(description="Language of the reasons.")] = "en",
) -> Response:
    """Amounts, delays, unpaid debts, credit notes, methods and accounts unlike those before, the farthest first.

    Each is compared with earlier ones only. At most 500 are shown.
    """
    first = first_day(since, q.as_of, default=q.as_of - timedelta(days=BACK_DAYS), most_days=MAX_DAYS)
    async with snapshot(q, asked) as books:
        view, scope = books.view, books.scope
        compared_from = first - timedelta(days=WINDOW_DAYS)
        moved = await transactions(view, scope, compared_from)
        everyone = scope.everyone()
        every = moved if everyone == scope else await transactions(view, everyone, compared_from)
        debts = await delayed_debts(view, scope, compared_from)
        money = await money_origins(view, everyone, compared_from)
        found = await asyncio.to_thread(anomalies, moved, every, debts, money, first, q.as_of)
        wanted = [each for each in found if kind in (None, each.kind)]
        names = await customer_names(view, [each.debtor for each in wanted[:MOST_SHOWN]])
    return q.respond(AnomaliesOut.of(books, first, wanted[:MOST_SHOWN], len(wanted), names, lang))
