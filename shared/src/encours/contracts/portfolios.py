"""The collector who owns a customer on a day: a pure function of records, assignments and the customer.

The customer's portfolio is that of the collector to whom it was given, else of the rule with the highest priority
that it meets, then of the rule with the most criteria, then of the lower code. If that collector is away, its
substitute owns the customer, or the substitute's substitute; without one who is there, the next portfolio. A customer
that meets a rule always has one owner: if everybody is away, it is the collector of its portfolio.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import Literal

import msgspec

from encours.contracts.events.dunning.collectors import Absence, CollectorDefined, PortfolioRule
from encours.contracts.events.dunning.document import AmountBand, PolicyScope
from encours.contracts.events.parties.customer import FieldValue

Grounds = Literal["given", "portfolio"]
Criterion = tuple[str, object, bool]
"""Name of a criterion, its values, and True if it is met."""


class CustomerFacts(msgspec.Struct, frozen=True):
    """Facts about a customer in a currency that criteria ask for."""

    customer_ids: tuple[str, ...]
    """The customer, and the records that are merged into its own."""
    entity_id: str
    currency: str
    open_minor: int
    country: str = ""
    segment: str | None = None
    salesperson: str | None = None
    tags: tuple[str, ...] = ()
    fields: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class GivenCustomer:
    """A customer that was given to a collector, with the position of the event."""

    collector: str
    valid_from: date
    position: int


@dataclass(frozen=True, slots=True)
class Ownership:
    """The owner of a customer on a day, and the grounds."""

    owner: str
    """Code of the collector who acts."""
    holder: str
    """Code of the collector whose portfolio the customer is in; another one only if that one is away."""
    grounds: Grounds
    priority: int | None = None
    criteria: tuple[str, ...] = ()
    all_away: bool = False
    """Nobody is there who could stand in."""


def record_on(versions: Sequence[CollectorDefined], day: date) -> CollectorDefined | None:
    """Return the version in force on a day: of those that have begun the latest, and of these the last recorded."""
    begun = [each for each in versions if each.valid_from <= day]
    return max(enumerate(begun), key=lambda each: (each[1].valid_from, each[0]))[1] if begun else None


class Portfolios:
    """Collectors of a ledger whose record is in force on a day and who have not left.

    ``versions``: of each collector's record, by code, in the order in which they were recorded.
    """

    def __init__(self, versions: Mapping[str, Sequence[CollectorDefined]], day: date) -> None:
        self.day = day
        found = ((code, record_on(each, day)) for code, each in sorted(versions.items()))
        self.records: dict[str, CollectorDefined] = {
            code: record for code, record in found if record is not None and not _has_left(record, day)
        }
        rules = ((code, rule) for code, record in self.records.items() for rule in record.portfolio)
        self._rules = sorted(rules, key=lambda each: (-each[1].priority, -_criteria(each[1]), each[0]))

    def absence(self, code: str) -> Absence | None:
        """Return the absence of a collector on the day."""
        absences = self.records[code].absences
        return next((each for each in absences if each.first_day <= self.day <= each.last_day), None)

    def acting(self, code: str) -> str | None:
        """Return who acts for a collector on the day: itself, or a substitute who is there."""
        passed: set[str] = set()
        current: str | None = code
        while current is not None and current in self.records and current not in passed:
            passed.add(current)
            absence = self.absence(current)
            if absence is None:
                return current
            current = absence.substitute or self.records[current].substitute
        return None

    def owner_of(
        self, facts: Sequence[CustomerFacts], given: Iterable[GivenCustomer] = ()
    ) -> Ownership | None:
        """Return the owner of a customer; ``None`` if no portfolio admits it.

        ``facts``: those about the customer, one per currency. ``given``: the collectors that it was given to.
        """
        first: Ownership | None = None
        for each in chain(self._given(given), self._portfolios(facts)):
            acting = self.acting(each.holder)
            if acting is not None:
                return replace(each, owner=acting)
            first = first or replace(each, all_away=True)
        return first

    def _given(self, given: Iterable[GivenCustomer]) -> Iterator[Ownership]:
        begun = [each for each in given if each.valid_from <= self.day]
        last = max(begun, key=lambda each: (each.valid_from, each.position), default=None)
        if last is not None and last.collector in self.records:
            yield Ownership(last.collector, last.collector, "given")

    def _portfolios(self, facts: Sequence[CustomerFacts]) -> Iterator[Ownership]:
        for code, rule in self._rules:
            for each in facts:
                criteria = names_if_met(customer_criteria(rule.scope, each))
                if criteria is not None:
                    yield Ownership(code, code, "portfolio", rule.priority, criteria)
                    break


def names_if_met(criteria: Iterable[Criterion]) -> tuple[str, ...] | None:
    """Return the names of the criteria that have values, all of which are met; ``None`` if one is not."""
    asked = [(name, is_met) for name, values, is_met in criteria if values]
    return tuple(name for name, _ in asked) if all(is_met for _, is_met in asked) else None


def customer_criteria(scope: PolicyScope, facts: CustomerFacts) -> list[Criterion]:
    """Return the criteria of a scope that ask for a customer."""
    return [
        ("customers", scope.customers, not set(scope.customers).isdisjoint(facts.customer_ids)),
        ("entities", scope.entities, facts.entity_id in scope.entities),
        ("countries", scope.countries, facts.country in scope.countries),
        ("currencies", scope.currencies, facts.currency in scope.currencies),
        ("segments", scope.segments, facts.segment in scope.segments),
        ("salespeople", scope.salespeople, facts.salesperson in scope.salespeople),
        ("tags", scope.tags, not set(scope.tags).isdisjoint(facts.tags)),
        ("fields", scope.fields, fields_met(scope.fields, facts.fields)),
        (
            "open_amounts",
            scope.open_amounts,
            amount_met(scope.open_amounts, facts.currency, facts.open_minor),
        ),
    ]


def fields_met(asked: Sequence[FieldValue], fields: frozenset[tuple[str, str]]) -> bool:
    """Return True if each field that is asked for has one of its values."""
    codes = {each.field_code for each in asked}
    return codes == {each.field_code for each in asked if (each.field_code, each.value) in fields}


def amount_met(bands: Sequence[AmountBand], currency: str, minor: int) -> bool:
    """Return True if an amount is in a band of its currency."""
    return any(
        band.currency == currency
        and band.from_minor <= minor
        and (band.below_minor is None or minor < band.below_minor)
        for band in bands
    )


def _criteria(rule: PortfolioRule) -> int:
    return sum(bool(getattr(rule.scope, name)) for name in rule.scope.__struct_fields__)


def _has_left(record: CollectorDefined, day: date) -> bool:
    return record.last_day is not None and record.last_day < day
