"""Behaviour of the customers of an experiment, now or in the past, and of all customers before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dunning_svc.domain.experiment.commands import Baseline
from dunning_svc.domain.experiment.decide import DisputeCounts, OtherExperiments
from dunning_svc.domain.experiment.effect import PAID_AT_DAYS, TrialCustomer, TrialInvoice
from dunning_svc.read_models.cases.due import STANDING
from dunning_svc.read_models.cases.fold.experiments import arm_in, experiment_rows
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import folded, stands
from dunning_svc.read_models.cases.rows.access import select
from dunning_svc.read_models.cases.rows.experiments import TrialAssignmentRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.cases.rows.reminders import ReminderRow
from encours.contracts import names_of
from encours.contracts.events.dunning.experiment import ExperimentStarted, ExperimentStopped, Measure
from encours.contracts.parties import Survivors
from encours.ledger import Ledger
from encours.projection.read_model import Conn
from encours.reading.merges import survivors_at
from encours.reading.moment import View
from encours.reading.read_db import ReadDb

_YEAR = timedelta(days=365)
_STREAMS_AT_ONCE = 2_000
_LATER_MAX = 1_000
_STARTS_AND_ENDS = names_of(ExperimentStarted, ExperimentStopped)


async def other_experiments(
    ledger: Ledger, db: ReadDb, name: str, policy_ids: Sequence[str]
) -> OtherExperiments:
    """Return the experiments that run and have one of these policies as champion or challenger.

    Those count too that the read model does not hold yet.
    """
    async with db.snapshot(MODEL, name) as (conn, schema, position):
        rows = await experiment_rows(conn, schema)
    started = len(rows)
    policies = {
        row.experiment_id: {row.champion_id, row.challenger_id} for row in rows if row.stopped_on is None
    }
    for e in await ledger.read_types(name, _STARTS_AND_ENDS, position, _LATER_MAX):
        if isinstance(e.data, ExperimentStarted):
            started += 1
            policies[e.data.experiment_id] = {e.data.champion_id, e.data.challenger_id}
        elif isinstance(e.data, ExperimentStopped):
            policies.pop(e.data.experiment_id, None)
    running = [each for each, both in policies.items() if not both.isdisjoint(policy_ids)]
    return OtherExperiments(name, running, started)


async def baseline_of(db: ReadDb, ledger: str, measure: Measure, horizon_days: int, today: date) -> Baseline:
    """Return mean and deviation of a measure between the customers of the ledger.

    Counted are the invoices that fell due in a year and have been followed for the whole horizon.
    """
    days = horizon_days if measure == "days_to_pay" else PAID_AT_DAYS
    last = today - timedelta(days=days)
    value = (
        "least($1, coalesce(paid_on - due_on, $1))"
        if measure == "days_to_pay"
        else "case when paid_on <= due_on + $1 then 100 else 0 end"
    )
    async with db.snapshot(MODEL, ledger) as (conn, schema, _):
        (row,) = await conn.fetch(
            f"""select count(*), avg(mean)::float8, stddev_samp(mean)::float8 from (
                  select avg({value}) as mean from {schema}.item
                   where due_on between $2 and $3 and open_minor + settled_minor > 0 group by customer_id) m""",
            days,
            last - _YEAR,
            last,
        )
    return Baseline(row[1] or 0.0, row[2] or 0.0, row[0])


async def disputes_in(conn: Conn, schema: str, experiment_id: str, day: date) -> DisputeCounts:
    """Return the customers of each arm, and those that disputed an invoice from their assignment on."""
    rows = await conn.fetch(
        f"""select arm, count(*), count(*) filter (where exists (
                     select from {schema}.item i
                      where i.customer_id = a.customer_id and i.disputed_on between a.day and $2))
              from {schema}.trial_assignment a where experiment_id = $1 group by arm""",
        experiment_id,
        day,
    )
    found = {row[0]: (row[1], row[2]) for row in rows}
    return DisputeCounts(*found.get("champion", (0, 0)), *found.get("challenger", (0, 0)))


@dataclass(frozen=True, slots=True)
class TrialRows:
    """Rows about the customers of an experiment."""

    assignments: Sequence[TrialAssignmentRow]
    items: Sequence[ItemRow]
    reminders: Sequence[ReminderRow]


async def trial_customers(view: View, ledger: Ledger, name: str, experiment_id: str) -> list[TrialCustomer]:
    """Return the customers of an experiment at the dates of a question.

    Records that are merged by then are one customer, in the arm of the first of them that was assigned.
    """
    conn, schema, time = view.conn, view.schema, view.time
    assignments = await select(
        conn,
        schema,
        TrialAssignmentRow,
        "where experiment_id = $1 and position <= $2 and day <= $3 order by position",
        experiment_id,
        time.position,
        time.as_of,
    )
    if not assignments:
        return []
    merged = await survivors_at(view)
    ids = sorted({record for row in assignments for record in merged.records(merged.of(row.customer_id))})
    today = await ledger.today(name)
    if time.is_now and time.as_of >= today:
        items = await select(conn, schema, ItemRow, "where customer_id = any($1)", ids)
        reminders = await select(
            conn,
            schema,
            ReminderRow,
            "where (customer_id = any($1) or debtor_ids && $1) and status = any($2)",
            ids,
            list(STANDING),
        )
        return customers_of_trial(TrialRows(assignments, items, reminders), merged)
    return customers_of_trial(await _past(view, ledger, name, assignments, ids), merged)


async def _past(
    view: View, ledger: Ledger, name: str, assignments: Sequence[TrialAssignmentRow], ids: Sequence[str]
) -> TrialRows:
    """Fold invoices and reminders from their streams, some customers at a time."""
    schema = view.schema
    found = await view.conn.fetch(
        f"""select customer_id, invoice_id from {schema}.item where customer_id = any($1)
            union all select concerned, reminder_id from {schema}.reminder, unnest(customer_id || debtor_ids) concerned
                       where concerned = any($1)
            order by 1""",
        ids,
    )
    policies = [row[0] for row in await view.conn.fetch(f"select policy_id from {schema}.policy")]
    items: list[ItemRow] = []
    reminders: dict[str, ReminderRow] = {}
    for streams in _batches([(row[0], row[1]) for row in found]):
        read = await ledger.read_streams(name, [*policies, *streams], upto=view.time.position)
        rows = folded(read, view.time.as_of)
        items += rows.all(ItemRow)
        # A message about several customers may be in several batches.
        reminders |= {row.reminder_id: row for row in rows.all(ReminderRow)}
    return TrialRows(assignments, items, list(reminders.values()))


def _batches(streams: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Divide streams, in the order of their customers, without dividing a customer's."""
    batches: list[list[str]] = []
    last = ""
    for customer_id, stream in streams:
        if not batches or (len(batches[-1]) >= _STREAMS_AT_ONCE and customer_id != last):
            batches.append([])
        batches[-1].append(stream)
        last = customer_id
    return batches


def customers_of_trial(trial: TrialRows, merged: Survivors) -> list[TrialCustomer]:
    """Return the customers of an experiment with what they did. Invoices of which nothing was owed are left out."""
    first: dict[str, TrialAssignmentRow] = {}
    for row in sorted(trial.assignments, key=lambda row: row.position):
        first.setdefault(merged.of(row.customer_id), row)
    invoices: dict[str, list[TrialInvoice]] = {}
    for item in trial.items:
        if item.open_minor + item.settled_minor > 0:
            invoice = TrialInvoice(item.due_on, item.paid_on, item.disputed_on)
            invoices.setdefault(merged.of(item.customer_id), []).append(invoice)
    contacts: dict[str, list[date]] = {}
    for reminder in trial.reminders:
        if stands(reminder):
            for each in {merged.of(one) for one in (reminder.customer_id, *reminder.debtor_ids)}:
                contacts.setdefault(each, []).append(reminder.day)
    return [
        TrialCustomer(arm_in(row), row.day, tuple(invoices.get(each, ())), tuple(contacts.get(each, ())))
        for each, row in first.items()
    ]
