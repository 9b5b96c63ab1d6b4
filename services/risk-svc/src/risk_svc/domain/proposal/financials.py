"""Reported figures of a customer, by the day of their balance sheet. Stream: the figures of the customer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.limit_formula import FinancialsFiled
from encours.kernel.errors import Invalid, NotFound
from encours.kernel.ids import with_prefix


class FinancialsNotFound(NotFound):
    """No figures of the customer were filed for the day (404)."""

    code = "financials-not-found"
    title = "Balance sheet not found"
    remedy = "Use a closed_on of financials in the credit file of the customer."


@dataclass(frozen=True, slots=True)
class FileFinancials:
    """File figures that a customer has reported, amounts in minor units."""

    customer_id: str
    closed_on: date
    currency: str
    equity_minor: int | None
    turnover_minor: int | None
    source: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Financials:
    """Figures of the latest balance sheet; of two for one day the one filed last."""

    customer_id: str = ""
    latest: FinancialsFiled | None = None


def financials_of(customer_id: str) -> str:
    """Return the stream of the figures of a customer."""
    return with_prefix(customer_id, "fin")


def evolve(state: Financials, recorded: Recorded) -> Financials:
    """Return the state after one more event."""
    event = recorded.data
    assert isinstance(event, FinancialsFiled)
    if state.latest is not None and state.latest.closed_on > event.closed_on:
        return state
    return Financials(event.customer_id, event)


def latest_of(filed: Iterable[FinancialsFiled | None]) -> FinancialsFiled | None:
    """Return the figures of the latest balance sheet of all records of a customer; of two for one day the first."""
    return max((each for each in filed if each is not None), key=lambda each: each.closed_on, default=None)


def balance_sheets(filed: Iterable[FinancialsFiled]) -> list[FinancialsFiled]:
    """Return the figures of each balance sheet of a customer, the latest first; of two for one day those filed last."""
    by_day = {(each.customer_id, each.closed_on): each for each in filed}
    return sorted(by_day.values(), key=lambda each: each.closed_on, reverse=True)


def file(command: FileFinancials, day: date) -> FinancialsFiled:
    """File figures. Raises :class:`Invalid` for a balance sheet of a later day, or without any figure."""
    if command.closed_on > day:
        raise Invalid("closed_on is in the future; use the day of the balance sheet.", "/closed_on")
    if command.equity_minor is None and command.turnover_minor is None:
        raise Invalid("Give the equity, the turnover, or both.", "/equity")
    return FinancialsFiled(
        financials_id=financials_of(command.customer_id),
        customer_id=command.customer_id,
        closed_on=command.closed_on,
        currency=command.currency,
        equity_minor=command.equity_minor,
        turnover_minor=command.turnover_minor,
        source=command.source,
        text=command.text,
    )
