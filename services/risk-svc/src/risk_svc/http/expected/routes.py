"""Route of expected work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

from starlette.responses import Response

from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.http.services import Services
from risk_svc.http.expected.answers import ExpectedCreditWorkOut, UnjudgedWorkOut
from risk_svc.models import CREDIT
from risk_svc.read_models.warnings.judged import UnjudgedCustomers
from risk_svc.use_cases.warnings.expected import unjudged_work

router = Router(tags=["Early warnings"])
Reading = Annotated[Query, reading("risk:read", time_travel=False)]


@router.get("/v1/expected-work", response_model=ExpectedCreditWorkOut)
async def list_expected_work(q: Reading) -> Response:
    """List early warnings that are overdue: days that opened and were not judged, customers who could not be judged.

    Only for entities with rules in force. A sandbox expects nothing, as its time does not pass by itself.
    """
    customers: UnjudgedCustomers = q.services.extras["unjudged"]
    async with q.view(CREDIT) as view:
        found = await unjudged_work(q.ledger, q.caller.ledger, view.conn, view.granted, CREDIT, customers)
    data = [UnjudgedWorkOut.model_validate(each) for each in found]
    return q.respond(ExpectedCreditWorkOut(data=data, **view.time.echo()))


@asynccontextmanager
async def open_expected(at_hand: Services) -> AsyncIterator[Mapping[str, Any]]:
    """Open the table of customers who could not be judged, as ``Services.extras``; overdue work is a metric."""
    customers = UnjudgedCustomers(at_hand.db.pool)

    async def measure() -> None:
        found = []
        for info in await at_hand.ledger.ledgers():
            async with at_hand.db.pool.acquire() as conn:
                work = await unjudged_work(at_hand.ledger, info.name, conn, None, CREDIT, customers)
            found += [(info.name, each) for each in work]
        at_hand.metrics.overdue_work.clear()
        for name, each in found:
            at_hand.metrics.overdue_work.labels(name, each.kind).set(each.count)

    at_hand.measures.append(measure)
    yield {"unjudged": customers}
