"""The route of the worklist."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.worklist.formula import formula
from dunning_svc.http.identifiers import CollectorCode
from dunning_svc.http.worklist.answers import Worklist, WorklistItem, formula_out
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.worklist.query import WorklistQuestion, usual_currency, worklist
from encours.http.models import BusinessDate, Currency
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page

router = Router(tags=["Collectors"])
Reading = Annotated[Query, reading("dunning:read", time_travel=False)]
PAGE = paging(
    "value_at_risk", default="-value_at_risk", key="customer_id", columns={"value_at_risk": "value_minor"}
)


@router.get("/v1/worklist", response_model=Worklist)
async def get_worklist(
    q: Reading,
    page: Annotated[Page, PAGE],
    collector: Annotated[CollectorCode | None, Parameter(description="All collectors if left out.")] = None,
    on: Annotated[BusinessDate | None, Parameter(description="Today if left out.")] = None,
    currency: Annotated[
        Currency | None,
        Parameter(description="Currency of the amounts; that of most open invoices if left out."),
    ] = None,
    lang: Annotated[Literal["en", "fr"], Parameter()] = "en",
) -> Response:
    """List the customers of a collector with work on a day: due tasks, broken promises, high value at risk.

    The greatest value at risk comes first. The formula is in the answer, and each customer has the reasons in words.
    """
    by = formula()
    async with q.view(MODEL) as view:
        day = on or view.time.as_of
        currency = currency or await usual_currency(view)
        entries = await worklist(view, WorklistQuestion(collector, day, currency))
        time = view.time
    rows: list[dict[str, Any]] = [
        {"value_minor": each.value_minor(by), "customer_id": each.customer_id, "entry": each}
        for each in entries
        if each.reasons(by)
    ]
    body = page.body(
        page.of_rows(rows), lambda row: WorklistItem.of(row["entry"], by, lang).model_dump(mode="json")
    )
    return q.respond(body | {"on": day.isoformat(), "formula": formula_out(by, currency)} | time.echo())
