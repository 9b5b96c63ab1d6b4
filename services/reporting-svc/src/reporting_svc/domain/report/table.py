"""Table of a report: rows of a source that meet its conditions, in groups, in order, up to its limit. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from encours.contracts.events.report import ReportCondition
from encours.kernel.money import Money, exponent
from reporting_svc.domain.measures.dso import hundredths
from reporting_svc.domain.report.catalogue import SourceColumn
from reporting_svc.domain.report.days import day_of
from reporting_svc.domain.report.document import (
    CURRENCY,
    CUSTOMER,
    TEXTUAL,
    ReportPlan,
    ShownColumn,
    number_of,
)

SourceRow = Mapping[str, Any]
"""Values of a row by column; amounts in minor units of its currency, percentages and days as fractions, several texts
as a tuple or, if there are none, as None.
"""
ReportValue = str | int | Decimal | date | Money | None


@dataclass(frozen=True, slots=True)
class CurrencySums:
    """Sums of all rows in a currency that meet the conditions, by the names of the columns that show them."""

    currency: str
    rows: int
    sums_minor: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReportTable:
    """Rows that are shown, the number of rows beyond the limit, and the sums over all rows."""

    columns: tuple[ShownColumn, ...]
    rows: list[list[ReportValue]]
    left_out: int
    totals: tuple[CurrencySums, ...]


class ReportRows:
    """Rows of a source that meet the conditions, as they are read. Days in words follow ``on``."""

    def __init__(self, plan: ReportPlan, on: date, survivor_of: Callable[[str], str] = str) -> None:
        """``survivor_of``: record into which a customer was merged, which rows have and conditions may not have."""
        self._plan = plan
        self._tests = [_test(plan, each, on, survivor_of) for each in plan.document.conditions]
        self._kept: list[SourceRow] = []

    def add(self, rows: Iterable[SourceRow]) -> int:
        """Keep those that meet every condition; return the number of all that are kept."""
        self._kept += [row for row in rows if all(test(row) for test in self._tests)]
        return len(self._kept)

    def table(self) -> ReportTable:
        """Return the table."""
        plan, rows = self._plan, self._kept
        found: list[list[ReportValue]]
        if plan.groups is None:
            found = [[_value(each, row) for each in plan.shown] for row in rows]
        else:
            found = [_measured(plan, group) for group in _groups(plan.groups, rows)]
        for each in reversed(plan.document.order):
            name = each.removeprefix("-")
            index = next(n for n, column in enumerate(plan.shown) if column.name == name)
            known = [row for row in found if row[index] is not None]
            unknown = [row for row in found if row[index] is None]
            known.sort(key=lambda row: _order(row[index]), reverse=each.startswith("-"))
            found = known + unknown
        limit = plan.document.limit
        return ReportTable(plan.shown, found[:limit], max(0, len(found) - limit), _totals(plan, rows))


def _test(
    plan: ReportPlan, condition: ReportCondition, on: date, survivor_of: Callable[[str], str]
) -> Callable[[SourceRow], bool]:
    """Return the test of a condition."""
    column = plan.source.column(condition.column)
    assert column is not None
    name, values = column.name, condition.values
    wanted: Any = values
    if column.kind == "day":
        wanted = [day_of(value, on) for value in values]
    elif name == CUSTOMER:
        wanted = [survivor_of(value) for value in values]
    elif column.kind not in TEXTUAL:
        wanted = [number_of(value) for value in values]
    if column.kind == "texts" and condition.operator in ("is", "is_not", "contains"):
        return _test_of_several(name, condition.operator, values)
    match condition.operator:
        case "empty":
            return lambda row: row[name] is None
        case "not_empty":
            return lambda row: row[name] is not None
        case "is":
            return lambda row: _compared(row, column) in wanted
        case "is_not":
            return lambda row: _compared(row, column) not in wanted
        case "contains":
            return lambda row: row[name] is not None and values[0].casefold() in row[name].casefold()
        case "at_least":
            return lambda row: row[name] is not None and _compared(row, column) >= wanted[0]
        case _:
            return lambda row: row[name] is not None and _compared(row, column) <= wanted[0]


def _test_of_several(name: str, operator: str, values: Sequence[str]) -> Callable[[SourceRow], bool]:
    """Return the test of a column of several texts: one of them meets the condition; ``is_not``: none is such."""
    if operator == "contains":
        part = values[0].casefold()
        return lambda row: any(part in each.casefold() for each in row[name] or ())
    wanted = frozenset(values)
    return lambda row: wanted.isdisjoint(row[name] or ()) == (operator == "is_not")


def _compared(row: SourceRow, column: SourceColumn) -> Any:
    """Return the value of a row as conditions compare it."""
    value = row[column.name]
    if value is None or column.kind in ("day", "text"):
        return value
    if column.kind == "money":
        return Decimal(value).scaleb(-exponent(row[CURRENCY]))
    return Decimal(value) if isinstance(value, int) else _rounded(value)


def _rounded(value: Fraction) -> Decimal:
    """Return a fraction with two decimals, half up."""
    return Decimal(hundredths(value)).scaleb(-2)


def _value(shown: ShownColumn, row: SourceRow) -> ReportValue:
    value = row[shown.name]
    if shown.kind == "money" and value is not None:
        return Money(value, row[CURRENCY])
    if shown.kind == "texts" and value is not None:
        return ", ".join(value)
    return _rounded(value) if isinstance(value, Fraction) else value


def _groups(names: Sequence[str], rows: Iterable[SourceRow]) -> list[list[SourceRow]]:
    """Return the rows of each group, in the order of the groups; groups without a value come last."""
    found: dict[tuple[Any, ...], list[SourceRow]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return [found[key] for key in sorted(found, key=lambda key: [(v is None, _order(v)) for v in key])]


def _measured(plan: ReportPlan, rows: Sequence[SourceRow]) -> list[ReportValue]:
    return [_value(each, rows[0]) if each.measure is None else _measure(each, rows) for each in plan.shown]


def _measure(shown: ShownColumn, rows: Sequence[SourceRow]) -> ReportValue:
    if shown.of is None:
        return len(rows)
    values = [row[shown.of.name] for row in rows if row[shown.of.name] is not None]
    if not values:
        return None
    found: Any
    match shown.measure:
        case "sum":
            found = sum(values)
        case "min":
            found = min(values)
        case "max":
            found = max(values)
        case _:
            found = sum(map(Fraction, values)) / len(values)
    if shown.kind == "money":
        return Money(found, rows[0][CURRENCY])
    return _rounded(found) if isinstance(found, Fraction) else found


def _order(value: Any) -> Any:
    """Return the key by which values of a column are sorted; amounts first by their currency."""
    if isinstance(value, Money):
        return value.currency, value.amount_minor
    return value if value is not None else ""


def _totals(plan: ReportPlan, rows: Iterable[SourceRow]) -> tuple[CurrencySums, ...]:
    added = [
        (each.name, each.of.name)
        for each in plan.shown
        if each.of is not None and each.of.kind == "money" and each.of.adds_up and not each.of.of_day
        and each.measure in (None, "sum")
    ]  # fmt: skip
    counts: dict[str, int] = {}
    sums: dict[str, dict[str, int]] = {}
    for row in rows:
        currency = row[CURRENCY]
        counts[currency] = counts.get(currency, 0) + 1
        own = sums.setdefault(currency, dict.fromkeys((name for name, _ in added), 0))
        for name, of in added:
            own[name] += row[of] or 0
    return tuple(CurrencySums(currency, counts[currency], sums[currency]) for currency in sorted(counts))
