"""Insolvency proceedings of a customer: recorded on the day that they are known, completed later, and ended.

``contracts/insolvency.py`` has their effects.
"""

from __future__ import annotations

from datetime import date

from msgspec import UNSET, Struct, UnsetType

from encours.contracts.events.parties.insolvency import (
    InsolvencyAmended,
    InsolvencyClosed,
    InsolvencyKind,
    InsolvencyOpened,
    InsolvencyOutcome,
    InsolvencyPublished,
)
from encours.contracts.insolvency import Insolvency
from encours.kernel.errors import FieldError, Invalid, Refusal
from invoice_svc.domain.customer.state import Customer
from invoice_svc.domain.refusals import DateInFuture

Dated = tuple[InsolvencyOpened | InsolvencyPublished | InsolvencyAmended | InsolvencyClosed, date | None]
"""An event and its business date; ``None`` is today."""


class RecordInsolvency(Struct, frozen=True):
    """Proceedings opened by the judgment of a day, or more about those in force; an omitted field is unchanged.

    ``country`` is the court's, the customer's if not given.
    """

    customer_id: str
    insolvency_id: str
    kind: InsolvencyKind
    opened_on: date
    published_on: date | None = None
    court: str | UnsetType | None = UNSET
    case_number: str | UnsetType | None = UNSET
    administrator: str | UnsetType | None = UNSET
    country: str | None = None


class CloseInsolvency(Struct, frozen=True):
    """End of the proceedings in force. ``closed_on`` is today if not given."""

    customer_id: str
    outcome: InsolvencyOutcome
    closed_on: date | None = None
    cause: str | None = None


class InsolvencyInForce(Refusal):
    """Other proceedings of the customer are in force (409)."""

    code = "insolvency-in-force"
    title = "Other insolvency proceedings are in force"
    remedy = "Write the day of the judgment that opened them. If that day was wrong, close them as recorded_in_error."


class NoInsolvency(Refusal):
    """No proceedings of the customer are in force (409)."""

    code = "no-insolvency"
    title = "No insolvency proceedings in force"
    remedy = "GET the customer: insolvencies has those that ended."


def proceedings_in_force(state: Customer) -> Insolvency | None:
    """Return the proceedings that have not ended; a customer has one at most."""
    return next((each for each in state.insolvencies if each.in_force), None)


def record(state: Customer, command: RecordInsolvency, today: date) -> list[Dated]:
    """Open proceedings, or complete those in force; no event for what is known already."""
    _require_day(command.opened_on, None, today, "/opened_on")
    if command.published_on is not None:
        _require_day(command.published_on, command.opened_on, today, "/published_on")
    known = proceedings_in_force(state)
    if known is not None and known.opened_on != command.opened_on:
        raise InsolvencyInForce(
            f"Proceedings of {known.opened_on} are in force.",
            errors=(FieldError("/opened_on", f"Write {known.opened_on}."),),
        )
    if known is None:
        _require_after_others(state, command.opened_on)
        known = Insolvency(
            command.insolvency_id,
            command.kind,
            command.country or state.country,
            command.opened_on,
            0,
            command.court or None,
            command.case_number or None,
            command.administrator or None,
        )
        found: list[Dated] = [(_opened(state, known), command.opened_on)]
    else:
        found = [(each, None) for each in _amended(state, known, command)]
    if command.published_on not in (None, known.published_on):
        published = InsolvencyPublished(
            customer_id=state.customer_id,
            insolvency_id=known.insolvency_id,
            published_on=command.published_on,
        )
        found.append((published, command.published_on))
    return found


def close(state: Customer, command: CloseInsolvency, today: date) -> list[Dated]:
    """End the proceedings in force; no event if they have ended so already."""
    on = command.closed_on or today
    known = proceedings_in_force(state)
    if known is None:
        if any((each.closed_on, each.outcome) == (on, command.outcome) for each in state.insolvencies):
            return []
        raise NoInsolvency(f"No insolvency proceedings of {state.name} are in force.")
    _require_day(on, known.opened_on, today, "/closed_on")
    closed = InsolvencyClosed(
        customer_id=state.customer_id,
        insolvency_id=known.insolvency_id,
        closed_on=on,
        outcome=command.outcome,
        cause=command.cause,
    )
    return [(closed, on)]


def _opened(state: Customer, known: Insolvency) -> InsolvencyOpened:
    return InsolvencyOpened(
        customer_id=state.customer_id,
        insolvency_id=known.insolvency_id,
        kind=known.kind,
        country=known.country,
        opened_on=known.opened_on,
        court=known.court,
        case_number=known.case_number,
        administrator=known.administrator,
    )


def _amended(state: Customer, known: Insolvency, command: RecordInsolvency) -> list[InsolvencyAmended]:
    if command.country not in (None, known.country):
        raise Invalid(f"The proceedings were opened in {known.country}.", "/country")
    amended = InsolvencyAmended(
        customer_id=state.customer_id,
        insolvency_id=known.insolvency_id,
        kind=command.kind,
        court=known.court if command.court is UNSET else command.court,
        case_number=known.case_number if command.case_number is UNSET else command.case_number,
        administrator=known.administrator if command.administrator is UNSET else command.administrator,
    )
    before = (known.kind, known.court, known.case_number, known.administrator)
    after = (amended.kind, amended.court, amended.case_number, amended.administrator)
    return [] if after == before else [amended]


def _require_after_others(state: Customer, opened_on: date) -> None:
    ends = [each.closed_on for each in state.insolvencies if each.closed_on and not each.void]
    if ends and opened_on < max(ends):
        raise Invalid(
            f"Earlier proceedings ended on {max(ends)}; write that day or a later one.", "/opened_on"
        )


def _require_day(day: date, first_day: date | None, today: date, pointer: str) -> None:
    if day > today:
        raise DateInFuture(f"{day} is later than {today}, the business day of today.", pointer)
    if first_day is not None and day < first_day:
        raise Invalid(f"The proceedings were opened on {first_day}; write that day or a later one.", pointer)
