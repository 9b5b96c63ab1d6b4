"""Policies and the runs of days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import Query as Parameter
from starlette.responses import Response

from dunning_svc.domain.ladder.decide import Decision, decide_customer
from dunning_svc.domain.ladder.policy import DEFAULT_POLICY, POLICIES
from dunning_svc.http.schemas import (
    ItemOut,
    PlannedOut,
    PolicyList,
    PolicyOut,
    RunBody,
    RunList,
    RunOut,
    RunPreview,
    StepOut,
)
from dunning_svc.read_models.cases import MODEL
from dunning_svc.read_models.queries import runs_sql
from dunning_svc.read_models.rows import RunRow
from dunning_svc.use_cases.views import load_due, select
from encours.http.commands import Command, command, json_response
from encours.http.models import MoneyModel
from encours.http.paging import paging
from encours.http.queries import Query, reading
from encours.http.routing import Router
from encours.kernel.errors import Conflict
from encours.ledger.session import Session
from encours.reading.pages import Page

router = Router(tags=["Policies and runs"])
Reading = Annotated[Query, reading("dunning:read")]
Writing = Annotated[Command, command("dunning:write", dry_run=False)]
PAGE = paging("day", default="-day", key="day")
_PREVIEW_MAX = 1000


@router.get("/v1/policies", response_model=PolicyList)
async def list_policies(q: Reading) -> Response:
    """The ladders, as data: the version in force and those that earlier decisions were taken under."""
    shown = [
        PolicyOut(
            id=policy.policy_id,
            version=policy.version,
            name=policy.name,
            active=policy is DEFAULT_POLICY,
            steps=[
                StepOut(code=step.code, offset_days=step.offset_days, act=step.act, template=step.template)
                for step in policy.steps
            ],
            addressed=sorted(policy.addressed),
        )
        for policy in reversed(POLICIES.values())
    ]
    return q.respond({"data": shown, "next_cursor": None} | (await q.time()).echo())


@router.get("/v1/runs", response_model=RunList)
async def list_runs(q: Reading, page: Annotated[Page, PAGE]) -> Response:
    """The runs of days, newest first."""
    async with q.view(MODEL) as view:
        sql, arguments = runs_sql(view.schema, view.time, page)
        rows = await view.conn.fetch(sql, *arguments)
    return q.respond(page.body([dict(row) for row in rows], _run) | view.time.echo())


def _run(row: Mapping[str, Any]) -> RunOut:
    return RunOut(
        on=row["day"],
        status=row["status"],
        late=row["late"],
        requested=row["requested"],
        suppressed=row["suppressed"],
        tasks=row["tasks"],
        pending=row["pending"],
    )


@router.post("/v1/runs", response_model=RunOut | RunPreview)
async def run_day(body: RunBody, cmd: Writing, dry_run: Annotated[bool, Parameter()] = False) -> Response:
    """The run of a day, which happens by itself when the day opens: asking for it again changes nothing.

    With `dry_run=true` what would leave on any day if nothing happened until then.
    """
    if dry_run:
        return await _preview(cmd, body.on)
    async with cmd.services.db.snapshot(MODEL, cmd.meta.ledger) as (conn, schema, _):
        rows = await select(conn, schema, RunRow, "where day = $1", body.on)

    async def work(session: Session) -> None:
        if not rows:
            raise Conflict(
                "day-not-opened",
                f"{body.on} has not been opened. A run happens by itself when its day opens.",
            )
        row = rows[0]
        session.answer(
            on=row.day.isoformat(),
            status="open" if row.completed_position is None else "completed",
            late=row.late,
            requested=row.requested,
            suppressed=row.suppressed,
            tasks=row.tasks,
            pending=row.pending,
        )

    done = await cmd.execute(work)
    return cmd.respond(done, RunOut(**done.answer))


async def _preview(cmd: Command, on: date) -> Response:
    async with cmd.services.db.snapshot(MODEL, cmd.meta.ledger) as (conn, schema, position):
        loaded = await load_due(conn, schema, on)
    decided = [
        decision
        for view in loaded.views
        if cmd.caller.entities is None or view.entity_id in cmd.caller.entities
        if (decision := decide_customer(view, on, DEFAULT_POLICY, position)) is not None
    ]
    planned = [_planned(decision) for decision in decided]
    kinds = [plan.kind for plan in planned]
    return json_response(
        RunPreview(
            dry_run=True,
            on=on,
            position=position,
            requested=kinds.count("reminder"),
            suppressed=kinds.count("suppressed"),
            tasks=kinds.count("task"),
            data=planned[:_PREVIEW_MAX],
            truncated=len(planned) > _PREVIEW_MAX,
        )
    )


def _planned(decision: Decision) -> PlannedOut:
    is_task = decision.step.act in ("call", "litigation_file")
    return PlannedOut(
        customer_id=decision.customer_id,
        entity_id=decision.entity_id,
        kind="suppressed" if decision.cause else "task" if is_task else "reminder",
        channel=decision.step.channel,
        step=decision.step.code,
        cause=decision.cause,
        amount=MoneyModel.of(decision.amount_minor, decision.currency),
        credit=MoneyModel.of(decision.credit_minor, decision.currency),
        items=[ItemOut.of(item, decision.currency) for item in decision.items],
    )
