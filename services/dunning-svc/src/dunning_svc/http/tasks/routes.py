"""Routes of tasks."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.http.identifiers import CollectorCode, CustomerId, TaskPath
from dunning_svc.http.tasks.answers import TASK_ANSWER, OwnedTaskOut, TaskAsOf, TaskKind, TaskList
from dunning_svc.http.tasks.bodies import CompleteBody, PostponeBody, RaiseTaskBody, ReopenBody
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.collectors.query import team_on
from dunning_svc.read_models.promises.debts import KnownDebts
from dunning_svc.read_models.tasks.query import TaskFilters, task_owners, tasks
from dunning_svc.use_cases.tasks import complete_task, postpone_task, raise_task, reopen_task
from encours.http.commands import Command, command
from encours.http.models import BusinessDate
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.ids import new_id
from encours.reading.pages import Page

router = Router(tags=["Reminders and tasks"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]
PAGE = paging("position", "due_on", default="-position", key="position")


@router.get("/v1/tasks", response_model=TaskList)
async def list_tasks(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
    status: Annotated[Literal["open", "completed"] | None, Parameter()] = None,
    kind: Annotated[TaskKind | None, Parameter()] = None,
    due_from: Annotated[BusinessDate | None, Parameter()] = None,
    due_until: Annotated[BusinessDate | None, Parameter()] = None,
    owner: Annotated[
        CollectorCode | None, Parameter(description="Open tasks that are this collector's on the day.")
    ] = None,
) -> Response:
    """List tasks: calls, litigation files, approvals, addresses to find, replies to answer, claims, and others."""
    wanted = TaskFilters(customer_id, status, kind, due_from, due_until, owner)
    async with q.view(MODEL) as view:
        team = await team_on(view, view.time.as_of)
        rows = await tasks(view, page, wanted, team)
        owned = await task_owners(view, team, rows)
    return q.respond(page.body(rows, lambda row: OwnedTaskOut.owned(row, owned)) | view.time.echo())


@router.post("/v1/tasks", response_model=TaskAsOf, status_code=201)
async def open_task(body: RaiseTaskBody, cmd: Writing) -> Response:
    """Open a task about a customer by hand."""
    wanted = body.to_command(new_id("tsk"))
    return await cmd.run(raise_task, wanted, answer=TASK_ANSWER, status=201, at="/v1/tasks")


@router.post("/v1/tasks/{id}/complete", response_model=TaskAsOf)
async def complete(task_id: TaskPath, body: CompleteBody, cmd: Writing) -> Response:
    """Record the outcome of a task, and what follows from it. No step of the ladder waits for a task."""
    debts = KnownDebts(cmd.ledger, cmd.services.db, cmd.meta.ledger)
    return await cmd.run(complete_task, body.to_command(task_id), debts, answer=TASK_ANSWER, on=task_id)


@router.post("/v1/tasks/{id}/postpone", response_model=TaskAsOf)
async def postpone(task_id: TaskPath, body: PostponeBody, cmd: Writing) -> Response:
    """Set another due day, today or later."""
    return await cmd.run(postpone_task, body.to_command(task_id), answer=TASK_ANSWER, on=task_id)


@router.post("/v1/tasks/{id}/reopen", response_model=TaskAsOf)
async def reopen(task_id: TaskPath, body: ReopenBody, cmd: Writing) -> Response:
    """Open a completed task again. A promise and a task that followed from its outcome stay."""
    return await cmd.run(reopen_task, body.to_command(task_id), answer=TASK_ANSWER, on=task_id)
