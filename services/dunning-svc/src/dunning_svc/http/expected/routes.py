"""Route of expected work."""

from __future__ import annotations

from typing import Annotated

from starlette.responses import Response

from dunning_svc.http.expected.answers import ExpectedWorkOut, OverdueWorkOut
from dunning_svc.inbox.messages import Messages
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.use_cases.expected import overdue_work
from encours.http.queries import Query, reading
from encours.http.routing import Router

router = Router(tags=["Policies and runs"])
Reading = Annotated[Query, reading("dunning:read", time_travel=False)]


@router.get("/v1/expected-work", response_model=ExpectedWorkOut)
async def list_expected_work(q: Reading) -> Response:
    """List work that is overdue: days that were not opened, runs not completed, reminders not sent, a mailbox not read.

    A sandbox expects nothing, as its time does not pass by itself.
    """
    messages: Messages = q.services.extras["messages"]
    await messages.prepare()
    read_at = await messages.mailbox_read_at()
    async with q.view(MODEL) as view:
        found = await overdue_work(q.ledger, q.caller.ledger, view, read_at)
    return q.respond(ExpectedWorkOut(data=[OverdueWorkOut.of(each) for each in found], **view.time.echo()))
