"""``GET /v1/overdue``: the list of unpaid invoices past their due date."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel
from starlette.responses import Response

from encours.http.models import MoneyModel, money_json
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page
from reporting_svc.http.answers import Report, tie_out_json
from reporting_svc.http.scope import Ask
from reporting_svc.http.snapshot import snapshot
from reporting_svc.measures.bands import STANDARD, days_past_due
from reporting_svc.measures.definitions import OVERDUE
from reporting_svc.read_models.receivables.figures import Row
from reporting_svc.read_models.receivables.overdue import SORTS, overdue

router = Router(tags=["Receivables"])
PAGE = paging(*SORTS, default="due_on", key="invoice_id", columns=SORTS)


class OverdueRow(BaseModel):
    """An invoice past its due date with an open amount."""

    invoice_id: str
    number: str
    entity_id: str
    customer_id: str
    customer_name: str | None
    customer_ref: str | None
    issued_on: date
    due_on: date
    days_past_due: int
    band: str
    total: MoneyModel
    outstanding: MoneyModel
    disputed: MoneyModel
    collectable: MoneyModel
    salesperson: str | None


class OverdueTotals(BaseModel):
    """Of the whole list."""

    invoices: int
    outstanding: MoneyModel
    disputed: MoneyModel


class OverdueOut(Report):
    """Oldest first unless sorted otherwise. `tie_out` is of all receivables in scope, and is equal only if the
    list's sum is that of the bands past due."""

    definition: str
    data: list[OverdueRow]
    next_cursor: str | None
    totals: OverdueTotals


@router.get("/v1/overdue", response_model=OverdueOut, summary="Invoices past their due date")
async def list_overdue(
    q: Annotated[Query, reading("reports:read")], page: Annotated[Page, PAGE], asked: Ask
) -> Response:
    """What is owed and late, as of any business date, as known at any moment."""
    async with snapshot(q, asked) as books:
        total = books.total
        late = await overdue(books.conn, books.schema, books.scope, books.moment, page)
    body = {
        "definition": OVERDUE.id,
        "currency": total.currency,
        **page.body(late.rows, lambda row: _row(row, books.moment.as_of)),
        "totals": {
            "invoices": late.invoices,
            "outstanding": money_json(late.open_minor, total.currency),
            "disputed": money_json(late.disputed_minor, total.currency),
        },
        "tie_out": tie_out_json(total, also=late.past_due_minor == total.overdue),
        **books.end(),
    }
    return q.respond(body)


def _row(row: Row, as_of: date) -> dict[str, Any]:
    days, currency = days_past_due(row["due_on"], as_of), row["currency"]
    contested = row["contested_minor"]
    return {
        "invoice_id": row["invoice_id"],
        "number": row["number"],
        "entity_id": row["entity"],
        "customer_id": row["customer_id"],
        "customer_name": row["name"],
        "customer_ref": row["external_ref"],
        "issued_on": row["issued_on"].isoformat(),
        "due_on": row["due_on"].isoformat(),
        "days_past_due": days,
        "band": STANDARD.names[STANDARD.index(days)],
        "total": money_json(row["total_minor"], currency),
        "outstanding": money_json(row["open_minor"], currency),
        "disputed": money_json(contested, currency),
        "collectable": money_json(row["open_minor"] - contested, currency),
        "salesperson": row["salesperson"],
    }
