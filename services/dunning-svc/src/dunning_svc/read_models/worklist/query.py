"""Customers with work on a day, from the current rows.

Amounts are those of now, also for a later day; days past due, due tasks and owners are those of the day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from dunning_svc.domain.worklist.entry import DueTask, WorklistEntry
from dunning_svc.read_models.cases.fold.items import open_parts
from dunning_svc.read_models.cases.rows.access import select
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from dunning_svc.read_models.collectors.query import owners, team_on
from dunning_svc.read_models.promises.query import broken_promises
from dunning_svc.read_models.tasks.query import open_tasks, task_owners
from encours.contracts.parties import Survivors
from encours.reading.merges import survivors_at
from encours.reading.moment import View
from encours.reading.where import ViewWhere

Overdue = dict[str, dict[str, dict[int, int]]]
"""Collectable overdue amounts by customer, currency and days past due."""


@dataclass(frozen=True, slots=True)
class WorklistQuestion:
    """The collector, all if ``None``, the day and the currency of the amounts."""

    collector: str | None
    on: date
    currency: str


async def usual_currency(view: View) -> str:
    """Return the currency of most open invoices that the caller sees; EUR if there is none."""
    where = ViewWhere(view).add("open_minor > 0")
    found: str | None = await view.conn.fetchval(
        f"""select currency from {view.schema}.item where {where.sql}
            group by currency order by count(*) desc, currency limit 1""",
        *where.arguments,
    )
    return found or "EUR"


async def worklist(view: View, wanted: WorklistQuestion) -> list[WorklistEntry]:
    """Return every customer of the collector with overdue amounts or due tasks, in no order."""
    merged = await survivors_at(view)
    team = await team_on(view, wanted.on)
    tasks = [row for row in await open_tasks(view) if row["due_on"] <= wanted.on]
    task_owner = await task_owners(view, team, tasks)
    overdue = await _overdue(view, merged, wanted.on)
    own: defaultdict[str, list[DueTask]] = defaultdict(list)
    for row in tasks:
        found = task_owner[row["task_id"]]
        if wanted.collector in (None, found.owner):
            escalated = found.escalated_from is not None
            due = DueTask(row["task_id"], row["kind"], row["due_on"], escalated)
            own[merged.of(row["customer_id"])].append(due)
    owned = await owners(view, team, {*overdue, *own})
    listed = [
        each
        for each, owner in owned.items()
        if each in own or wanted.collector in (None, owner and owner.owner)
    ]
    customers = await select(view.conn, view.schema, DebtorRow, "where customer_id = any($1)", sorted(listed))
    broken = await _broken(view, merged, listed)
    return [
        WorklistEntry(
            customer_id=row.customer_id,
            entity_id=row.entity_id,
            owner=owner.owner if (owner := owned[row.customer_id]) else None,
            currency=wanted.currency,
            overdue=overdue.get(row.customer_id, {}).get(wanted.currency, {}),
            tasks=tuple(own.get(row.customer_id, ())),
            broken_promises=broken.get(row.customer_id, 0),
            other_currencies=tuple(sorted(overdue.get(row.customer_id, {}).keys() - {wanted.currency})),
        )
        for row in customers
        if view.granted is None or row.entity_id in view.granted
    ]


async def _overdue(view: View, merged: Survivors, on: date) -> Overdue:
    """Return what may be claimed and is past due, without what is disputed, on a plan, in hand or placed."""
    found: Overdue = {}
    for customer_id, currency, due_on, amount_minor in [
        *await _plain_items(view, on),
        *await _instalments(view, on),
    ]:
        if amount_minor > 0:
            days = found.setdefault(merged.of(customer_id), {}).setdefault(currency, {})
            late = (on - due_on).days
            days[late] = days.get(late, 0) + amount_minor
    return found


async def _plain_items(view: View, on: date) -> list[Any]:
    return await view.conn.fetch(
        f"""select customer_id, currency, due_on,
                   sum(greatest(open_minor - disputed_minor - planned_minor - in_hand_minor, 0))::bigint
              from {view.schema}.item
             where open_minor > 0 and due_on < $1 and instalments = '{{}}' and placement_id is null
               and ($2::text[] is null or entity_id = any($2))
             group by 1, 2, 3""",
        on,
        view.granted,
    )


async def _instalments(view: View, on: date) -> Iterable[tuple[str, str, date, int]]:
    rows = await select(
        view.conn,
        view.schema,
        ItemRow,
        "where open_minor > 0 and due_on < $1 and instalments <> '{}' and placement_id is null"
        " and ($2::text[] is null or entity_id = any($2))",
        on,
        view.granted,
    )
    return [each for row in rows for each in _parts(row, on)]


def _parts(row: ItemRow, on: date) -> Iterable[tuple[str, str, date, int]]:
    """Yield the instalments that are past due; what is not claimed is deducted from the earliest."""
    withheld = row.disputed_minor + row.planned_minor + row.in_hand_minor
    for part in open_parts(row):
        taken = min(withheld, part.amount_minor)
        withheld -= taken
        if part.due_on < on:
            yield row.customer_id, row.currency, part.due_on, part.amount_minor - taken


async def _broken(view: View, merged: Survivors, customer_ids: Iterable[str]) -> dict[str, int]:
    records = {record for each in customer_ids for record in merged.records(each)}
    found: dict[str, int] = {}
    for customer_id, count in (await broken_promises(view, sorted(records))).items():
        survivor = merged.of(customer_id)
        found[survivor] = found.get(survivor, 0) + count
    return found
