"""State of a recurring invoice, folded from its events, and the dates of its periods."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Literal, assert_never, cast

from msgspec import Struct
from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.common import DocumentContent
from encours.contracts.events import recurring as events
from encours.kernel.errors import NotFound
from invoice_svc.domain.document import NO_CONTENT
from invoice_svc.domain.recurring.rule import occurrences

RecurringStatus = Literal["active", "paused", "ended"]


class RecurringNotFound(NotFound):
    """No recurring invoice has the id (404)."""

    code = "recurring-not-found"
    title = "Recurring invoice not found"
    remedy = "Use an id from GET /v1/recurring."


class Schedule(Struct, frozen=True):
    """Periods that are still to be billed: those of the rule after the last one billed, outside a pause.

    ``not_before`` is the day of the last resumption, ``paused_on`` that of the pause that goes on.
    """

    rule: str
    starts_on: date
    ends_on: date | None = None
    billed_until: date | None = None
    not_before: date | None = None
    paused_on: date | None = None

    def dates(self) -> Iterator[date]:
        """Yield the dates of the periods to bill, in order; in a pause those before it alone."""
        for day in occurrences(self.rule, self.starts_on, self.ends_on):
            if self.paused_on is not None and day >= self.paused_on:
                return
            late = self.billed_until is None or day > self.billed_until
            if late and (self.not_before is None or day >= self.not_before):
                yield day

    def first(self) -> date | None:
        """Return the next period to bill."""
        return next(self.dates(), None)


class BilledPeriod(Struct, frozen=True):
    """A period and its invoice."""

    period: date
    invoice_id: str
    indexed_by: events.IndexedBy | None


class BlockedPeriod(Struct, frozen=True):
    """A period that could not be billed, and why."""

    period: date
    code: str
    cause: str
    since: date


class Recurring(Struct, frozen=True):
    """State of a recurring invoice, for decisions and answers. Amounts in minor units, before indexation."""

    recurring_id: str = ""
    entity_id: str = ""
    customer_id: str = ""
    title: str = ""
    series: str = ""
    currency: str = ""
    schedule: Schedule = Schedule("", date.min)
    issue: bool = False
    indexation: events.Indexation | None = None
    content: DocumentContent = NO_CONTENT
    net_minor: int = 0
    vat_minor: int = 0
    total_minor: int = 0
    agreed_on: date = date.min
    latest: BilledPeriod | None = None
    billed_count: int = 0
    blocked: BlockedPeriod | None = None

    def status_on(self, day: date) -> RecurringStatus:
        """Return the status on a day. ``ended``: no period is left after the day."""
        if self.schedule.paused_on is not None:
            return "paused"
        last = self.schedule.ends_on
        return "ended" if (last is not None and day > last) or self.schedule.first() is None else "active"

    def next_dates(self, count: int) -> list[date]:
        """Return the dates of the next periods to bill."""
        return list(islice(self.schedule.dates(), count))


RecurringEvent = (
    events.RecurringAgreed
    | events.RecurringBilled
    | events.RecurringBlocked
    | events.RecurringPaused
    | events.RecurringResumed
    | events.RecurringEnded
)


def evolve(state: Recurring, recorded: Recorded) -> Recurring:
    """Return the recurring invoice after one more event."""
    event, day = cast(RecurringEvent, recorded.data), recorded.effective_on
    scheduled = replace(state, schedule=rescheduled(state.schedule, event, day))
    match event:
        case events.RecurringAgreed():
            return Recurring(
                recurring_id=event.recurring_id,
                entity_id=recorded.entity,
                customer_id=event.customer_id,
                title=event.title,
                series=event.series,
                currency=event.currency,
                schedule=scheduled.schedule,
                issue=event.issue,
                indexation=event.indexation,
                content=event.content,
                net_minor=event.net_minor,
                vat_minor=event.vat_minor,
                total_minor=event.total_minor,
                agreed_on=day,
            )
        case events.RecurringBilled():
            latest = BilledPeriod(event.period, event.invoice_id, event.indexed_by)
            return replace(scheduled, latest=latest, billed_count=state.billed_count + 1, blocked=None)
        case events.RecurringBlocked():
            return replace(state, blocked=BlockedPeriod(event.period, event.code, event.cause, day))
        case events.RecurringPaused() | events.RecurringResumed() | events.RecurringEnded():
            return scheduled
        case _:
            assert_never(event)


def rescheduled(schedule: Schedule, event: RecurringEvent, day: date) -> Schedule:
    """Return the periods to bill after an event of a business day."""
    match event:
        case events.RecurringAgreed():
            return Schedule(event.rule, event.starts_on, event.ends_on)
        case events.RecurringBilled():
            return replace(schedule, billed_until=event.period)
        case events.RecurringPaused():
            return replace(schedule, paused_on=day)
        case events.RecurringResumed():
            return replace(schedule, paused_on=None, not_before=day)
        case events.RecurringEnded():
            return replace(schedule, ends_on=event.ends_on)
        case events.RecurringBlocked():
            return schedule
        case _:
            assert_never(event)
