"""Queries of tasks, at any date and position."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from encours.reading.merges import records_of
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.where import ViewWhere

_TASK = """(
  select task_id, decision_id, customer_id, entity_id, day, kind, step, cause, follows_id, currency, amount_minor,
         invoice_ids, t.position, s->>'status' as status, (s->>'due_on')::date as due_on, s->>'owner' as assigned_to,
         s->>'outcome' as outcome, s->>'text' as text, (s->>'completed_on')::date as completed_on,
         (s->>'paid_on')::date as paid_on, s->>'promise_id' as promise_id, s->>'follow_up_id' as follow_up_id
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


async def tasks(view: View, page: Page, wanted: TaskFilters) -> list[Any]:
    """Return a page of tasks at the dates of the view."""
    where = ViewWhere(view)
    source = _TASK.format(schema=view.schema, position=where.position, as_of=where.as_of)
    where.one_of("customer_id", await records_of(view, wanted.customer_id))
    where.equal("status", wanted.status).equal("kind", wanted.kind)
    if wanted.due_from is not None:
        where.add("due_on >= {}", wanted.due_from)
    if wanted.due_until is not None:
        where.add("due_on <= {}", wanted.due_until)
    return await where.page(page, "*", source)
