"""Queries of tasks, at any date and position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dunning_svc.domain.collector.ownership import TaskOwner, Team
from dunning_svc.read_models.cases.debtors import creditors
from dunning_svc.read_models.collectors.query import owners
from encours.reading.merges import records_of
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.where import ViewWhere

_TASK = """(
  select task_id, decision_id, customer_id, entity_id, day, kind, step, cause, follows_id, currency, amount_minor,
         invoice_ids, debtor_ids, t.position,
         s->>'status' as status, (s->>'due_on')::date as due_on, s->>'owner' as assigned_to,
         s->>'outcome' as outcome, s->>'text' as text, (s->>'completed_on')::date as completed_on,
         (s->>'paid_on')::date as paid_on, s->>'promise_id' as promise_id,
         array(select jsonb_array_elements_text(s->'further_promise_ids')) as further_promise_ids,
         s->>'follow_up_id' as follow_up_id,
         closed_position, closed_on
    from {schema}.task t cross join lateral (
         select entry::jsonb as s from unnest(t.states) with ordinality u(entry, n)
          where (entry::jsonb->>'position')::bigint <= {position} and (entry::jsonb->>'on')::date <= {as_of}
          order by n desc limit 1) state
   where t.position <= {position} and t.day <= {as_of}) t"""


@dataclass(frozen=True, slots=True)
class TaskFilters:
    """Conditions on tasks; None asks for nothing."""

    customer_id: str | None = None
    status: str | None = None
    kind: str | None = None
    due_from: date | None = None
    due_until: date | None = None
    owner: str | None = None
    """Code of a collector: open tasks that are this one's."""


async def tasks(view: View, page: Page, wanted: TaskFilters, team: Team) -> list[Any]:
    """Return a page of tasks at the dates of the view; ``team`` owns the open ones."""
    where = ViewWhere(view)
    source = _TASK.format(schema=view.schema, position=where.position, as_of=where.as_of)
    if (records := await records_of(view, wanted.customer_id)) is not None:
        where.add("(customer_id = any({}) or debtor_ids && {})", list(records), list(records))
    where.equal("status", wanted.status).equal("kind", wanted.kind)
    if wanted.due_from is not None:
        where.add("due_on >= {}", wanted.due_from)
    if wanted.due_until is not None:
        where.add("due_on <= {}", wanted.due_until)
    if wanted.owner is not None:
        owned = await task_owners(view, team, await open_tasks(view))
        where.among("task_id", [each for each, owner in owned.items() if owner.owner == wanted.owner])
    return await where.page(page, "*", source)


async def open_tasks(view: View) -> list[Any]:
    """Return the open tasks of the caller's entities at the dates of the view."""
    where = ViewWhere(view)
    source = _TASK.format(schema=view.schema, position=where.position, as_of=where.as_of)
    where.equal("status", "open")
    # Most tasks are closed for good: their states need not be read.
    where.add(f"closed_on is null or closed_on > {where.as_of} or closed_position > {where.position}")
    sql = f"select * from {source} where {where.sql} order by due_on, position"
    return await view.conn.fetch(sql, *where.arguments)


async def task_owners(view: View, team: Team, rows: Sequence[Mapping[str, Any]]) -> dict[str, TaskOwner]:
    """Return the owner of each open task on the day of the team."""
    unfinished = [row for row in rows if row["status"] == "open"]
    customers = await owners(view, team, {row["customer_id"] for row in unfinished})
    known = await creditors(view.conn, view.schema)
    return {
        row["task_id"]: team.owner_of_task(
            row["assigned_to"], row["due_on"], customers[row["customer_id"]], known[row["entity_id"]].country
        )
        for row in unfinished
    }
