"""State of a bank account, folded from its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import assert_never, cast

from encours.contracts import Recorded
from encours.contracts.events import bank as events
from encours.kernel.errors import NotFound
from encours.kernel.ids import derived_id


class BankAccountNotFound(NotFound):
    """No event of the account is recorded (404)."""

    code = "bank-account-not-found"
    title = "Bank account not found"
    remedy = "Use an IBAN and a currency of which a statement or a map of CSV columns was recorded."


@dataclass(frozen=True, slots=True)
class KnownDay:
    """Lines of a day that are known, the sums of those in and out, and the format that brought the first."""

    format: events.StatementFormat
    lines: int = 0
    credit_minor: int = 0
    debit_minor: int = 0


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """State of a bank account, for decisions and answers."""

    account_id: str = ""
    iban: str = ""
    currency: str = ""
    csv_map: events.CsvMap | None = None
    statements: tuple[events.StatementTaken, ...] = ()
    days: Mapping[date, KnownDay] = field(default_factory=dict)
    last_day: date = date.min
    """Last day of which a statement was taken, and the balance at its end, if it is known."""
    closing_minor: int | None = None


BankAccountEvent = events.CsvMapSet | events.StatementTaken


def account_id_of(entity_id: str, iban: str, currency: str) -> str:
    """Return the id of an entity's account: one for each currency, as a bank keeps them under one IBAN."""
    return derived_id("bac", entity_id, iban, currency)


def evolve(state: OwnAccount, recorded: Recorded) -> OwnAccount:
    """Return the account after one more event."""
    event = cast(BankAccountEvent, recorded.data)
    known = replace(state, account_id=event.account_id, iban=event.iban, currency=event.currency)
    match event:
        case events.CsvMapSet():
            return replace(known, csv_map=event.csv_map)
        case events.StatementTaken():
            is_last = recorded.effective_on >= state.last_day and not _precedes(event, state.statements)
            return replace(
                known,
                statements=(*state.statements, event),
                days=_with_days(state.days, event),
                last_day=recorded.effective_on if is_last else state.last_day,
                closing_minor=event.closing_minor if is_last else state.closing_minor,
            )
        case _:
            assert_never(event)


def _precedes(event: events.StatementTaken, known: tuple[events.StatementTaken, ...]) -> bool:
    """Return True for a page that ends where a known one of its day begins."""
    return any(
        (each.closing_on, each.opening_minor) == (event.closing_on, event.closing_minor) for each in known
    )


def _with_days(days: Mapping[date, KnownDay], event: events.StatementTaken) -> Mapping[date, KnownDay]:
    found = dict(days)
    for added in event.days:
        before = found.get(added.on, KnownDay(event.format))
        found[added.on] = KnownDay(
            before.format,
            before.lines + added.lines,
            before.credit_minor + added.credit_minor,
            before.debit_minor + added.debit_minor,
        )
    return found
