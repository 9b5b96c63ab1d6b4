"""The part of the lists that finds recurring invoices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from encours.contracts import Recorded
from encours.contracts.events.sales.recurring import RecurringAgreed, RecurringBilled, RecurringBlocked
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.domain.recurring.state import RecurringEvent, Schedule, rescheduled
from invoice_svc.read_models.known import known
from invoice_svc.read_models.recurring.rows import RecurringNextRow, RecurringPeriodRow, RecurringRow


class RecurringInvoices(Part):
    """Recurring invoices by customer, and by the date of the next period."""

    rows = (RecurringRow, RecurringNextRow, RecurringPeriodRow)
    applies = frozenset(event.TYPE for event in RecurringEvent.__args__)

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        if not isinstance(e.data, RecurringAgreed):
            yield RecurringRow, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Apply one event: the periods that are left follow from it."""
        event = cast(RecurringEvent, e.data)
        if isinstance(event, RecurringAgreed):
            agreed = _row(e, event, rescheduled(Schedule("", e.effective_on), event, e.effective_on))
            rows.put(agreed)
            rows.put(_next(e, agreed))
            return
        row = known(RecurringRow, e, rows)
        before = Schedule(
            row.rule, row.starts_on, row.ends_on, row.billed_until, row.not_before, row.paused_on
        )
        after = rescheduled(before, event, e.effective_on)
        row.ends_on, row.billed_until = after.ends_on, after.billed_until
        row.not_before, row.paused_on, row.next_on = after.not_before, after.paused_on, after.first()
        rows.put(row)
        if not isinstance(event, RecurringBlocked):
            rows.put(_next(e, row))
        if isinstance(event, RecurringBilled):
            rows.put(
                RecurringPeriodRow(
                    recurring_id=e.stream,
                    period=event.period,
                    invoice_id=event.invoice_id,
                    total_minor=event.total_minor,
                    billed_on=e.effective_on,
                    billed_position=e.position,
                )
            )


def _next(e: Recorded, row: RecurringRow) -> RecurringNextRow:
    return RecurringNextRow(
        recurring_id=e.stream, position=e.position, effective_on=e.effective_on, next_on=row.next_on
    )


def _row(e: Recorded, event: RecurringAgreed, schedule: Schedule) -> RecurringRow:
    return RecurringRow(
        recurring_id=e.stream,
        entity_id=e.entity,
        customer_id=event.customer_id,
        agreed_on=e.effective_on,
        from_position=e.position,
        rule=schedule.rule,
        starts_on=schedule.starts_on,
        ends_on=schedule.ends_on,
        billed_until=None,
        not_before=None,
        paused_on=None,
        next_on=schedule.first(),
        currency=event.currency,
        total_minor=event.total_minor,
    )
