"""Route of expected work."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from encours.http.queries import Query, reading
from encours.http.routing import Router
from reporting_svc.http.expected.answers import ExpectedReportWorkOut, OverdueRunOut
from reporting_svc.read_models.reports.model import Reports
from reporting_svc.read_models.reports.schedules import active_schedules
from reporting_svc.reports.overdue import overdue_schedules

router = Router(tags=["Schedules"])
Reading = Annotated[Query, reading("reports:read", time_travel=False)]


@router.get("/v1/expected-work", response_model=ExpectedReportWorkOut)
async def list_expected_work(q: Reading) -> Response:
    """List runs of schedules that are overdue: due moments not acted on, and those missed before the last run.

    Also of schedules of other keys, by id alone, for the entities of this key. A sandbox expects nothing.
    """
    async with q.view(Reports.name) as view:
        known = await active_schedules(view.conn, view.schema)
    found = await overdue_schedules(q.ledger, q.caller.ledger, [each for each, _ in known], view.granted)
    data = [OverdueRunOut.model_validate(each) for each in found]
    return q.respond(ExpectedReportWorkOut(data=data, **view.time.echo()))
