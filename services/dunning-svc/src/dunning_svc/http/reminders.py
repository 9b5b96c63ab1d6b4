"""Reminders and tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.task import TASK, CompleteTask, Task
from dunning_svc.http.schemas import (
    CompleteBody,
    CustomerId,
    InvoiceId,
    ItemOut,
    ReminderAsOf,
    ReminderList,
    ReminderOut,
    ReminderPath,
    ReminderStatus,
    TaskList,
    TaskOut,
    TaskPath,
)
from dunning_svc.read_models.cases import MODEL
from dunning_svc.read_models.decisions import document_of
from dunning_svc.read_models.queries import reminders_sql, tasks_sql
from dunning_svc.read_models.rows import DecisionRow
from dunning_svc.use_cases.people import complete_task
from dunning_svc.use_cases.views import select
from encours.http.commands import Command, command
from encours.http.models import MoneyModel
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import NotFound
from encours.ledger.session import Session
from encours.reading.pages import Page

router = Router(tags=["Reminders and tasks"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write")]
PAGE = paging("position", default="-position", key="position")


def _reminder(row: Mapping[str, Any]) -> dict[str, Any]:
    currency = row["currency"]
    return {
        "id": row["reminder_id"],
        "decision_id": row["decision_id"],
        "customer_id": row["customer_id"],
        "entity_id": row["entity_id"],
        "day": row["day"],
        "channel": row["channel"],
        "step": row["step"],
        "template": row["template"] or None,
        "language": row["language"] or None,
        "amount": MoneyModel.of(row["amount_minor"], currency),
        "credit": MoneyModel.of(row["credit_minor"], currency),
        "invoice_ids": row["invoice_ids"],
        "status": row["status"],
        "cause": row["cause"],
        "message_id": row["message_id"],
        "evidence": row["evidence"],
        "requested_position": row["position"],
        "outcome_on": row["outcome_on"],
    }


@router.get("/v1/reminders", response_model=ReminderList)
async def list_reminders(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
    invoice_id: Annotated[InvoiceId | None, Parameter()] = None,
    status: Annotated[ReminderStatus | None, Parameter()] = None,
) -> Response:
    """Reminders with what became of them, suppressed ones included."""
    async with q.view(MODEL) as view:
        sql, arguments = reminders_sql(
            view.schema,
            view.time,
            page,
            entities=q.caller.entities,
            customer_id=customer_id,
            invoice_id=invoice_id,
            status=status,
        )
        rows = await view.conn.fetch(sql, *arguments)
    return q.respond(
        page.body([dict(row) for row in rows], lambda row: ReminderOut(**_reminder(row))) | view.time.echo()
    )


@router.get("/v1/reminders/{id}", response_model=ReminderAsOf)
async def get_reminder(reminder_id: ReminderPath, q: Reading) -> Response:
    """One reminder with its items."""
    async with q.view(MODEL) as view:
        sql, arguments = reminders_sql(
            view.schema, view.time, None, entities=None, customer_id=None, invoice_id=None, status=None
        )
        row = await view.conn.fetchrow(
            f"{sql} where reminder_id = ${len(arguments) + 1}", *arguments, reminder_id
        )
        if row is None:
            raise NotFound("reminder", reminder_id)
        q.caller.require_entity(row["entity_id"])
        decision = (
            await select(view.conn, view.schema, DecisionRow, "where decision_id = $1", row["decision_id"])
        )[0]
    items = [ItemOut.of(item, row["currency"]) for item in document_of(decision).items]
    return q.respond(
        ReminderAsOf(**_reminder(dict(row)), items=items, **view.time.echo()), version=row["version"]
    )


@router.get("/v1/tasks", response_model=TaskList)
async def list_tasks(
    q: Reading,
    page: Annotated[Page, PAGE],
    customer_id: Annotated[CustomerId | None, Parameter()] = None,
    status: Annotated[Literal["open", "completed"] | None, Parameter()] = None,
) -> Response:
    """Calls to make and litigation files to put together."""
    async with q.view(MODEL) as view:
        sql, arguments = tasks_sql(
            view.schema, view.time, page, entities=q.caller.entities, customer_id=customer_id, status=status
        )
        rows = await view.conn.fetch(sql, *arguments)
    return q.respond(page.body([dict(row) for row in rows], _task_row) | view.time.echo())


def _task_row(row: Mapping[str, Any]) -> TaskOut:
    return TaskOut(
        id=row["task_id"],
        decision_id=row["decision_id"],
        customer_id=row["customer_id"],
        entity_id=row["entity_id"],
        day=row["day"],
        kind=row["kind"],
        step=row["step"],
        amount=MoneyModel.of(row["amount_minor"], row["currency"]),
        invoice_ids=row["invoice_ids"],
        status=row["status"],
        outcome=row["outcome"],
        text=row["text"],
        completed_on=row["completed_on"],
    )


def _task(state: Task) -> TaskOut:
    opened = state.opened
    assert opened is not None
    return TaskOut(
        id=opened.task_id,
        decision_id=opened.decision_id,
        customer_id=opened.customer_id,
        entity_id=state.entity_id,
        day=opened.day,
        kind=opened.kind,
        step=opened.step,
        amount=MoneyModel.of(opened.amount_minor, opened.currency),
        invoice_ids=[item.invoice_id for item in opened.items],
        status="open" if state.outcome is None else "completed",
        outcome=state.outcome,
        text=state.text,
        completed_on=state.completed_on,
    )


@router.post("/v1/tasks/{id}/complete", response_model=TaskOut)
async def complete(task_id: TaskPath, body: CompleteBody, cmd: Writing) -> Response:
    """Note what came of a task. The ladder goes on either way."""

    async def work(session: Session) -> None:
        await complete_task(session, CompleteTask(task_id, body.outcome, body.text))

    done = await cmd.execute(work)
    state, version = await done.state(TASK, task_id)
    return cmd.respond(done, _task(state), version=version)
