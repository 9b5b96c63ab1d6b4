"""State of an entity, folded from its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, assert_never, cast

from encours.contracts import Recorded
from encours.contracts.common import Address
from encours.contracts.events import approval as approvals
from encours.contracts.events import entity as events
from encours.contracts.events.money.residual import ToleranceSet
from encours.kernel.errors import NotFound

Document = Literal["invoice", "credit_note", "penalty_document"]


class EntityNotFound(NotFound):
    """No entity has the id (404)."""

    code = "entity-not-found"
    title = "Entity not found"
    remedy = "Use an id from GET /v1/entities."


@dataclass(frozen=True, slots=True)
class Series:
    """A number series."""

    code: str
    document: Document
    prefix: str
    width: int

    def prefix_of(self, year: int) -> str:
        """Return the text before the running number of a year."""
        return self.prefix.replace("{year}", str(year))

    def number_of(self, year: int, running: int) -> str:
        """Return a number of the series."""
        return f"{self.prefix_of(year)}{running:0{self.width}d}"


@dataclass(frozen=True, slots=True)
class Entity:
    """State of an entity, for decisions and answers."""

    entity_id: str = ""
    name: str = ""
    country: str = ""
    currency: str = ""
    time_zone: str = ""
    legal_form: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    address: Address | None = None
    iban: str | None = None
    letterhead: events.Letterhead | None = None
    series: Mapping[str, Series] = field(default_factory=dict)
    prefixes: frozenset[tuple[str, str]] = frozenset()
    """Code and prefix of every series, current and former."""
    first_numbers: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """Running number with which a series begins, by its code and year, where it was set."""

    displays: tuple[events.NumberDisplaySet, ...] = ()
    """Texts that show the numbers of a series, by series and first day."""
    accounts: tuple[events.BankAccountSet, ...] = ()
    """By currency, use and first day; one that was set again on its first day is replaced."""
    vat_regimes: tuple[events.VatRegimeSet, ...] = ()
    """By first day."""
    tolerances: tuple[ToleranceSet, ...] = ()
    """All settings, in the order in which they were recorded."""
    closed_until: date | None = None
    """Last day of the closed periods, where it was set, and the day on which it was."""
    closed_on: date = date.min

    approval_rules: tuple[approvals.ApprovalRule, ...] = ()
    approvers: tuple[approvals.Approver, ...] = ()

    def accounts_on(self, day: date) -> list[events.BankAccountSet]:
        """Return the bank accounts in force on a day: one at most of each currency and use."""
        last = {(each.currency, each.use): each for each in self.accounts if each.valid_from <= day}
        return [each for each in last.values() if each.iban is not None]

    def display_on(self, code: str, day: date) -> str | None:
        """Return the text that shows the numbers of a series given on a day; ``None``: the number alone."""
        found = [each.template for each in self.displays if each.code == code and each.valid_from <= day]
        return found[-1] if found else None

    def vat_regime(self, day: date) -> events.VatRegime:
        """Return the period of the VAT returns that is in force on a day."""
        return regime_on(self.vat_regimes, day)

    def first_number(self, code: str, year: int) -> int:
        """Return the running number with which a series begins in a year."""
        return self.first_numbers.get(code, {}).get(year, 1)

    def prefixes_of(self, code: str, year: int) -> set[str]:
        """Return the texts before the running numbers of a series in a year, current and former."""
        return {prefix.replace("{year}", str(year)) for known, prefix in self.prefixes if known == code}


def regime_on(regimes: tuple[events.VatRegimeSet, ...], day: date) -> events.VatRegime:
    """Return the one of these periods of VAT returns that is in force on a day; a year where none is set."""
    found = [each.regime for each in regimes if each.valid_from <= day]
    return found[-1] if found else "yearly"


EntityEvent = (
    events.EntityRegistered
    | events.EntityAmended
    | events.SeriesDefined
    | events.FirstNumberSet
    | events.NumberDisplaySet
    | events.PeriodClosed
    | events.BankAccountSet
    | events.VatRegimeSet
    | approvals.ApprovalSet
    | ToleranceSet
)


def evolve(state: Entity, recorded: Recorded) -> Entity:
    """Return the entity after one more event."""
    event = cast(EntityEvent, recorded.data)
    match event:
        case events.EntityRegistered():
            return Entity(
                entity_id=event.entity_id,
                name=event.name,
                country=event.country,
                currency=event.currency,
                time_zone=event.time_zone,
                legal_form=event.legal_form,
                siren=event.siren,
                vat_id=event.vat_id,
                address=event.address,
                iban=event.iban,
                letterhead=event.letterhead,
                series=state.series,
                prefixes=state.prefixes,
            )
        case events.EntityAmended():
            return replace(
                state,
                name=event.name,
                legal_form=event.legal_form,
                siren=event.siren,
                vat_id=event.vat_id,
                address=event.address,
                iban=event.iban,
                letterhead=event.letterhead,
            )
        case events.SeriesDefined():
            series = Series(event.code, event.document, event.prefix, event.width)
            return replace(
                state,
                series={**state.series, event.code: series},
                prefixes=state.prefixes | {(event.code, event.prefix)},
            )
        case events.FirstNumberSet():
            of_series = {**state.first_numbers.get(event.code, {}), event.year: event.first_number}
            return replace(state, first_numbers={**state.first_numbers, event.code: of_series})
        case events.NumberDisplaySet():
            shown = [each for each in state.displays if _display(each) != _display(event)]
            return replace(state, displays=tuple(sorted([*shown, event], key=_display)))
        case events.PeriodClosed():
            return replace(state, closed_until=event.closed_until, closed_on=recorded.effective_on)
        case events.BankAccountSet():
            others = [each for each in state.accounts if _account(each) != _account(event)]
            return replace(state, accounts=tuple(sorted([*others, event], key=_account)))
        case events.VatRegimeSet():
            kept = [each for each in state.vat_regimes if each.valid_from != event.valid_from]
            return replace(state, vat_regimes=tuple(sorted([*kept, event], key=lambda each: each.valid_from)))
        case ToleranceSet():
            return replace(state, tolerances=(*state.tolerances, event))
        case approvals.ApprovalSet():
            return replace(state, approval_rules=event.rules, approvers=event.approvers)
        case _:
            assert_never(event)


def _display(event: events.NumberDisplaySet) -> tuple[str, date]:
    return event.code, event.valid_from


def _account(event: events.BankAccountSet) -> tuple[str, str, date]:
    return event.currency, event.use, event.valid_from
