"""Routes of tasks."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.http.identifiers import CustomerId, TaskPath
from dunning_svc.http.tasks.answers import TASK_ANSWER, TaskAsOf, TaskList, TaskOut
from dunning_svc.http.tasks.bodies import CompleteBody
from dunning_svc.read_models.cases import query
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.use_cases.tasks import complete_task
from encours.http.commands import Command, command
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.reading.pages import Page

router = Router(tags=["Reminders and tasks"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]
PAGE = paging("position", default="-position", key="position")


@router.get("/v1/tasks", response_model=TaskList)
async def list_tasks(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
    status: Annotated[Literal["open", "completed"] | None, Parameter()] = None,
) -> Response:
    """List tasks: phone calls, litigation files, addresses to find, replies to answer, claims to declare."""
    async with q.view(MODEL) as view:
        rows = await query.tasks(view, page, customer_id=customer_id, status=status)
    return q.respond(page.body(rows, TaskOut.of_row) | view.time.echo())


@router.post("/v1/tasks/{id}/complete", response_model=TaskAsOf)
async def complete(task_id: TaskPath, body: CompleteBody, cmd: Writing) -> Response:
    """Record the outcome of a task. The later steps do not depend on it."""
    return await cmd.run(complete_task, body.to_command(task_id), answer=TASK_ANSWER, on=task_id)
