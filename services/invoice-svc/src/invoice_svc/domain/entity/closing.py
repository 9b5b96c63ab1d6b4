"""Closed periods: no document gets a number that is dated in one.

VAT of a period is declared once (CGI 287): a document dated in a period that was declared would have to amend the
return. The entity sets until when its periods are closed; without that each period of its VAT returns closes some days
after its end (``domain/legal/closing.csv``), which is the calendar year unless it set another. Documents of another
system are taken over with their own dates and numbers.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from encours.contracts.events import entity as events
from encours.contracts.events.parties.entity import VatRegime, VatRegimeSet
from encours.kernel.errors import FieldError, Invalid, Refusal
from invoice_svc.domain.entity.state import Entity, EntityEvent, regime_on
from invoice_svc.domain.legal import grace_days

_MONTHS: dict[VatRegime, int] = {"monthly": 1, "quarterly": 3, "yearly": 12}
_PERIODS: dict[VatRegime, str] = {"monthly": "a month", "quarterly": "a quarter", "yearly": "a year"}


class DatedInClosedPeriod(Refusal):
    """The date of issue lies in a period that is closed (422)."""

    code = "period-closed"
    title = "Period is closed"
    status = 422
    remedy = "Use a date after the entity's closed_until."


def closed_until(state: Entity, today: date) -> date:
    """Return the last day of the closed periods: that which the entity set, or of the last period that closed since."""
    by_default = _closed_by(state.vat_regimes, today)
    if state.closed_until is None or by_default > _closed_by(state.vat_regimes, state.closed_on):
        return max(by_default, state.closed_until or by_default)
    return state.closed_until


@lru_cache(maxsize=1_024)
def _closed_by(regimes: tuple[VatRegimeSet, ...], today: date) -> date:
    """Return the last day of the last VAT period that closed by default before a day: a year ends in any regime."""
    month_end = (today - timedelta(grace_days(today))).replace(day=1) - timedelta(1)
    while month_end.month % _MONTHS[regime_on(regimes, month_end)]:
        month_end = month_end.replace(day=1) - timedelta(1)
    return month_end


def close_period(state: Entity, until: date, today: date) -> list[EntityEvent]:
    """Close the periods up to a day before today; no event if they are. What was closed stays so.

    The first setting may open a year that is closed by default.
    """
    if until >= today:
        raise Invalid(f"Only days before {today} can be closed.", "/closed_until")
    if state.closed_until == until:
        return []
    if state.closed_until is not None and until < state.closed_until:
        raise Invalid(f"Periods until {state.closed_until} are closed and stay so.", "/closed_until")
    return [events.PeriodClosed(entity_id=state.entity_id, closed_until=until)]


def require_open(state: Entity, issued_on: date, today: date) -> None:
    """Raise ``period-closed`` for a date of issue in a closed period."""
    closed = closed_until(state, today)
    if issued_on > closed:
        return
    regime = state.vat_regime(closed)
    rule = (
        "as it has set"
        if closed == state.closed_until
        else f"as {_PERIODS[regime]} closes a month after its end"
    )
    first = closed + timedelta(1)
    raise DatedInClosedPeriod(
        f"{issued_on} lies in a closed period: those of {state.name} are closed until {closed}, {rule}. "
        f"Use {first} or a later date.",
        errors=(FieldError("/issued_on", f"Use {first} or a later date."),),
    )
