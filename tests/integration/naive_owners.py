"""Collectors of the random histories, and who owns a customer, written from the rules alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from encours.contracts.events.dunning.collectors import (
    Absence,
    CollectorDefined,
    CustomersAssigned,
    PortfolioRule,
)
from encours.contracts.events.dunning.document import AmountBand, PolicyScope
from encours.contracts.events.parties.customer import FieldValue
from encours.ledger.stored import StoredEvent
from encours.testing.events import event as sample
from tests.integration.naive_portfolios import channel, portfolio
from tests.integration.receivable_histories import CUSTOMERS, Books, replay

CODES = ("ann", "bob")
CHANNEL, EUR_MINOR = "web", 30_000
SCOPES = (
    PolicyScope(),
    PolicyScope(salespeople=("sales-1",)),
    PolicyScope(salespeople=("sales-2",)),
    PolicyScope(tags=("south",)),
    PolicyScope(countries=("DE",), segments=("A", "B")),
    PolicyScope(fields=(FieldValue(field_code="channel", value=CHANNEL),)),
    PolicyScope(open_amounts=(AmountBand(currency="EUR", from_minor=EUR_MINOR, below_minor=None),)),
)


def employ(b: Books, n: int, day: date, amount: int) -> None:
    """A collector gets a record: a portfolio, and mostly an absence and a substitute; or is given a customer."""
    code, other = CODES[n % 2], CODES[1 - n % 2]
    stream = f"col_{n % 2:032x}"
    from_on = day + timedelta(days=n % 9)
    if n % 5 == 4:
        given = sample(
            CustomersAssigned, collector_id=stream, collector_code=code, valid_from=from_on,
            customer_ids=(CUSTOMERS[n % 3],),
        )  # fmt: skip
        b.record(stream, given, day)
        return
    absence = Absence(
        first_day=from_on + timedelta(days=5), last_day=from_on + timedelta(days=60), substitute=None
    )
    record = sample(
        CollectorDefined, collector_id=stream, collector_code=code, valid_from=from_on,
        last_day=from_on + timedelta(days=90) if n % 11 == 0 else None, name=code.title(),
        portfolio=(PortfolioRule(priority=1 + n % 4, scope=SCOPES[n % 7]),), substitute=other if n % 4 else None,
        absences=(absence,) if n % 4 < 2 else (),
    )  # fmt: skip
    b.record(stream, record, day)


def owner(customer: str, log: list[StoredEvent], as_of: date, known_to: int) -> str | None:
    """Return the code of the collector who owns a customer on a day, by what was known of both."""
    records: dict[str, tuple[date, int, Any]] = {}
    given: list[tuple[date, int, str]] = []
    for event in log[:known_to]:
        data: Any = event.recorded().data
        if event.effective_on > as_of or not event.type.startswith("collector."):
            continue
        if data.valid_from <= as_of and event.type == "collector.defined":
            versions = [records.get(data.collector_code), (data.valid_from, event.position, data)]
            records[data.collector_code] = max(each for each in versions if each is not None)
        elif data.valid_from <= as_of and customer in data.customer_ids:
            given.append((data.valid_from, event.position, data.collector_code))
    there = {
        code: data
        for code, (_, _, data) in records.items()
        if data.last_day is None or data.last_day >= as_of
    }
    met = [scope for scope in SCOPES if _is_met(scope, customer, log, as_of, known_to)]
    found = list(_holders(met, there, max(given, default=None)))
    standing_in = (each for each in (_standing_in(code, there, as_of) for code in found) if each is not None)
    return next(standing_in, found[0] if found else None)


def _is_met(scope: PolicyScope, customer: str, log: list[StoredEvent], as_of: date, known_to: int) -> bool:
    had = portfolio(customer, log, as_of, known_to)
    if scope.salespeople:
        return had["salesperson"] in scope.salespeople
    if scope.tags:
        return "south" in (had["tags"] or ())
    if scope.countries:
        return had["country"] == "DE" and had["segment"] in ("A", "B")
    if scope.fields:
        return channel(customer, log, as_of, known_to) == CHANNEL
    if scope.open_amounts:
        owed = replay(log, as_of, known_to).get((customer, "EUR"))
        return owed is not None and sum(owed.bands) >= EUR_MINOR
    return True


def _holders(
    met: list[PolicyScope], there: dict[str, Any], given: tuple[date, int, str] | None
) -> Iterator[str]:
    if given is not None and given[2] in there:
        yield given[2]
    rules = [
        (-r.priority, -sum(map(bool, _criteria(r.scope))), code, r)
        for code, d in there.items()
        for r in d.portfolio
    ]
    for *_, code, rule in sorted(rules, key=lambda each: each[:3]):
        if rule.scope in met:
            yield code


def _criteria(scope: PolicyScope) -> list[Any]:
    return [scope.salespeople, scope.tags, scope.countries, scope.segments, scope.fields, scope.open_amounts]


def _standing_in(code: str, there: dict[str, Any], as_of: date) -> str | None:
    passed: set[str] = set()
    while code in there and code not in passed:
        passed.add(code)
        if not any(a.first_day <= as_of <= a.last_day for a in there[code].absences):
            return code
        code = there[code].substitute
    return None
