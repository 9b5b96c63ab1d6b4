"""Route of expected work."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from starlette.responses import Response

from dunning_svc.domain.expected.overdue import overdue
from dunning_svc.http.expected.answers import ExpectedWorkOut, OverdueWorkOut
from dunning_svc.read_models.cases.expected import work_done
from dunning_svc.read_models.cases.model import MODEL
from encours.http.queries import Query, reading
from encours.http.routing import Router

router = Router(tags=["Policies and runs"])
Reading = Annotated[Query, reading("dunning:read", time_travel=False)]


@router.get("/v1/expected-work", response_model=ExpectedWorkOut)
async def list_expected_work(q: Reading) -> Response:
    """List work that is overdue: days that were not opened, runs not completed, reminders decided and not sent.

    A sandbox expects nothing, as its time does not pass by itself.
    """
    info = await q.ledger.info(q.caller.ledger, fresh=True)
    clock = await q.ledger.clock(q.caller.ledger)
    found = []
    async with q.view(MODEL) as view:
        if info.kind == "live":
            done = await work_done(view, info.effects_from)
            now = clock.now.astimezone(ZoneInfo(info.time_zone))
            found = list(overdue(now, done.last_run, done.open_runs, done.unsent))
    return q.respond(ExpectedWorkOut(data=[OverdueWorkOut.of(each) for each in found], **view.time.echo()))
