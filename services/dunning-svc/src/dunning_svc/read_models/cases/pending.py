"""Queries of the outbox: reminders without an outcome, and runs that are not completed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from msgspec import json

from dunning_svc.domain.policy.hours import may_leave
from dunning_svc.read_models.cases.rows.access import select
from dunning_svc.read_models.cases.rows.reminders import DecisionRow, RunRow
from encours.contracts.events.dunning.reminders import ReminderRequested, SendingHours
from encours.projection.read_model import Conn

REMINDERS_MAX = 500
_RUNS_MAX = 20


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Number of a day's decisions by kind, and of its reminders without an outcome; ``waiting``: for their hours."""

    requested: int
    suppressed: int
    tasks: int
    pending: int
    waiting: int


async def closed_hours(conn: Conn, schema: str, now: datetime | None) -> list[str]:
    """Return the hours, as rows have them, outside of which requested reminders wait; none without a time."""
    if now is None:
        return []
    found = await conn.fetch(
        f"select distinct hours from {schema}.reminder where status = 'requested' and hours <> ''"
    )
    hours = [row[0] for row in found]
    return [each for each in hours if not may_leave(json.decode(each, type=SendingHours), now)]


async def proposed(conn: Conn, schema: str) -> Sequence[DecisionRow]:
    """Return the decisions whose message waits for an approval, oldest first."""
    return await select(
        conn,
        schema,
        DecisionRow,
        f"where decision_id in (select decision_id from {schema}.reminder where status = 'proposed') order by position",
    )


async def requested(
    conn: Conn,
    schema: str,
    ledger: str,
    effects_from: int,
    *,
    with_mail: bool = True,
    closed: Sequence[str] = (),
) -> Sequence[DecisionRow]:
    """Return the oldest decisions whose reminder has no outcome and is due for a try, in order.

    Only those decided or approved after ``effects_from``: loaded history is not sent. Not ``with_mail`` without
    e-mails: those that wait for a server that is down would fill the page, and no letter would leave. None with
    ``closed`` hours.
    """
    return await select(
        conn,
        schema,
        DecisionRow,
        f"""where decision_id in (
              select r.decision_id from {schema}.reminder r
               where r.status = 'requested' and (r.position > $1 or r.approved_position > $1)
                 and ($4 or r.channel <> 'email') and r.hours <> all($5) and not exists (
                 select from encours_effects.attempt a where a.ledger = $3 and a.reminder_id = r.reminder_id
                    and a.state = 'deferred' and a.next_try_at > now())
               order by r.position limit $2) order by position""",
        effects_from,
        REMINDERS_MAX,
        ledger,
        with_mail,
        list(closed),
    )


def thread_of(reminder: ReminderRequested, entity_id: str) -> tuple[str, str, str]:
    """Return what an e-mail belongs to: customer, creditor, and the invoice if it has messages of its own."""
    invoice_id = reminder.items[0].invoice_id if reminder.grouping == "invoice" else ""
    return reminder.customer_id, entity_id, invoice_id


async def first_mails(
    conn: Conn, schema: str, customer_ids: Sequence[str]
) -> Mapping[tuple[str, str, str], str]:
    """Return the Message-ID of the first e-mail of each thread of these customers (:func:`thread_of`)."""
    rows = await conn.fetch(
        f"""select distinct on (customer_id, entity_id, invoice_id) customer_id, entity_id, invoice_id, message_id
             from (select *, case grouping when 'invoice' then invoice_ids[1] else '' end as invoice_id
                     from {schema}.reminder) r
             where customer_id = any($1) and channel = 'email' and status = 'sent'
             order by customer_id, entity_id, invoice_id, position""",
        list(customer_ids),
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


async def open_runs(conn: Conn, schema: str, effects_from: int, before: int) -> Sequence[RunRow]:
    """Return runs that are not completed and whose day opened between the two positions, oldest first."""
    return await select(
        conn,
        schema,
        RunRow,
        f"where completed_position is null and position > $1 and position < $2 order by position limit {_RUNS_MAX}",
        effects_from,
        before,
    )


async def run_counts(conn: Conn, schema: str, day: date, closed: Sequence[str] = ()) -> RunCounts:
    """Count the decisions of a day; those with ``closed`` hours wait."""
    counts = await conn.fetch(
        f"""select count(*) filter (where template <> '') as requested,
                   count(*) filter (where template = '') as suppressed,
                   count(*) filter (where status = 'requested') as pending,
                   count(*) filter (where status = 'requested' and hours = any($2)) as waiting,
                   (select count(*) from {schema}.task where day = $1 and decision_id <> '') as tasks
              from {schema}.reminder where day = $1""",
        day,
        list(closed),
    )
    return RunCounts(**dict(counts[0]))
