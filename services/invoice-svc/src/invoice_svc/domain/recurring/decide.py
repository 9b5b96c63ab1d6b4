"""The rules of a recurring invoice.

Periods are billed in the order of their dates, the earliest first, so that the last one billed tells which are left:
none is billed twice, and none is left out, whenever the creditor's days are opened.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice

from msgspec.structs import replace

from encours.contracts.common import Particulars
from encours.contracts.events import recurring as events
from encours.kernel.errors import DomainError, Invalid, Refusal
from encours.kernel.money import exponent
from invoice_svc.domain.customer.decide import require_customer_of
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.document import content_again, reckon_document
from invoice_svc.domain.entity.decide import series_for
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.invoice.commands import DraftInvoice
from invoice_svc.domain.recurring.commands import (
    AgreeRecurring,
    AskedIndexation,
    EndRecurring,
    PauseRecurring,
)
from invoice_svc.domain.recurring.indexation import indexed_line
from invoice_svc.domain.recurring.rule import occurrences
from invoice_svc.domain.recurring.state import Recurring, RecurringEvent

MAX_PERIODS_BEHIND = 400
"""Most periods before today that an agreement may begin with."""


class RecurringExists(Refusal):
    """The id belongs to a recurring invoice already."""

    code = "recurring-exists"
    title = "Recurring invoice already exists"
    remedy = "GET the recurring invoice."


class RecurringIsPaused(Refusal):
    """The recurring invoice is paused already."""

    code = "recurring-paused"
    title = "Recurring invoice is paused"
    remedy = "Resume it first."


class RecurringNotPaused(Refusal):
    """The recurring invoice is not paused."""

    code = "recurring-not-paused"
    title = "Recurring invoice is not paused"
    remedy = "GET the recurring invoice for its next dates."


class RecurringBehind(Refusal):
    """A period before today is not billed yet."""

    code = "recurring-behind"
    title = "An earlier period is not billed yet"
    remedy = (
        "GET the recurring invoice for what blocks it; remove the cause, and wait for the next day to open."
    )


def agree(
    state: Recurring, command: AgreeRecurring, entity: Entity, customer: Customer, today: date
) -> list[RecurringEvent]:
    """Agree the recurring invoice, with the sums of one period before indexation."""
    if state.recurring_id:
        raise RecurringExists(f"{command.recurring_id} already exists.")
    require_customer_of(customer, command.entity_id)
    series_for(entity, command.series, "invoice")
    _check_dates(command, today)
    found = reckon_document(command.content, command.currency, entity, customer, today)
    return [
        events.RecurringAgreed(
            recurring_id=command.recurring_id,
            customer_id=command.customer_id,
            title=command.title,
            series=command.series,
            currency=found.currency,
            rule=command.rule,
            starts_on=command.starts_on,
            ends_on=command.ends_on,
            issue=command.issue,
            indexation=_indexation(command.indexation, found.currency),
            content=found.content,
            net_minor=found.net_minor,
            vat_minor=found.vat_minor,
            total_minor=found.total_minor,
        )
    ]


def bill(
    state: Recurring, period: date, invoice_id: str, by: events.IndexedBy | None, total_minor: int
) -> events.RecurringBilled:
    """Record the invoice of the next period."""
    return events.RecurringBilled(
        recurring_id=state.recurring_id,
        customer_id=state.customer_id,
        currency=state.currency,
        period=period,
        invoice_id=invoice_id,
        indexed_by=by,
        total_minor=total_minor,
    )


def invoice_for(
    state: Recurring, period: date, invoice_id: str, by: events.IndexedBy | None, today: date
) -> DraftInvoice:
    """Return the command for the invoice of a period: dated today, and over the days up to the next period."""
    content = content_again(state.content, state.currency)
    lines = content.lines
    if by is not None and state.indexation is not None:
        lines = tuple(indexed_line(line, by, state.indexation.price_decimals) for line in lines)
    return DraftInvoice(
        invoice_id=invoice_id,
        entity_id=state.entity_id,
        customer_id=state.customer_id,
        series=state.series,
        content=replace(
            content,
            supply_on=period,
            lines=lines,
            particulars=_with_period(content.particulars, state, period),
        ),
        currency=state.currency,
        issue=state.issue,
        issued_on=today if state.issue else None,
    )


def block(state: Recurring, period: date, refusal: DomainError) -> list[RecurringEvent]:
    """Record why a period cannot be billed; no event if that is recorded."""
    known = state.blocked
    if known is not None and (known.period, known.code, known.cause) == (
        period,
        refusal.code,
        refusal.detail,
    ):
        return []
    return [
        events.RecurringBlocked(
            recurring_id=state.recurring_id,
            customer_id=state.customer_id,
            period=period,
            code=refusal.code,
            cause=refusal.detail,
        )
    ]


def pause(state: Recurring, command: PauseRecurring, today: date) -> list[RecurringEvent]:
    """Leave out the periods from today on. Earlier ones must be billed, or a resumption would lose them."""
    if state.schedule.paused_on is not None:
        raise RecurringIsPaused(f"{state.title} is paused since {state.schedule.paused_on}.")
    first = state.schedule.first()
    if first is not None and first < today:
        raise RecurringBehind(f"The period of {first} of {state.title} is not billed yet.")
    return [
        events.RecurringPaused(
            recurring_id=state.recurring_id, customer_id=state.customer_id, cause=command.cause
        )
    ]


def resume(state: Recurring) -> list[RecurringEvent]:
    """Bill the periods from today on again."""
    if state.schedule.paused_on is None:
        raise RecurringNotPaused(f"{state.title} is not paused.")
    return [events.RecurringResumed(recurring_id=state.recurring_id, customer_id=state.customer_id)]


def end(state: Recurring, command: EndRecurring, ends_on: date) -> list[RecurringEvent]:
    """Bill no period after a day; no event if it ends on that day already."""
    if state.schedule.ends_on == ends_on:
        return []
    billed = state.schedule.billed_until
    if billed is not None and ends_on < billed:
        raise Invalid(f"The period of {billed} is billed: give that day or a later one.", "/ends_on")
    return [
        events.RecurringEnded(
            recurring_id=state.recurring_id,
            customer_id=state.customer_id,
            ends_on=ends_on,
            cause=command.cause,
        )
    ]


def _check_dates(command: AgreeRecurring, today: date) -> None:
    if command.ends_on is not None and command.ends_on < command.starts_on:
        raise Invalid(f"It ends before it begins, on {command.starts_on}.", "/ends_on")
    dates = occurrences(command.rule, command.starts_on, command.ends_on)
    first = list(islice(dates, MAX_PERIODS_BEHIND + 1))
    if not first:
        raise Invalid("The rule gives no date between starts_on and ends_on.", "/rule")
    if len(first) > MAX_PERIODS_BEHIND and first[-1] < today:
        raise Invalid(
            f"More than {MAX_PERIODS_BEHIND} periods lie before {today}: begin later.", "/starts_on"
        )


def _indexation(asked: AskedIndexation | None, currency: str) -> events.Indexation | None:
    if asked is None:
        return None
    decimals = exponent(currency) if asked.price_decimals is None else asked.price_decimals
    return events.Indexation(
        index_id=asked.index_id,
        code=asked.code,
        base_period=asked.base_period,
        months_back=asked.months_back,
        revision=asked.revision,
        price_decimals=decimals,
    )


def _with_period(particulars: Particulars, state: Recurring, period: date) -> Particulars:
    following = next(
        (day for day in occurrences(state.schedule.rule, state.schedule.starts_on) if day > period), None
    )
    until = None if following is None else following - timedelta(days=1)
    return replace(particulars, supply_from=period, supply_until=until or period)
