"""Reminders and calls of a scope, by what counts on the day of the question and was known at its moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from encours.contracts.settlement import Funds
from reporting_svc.domain.measures.reminders import AskedFor
from reporting_svc.read_models.delays.figures import outcomes_of
from reporting_svc.read_models.receivables.rows import INVOICE_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere

if TYPE_CHECKING:
    from encours.reading.moment import View


@dataclass(frozen=True, slots=True)
class RemindersPaid:
    """Reminders, and the money that covers each invoice that they ask for."""

    reminders: tuple[AskedFor, ...]
    funds: Mapping[str, Sequence[Funds]]


async def reminders_paid(view: View, scope: Scope, first: date) -> RemindersPaid:
    """Return the reminders that were decided from a day on. One currency."""
    reminders = await _reminders(view, scope, first)
    wanted = {invoice_id for reminder in reminders for invoice_id in reminder.asked}
    funds = await _funds(view, scope, wanted) if wanted else {}
    if not wanted <= funds.keys():
        # A message to a payer, or to the head of a group, asks for invoices of other customers.
        everyone = scope.everyone()
        funds |= await _funds(view, everyone, wanted)
    return RemindersPaid(tuple(reminders), funds)


async def _funds(view: View, scope: Scope, wanted: set[str]) -> dict[str, Sequence[Funds]]:
    ids = [INVOICE_ID.pack(each) for each in sorted(wanted) if INVOICE_ID.is_kind(each)]
    found: dict[str, list[Funds]] = {}
    for outcome in await outcomes_of(
        view, scope, lambda args: f"i.invoice_id = any({args.add(ids)}::uuid[])"
    ):
        if outcome.invoice_id in wanted:
            found.setdefault(outcome.invoice_id, []).extend(outcome.funds)
    return dict(found)


async def _reminders(view: View, scope: Scope, first: date) -> list[AskedFor]:
    where = ScopeWhere(view, scope, "r").counted().add("r.effective_on >= {}::date", first)
    rows = await view.conn.fetch(
        f"""
        select r.*, t.sent_on, t.tone, coalesce(t.traces, array[]::text[]) as traces
        from {view.schema}.reminder r left join (
            select t.reminder_id, min(t.effective_on) filter (where trace = 'sent') as sent_on, max(t.tone) as tone,
                   array_agg(distinct trace) as traces
            from {view.schema}.reminder_trace t cross join lateral unnest(t.traces) as trace
            where {where.counts("t")} group by t.reminder_id
        ) t using (reminder_id)
        where {where.sql} order by r.position, r.reminder_id
        """,
        *where.arguments,
    )
    return [
        AskedFor(
            entity=row["entity"],
            customer_id=row["customer_id"],
            policy=row["policy"],
            step=row["step"],
            channel=row["channel"],
            template=row["template"],
            tone=row["tone"],
            experiment=row["experiment"],
            decided_on=row["effective_on"],
            sent_on=row["sent_on"],
            traces=frozenset(row["traces"]),
            asked={invoice: int(minor) for invoice, minor in (each.split(" ") for each in row["asked"])},
        )
        for row in rows
    ]
