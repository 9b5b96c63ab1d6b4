"""Queries of the API, at any date and position.

A row contains the position and date of its one outcome. So an answer for the past shows the row as it was then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from dunning_svc.domain.ladder.explain import Withdrawal
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.rows.access import positions, select
from dunning_svc.read_models.cases.rows.reminders import DecisionRow, RunRow
from encours.kernel.errors import NotFound
from encours.projection.read_model import Conn
from encours.reading.merges import merged_sql, records_of, survivors_at
from encours.reading.moment import Granted, View
from encours.reading.pages import Page
from encours.reading.read_db import ReadDb
from encours.reading.where import ViewWhere, Where


class ReminderNotFound(NotFound):
    """No reminder has the id at the requested dates (404)."""

    code = "reminder-not-found"
    title = "Reminder not found"
    remedy = "Use an id from GET /v1/reminders."


class DecisionNotFound(NotFound):
    """No decision has the id at the requested dates (404)."""

    code = "decision-not-found"
    title = "Decision not found"
    remedy = "Use the decision_id of a reminder or a task."


_RANKS = (
    "array['bounced', 'refused', 'returned', 'answered', 'read', 'accepted', 'delivered', 'first_presented', "
    "'deposited']"
)
"""Signs of a sent reminder in the order in which one of them is its status."""

_REMINDER = """(
  select reminder_id, decision_id, customer_id, entity_id, day, channel, step, template, language, currency,
         amount_minor, credit_minor, invoice_ids, debtor_ids, position, hours, nullif(approver, '') as approver,
         case when approved then approved_on end as approved_on, case when known then text end as text,
         case when known and status in ('sent', 'unconfirmed') then coalesce((
                select kind from unnest(seen) s(entry), split_part(s.entry, ' ', 1) kind
                 where kind <> 'delayed' order by array_position({ranks}, kind) limit 1), status)
              when known then status when approver = '' or approved then 'requested' else 'proposed' end as status,
         seen as signs,
         case when known then cause end as cause,
         case when known then because else '' end as because, case when known then message_id end as message_id,
         case when known then evidence end as evidence, case when known then outcome_on end as outcome_on,
         case when known and outcome_position > position then 2 else 1 end as version
    from (select *, coalesce(outcome_position <= {position} and outcome_on <= {as_of}, false) as known,
                 coalesce(approved_position <= {position} and approved_on <= {as_of}, false) as approved,
                 array(select entry from unnest(signs) entry where split_part(entry, ' ', 2)::bigint <= {position}
                          and split_part(entry, ' ', 3)::date <= {as_of}) as seen
            from {schema}.reminder where position <= {position} and day <= {as_of}) r) r"""

_RUN = """(
  select day, position, late, case when known then 'completed' else 'open' end as status,
         case when known then requested else 0 end as requested,
         case when known then suppressed else 0 end as suppressed,
         case when known then tasks else 0 end as tasks, case when known then pending else 0 end as pending
    from (select *, coalesce(completed_position <= {position} and completed_on <= {as_of}, false) as known
            from {schema}.run where position <= {position} and day <= {as_of}) u) u"""

_COUNTS = ("requested", "suppressed", "tasks", "pending")

_CUSTOMER = """(
  select customer_id, entity_id from {schema}.customer c where exists (
    select from {schema}.item i where i.customer_id = c.customer_id and i.issued_on <= {as_of}
       and split_part(i.events, ' ', 1)::bigint <= {position})) c"""


def _source(template: str, view: View, where: ViewWhere) -> str:
    return template.format(schema=view.schema, position=where.position, as_of=where.as_of, ranks=_RANKS)


async def reminders(
    view: View, page: Page, *, customer_id: str | None, invoice_id: str | None, status: str | None
) -> list[Any]:
    """Return a page of reminders at the dates of the view."""
    where = ViewWhere(view)
    source = _source(_REMINDER, view, where)
    if (records := await records_of(view, customer_id)) is not None:
        where.add("(customer_id = any({}) or debtor_ids && {})", list(records), list(records))
    where.equal("status", status)
    if invoice_id is not None:
        where.add("invoice_ids @> array[{}::text]", invoice_id)
    return await where.page(page, "*", source)


async def reminder(view: View, reminder_id: str) -> dict[str, Any]:
    """Return a reminder of any entity at the dates of the view. Raises :class:`ReminderNotFound`."""
    where = ViewWhere(view, entity=None)
    source = _source(_REMINDER, view, where)
    where.equal("reminder_id", reminder_id)
    row = await view.conn.fetchrow(f"select * from {source} where {where.sql}", *where.arguments)
    if row is None:
        raise ReminderNotFound(reminder_id)
    return dict(row)


async def runs(view: View, page: Page) -> list[Any]:
    """Return a page of runs at the dates of the view, with counts of the caller's entities."""
    where = ViewWhere(view, entity=None)
    rows = await where.page(page, "*", _source(_RUN, view, where))
    if view.granted is None:
        return rows
    days = [row["day"] for row in rows]
    own = await _own_counts(view.conn, view.schema, view.granted, days, view.time.position)
    return [dict(row) | (own[row["day"]] if row["status"] == "completed" else {}) for row in rows]


async def run_of(db: ReadDb, ledger: str, day: date, granted: Granted) -> RunRow | None:
    """Return the run of a day in its current state, with counts of the caller's entities."""
    async with db.snapshot(MODEL, ledger) as (conn, schema, position):
        rows = await select(conn, schema, RunRow, "where day = $1", day)
        if rows and granted is not None:
            own = await _own_counts(conn, schema, granted, [day], position)
            rows = [replace(rows[0], **own[day])]
    return rows[0] if rows else None


async def _own_counts(
    conn: Conn, schema: str, granted: Sequence[str], days: Sequence[date], position: int
) -> dict[date, dict[str, int]]:
    """Counts of the days' runs for some entities alone. ``pending`` had no outcome when the run was completed."""
    rows = await conn.fetch(
        f"""select u.day, count(*) filter (where d.type = 'reminder.requested') as requested,
              count(*) filter (where d.type = 'reminder.suppressed') as suppressed,
              count(*) filter (where d.type = 'task.opened') as tasks,
              count(*) filter (where d.type = 'reminder.requested' and r.approver = ''
                and coalesce(r.outcome_position > u.completed_position, true)) as pending
            from {schema}.run u
            left join {schema}.decision d on d.day = u.day and d.entity_id = any($2) and d.position <= $3
            left join {schema}.reminder r on r.decision_id = d.decision_id
            where u.day = any($1) group by u.day""",
        list(days),
        list(granted),
        position,
    )
    return {row["day"]: {name: row[name] for name in _COUNTS} for row in rows}


async def customers(view: View, page: Page, customer_id: str | None) -> list[Any]:
    """Return a page of customers that had an invoice at the dates of the view: candidates for a list of cases.

    Of a debtor with several merged records it is the one that stands for all.
    """
    where = ViewWhere(view)
    merged = await survivors_at(view)
    source = _source(_CUSTOMER, view, where)
    if merged.merged:
        relation = merged_sql(merged, where.arguments)
        source = f"""(
            select customer_id, entity_id from {view.schema}.customer where customer_id in (
                select coalesce(m.survivor_id, c.customer_id) from {source} left join {relation} m using (customer_id)
            )) debtors"""
    where.equal("customer_id", None if customer_id is None else merged.of(customer_id))
    return await where.page(page, "*", source)


async def decision(view: View, decision_id: str) -> DecisionRow:
    """Return a decision, of any entity. Raises :class:`DecisionNotFound`, also for one made later."""
    rows = await select(
        view.conn,
        view.schema,
        DecisionRow,
        "where decision_id = $1 and position <= $2 and day <= $3",
        decision_id,
        view.time.position,
        view.time.as_of,
    )
    if not rows:
        raise DecisionNotFound(decision_id)
    return rows[0]


async def decisions_between(
    conn: Conn, schema: str, first: date, last: date, granted: Granted
) -> dict[str, int]:
    """Return the number of decisions of a period by customer, for the entities of the caller."""
    where = Where(granted).add("day between {} and {}", first, last)
    rows = await conn.fetch(
        f"select customer_id, count(*) from {schema}.decision where {where.sql} group by customer_id",
        *where.arguments,
    )
    return {row[0]: row[1] for row in rows}


async def customers_moved_since(conn: Conn, schema: str, day: date) -> dict[str, int]:
    """Return the number of invoices by customer, of customers with one that was open on some day since then."""
    rows = await conn.fetch(
        f"""select customer_id, count(*) from {schema}.item group by customer_id
            having bool_or(open_minor <> 0 or moved_on >= $1)""",
        day,
    )
    return {row[0]: row[1] for row in rows}


async def policy_ids(view: View) -> list[str]:
    """Return the policies of the ledger at the model's position."""
    rows = await view.conn.fetch(f"select policy_id from {view.schema}.policy order by policy_id")
    return [row["policy_id"] for row in rows]


async def withdrawal(view: View, decision_id: str) -> Withdrawal | None:
    """Return why the decision's reminder was suppressed before dispatch; ``None`` if it was not."""
    row = await view.conn.fetchrow(
        f"""select cause, because, text from {view.schema}.reminder
             where decision_id = $1 and outcome_position > position and outcome_position <= $2 and outcome_on <= $3""",
        decision_id,
        view.time.position,
        view.time.as_of,
    )
    return Withdrawal(row[0], positions(row[1]), row[2]) if row and row[0] else None
