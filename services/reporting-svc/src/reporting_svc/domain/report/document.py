"""Check of a document against the catalogue, and the columns that it shows. A contradiction is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from encours.contracts.events.report import ReportCondition, ReportDocument
from encours.kernel.bands import STANDARD, Bands
from encours.kernel.errors import FieldError, Invalid, Refusal
from reporting_svc.domain.report.catalogue import (
    COUNT,
    FIELD,
    INVOICE_FIELD,
    SOURCES,
    ColumnKind,
    MeasureName,
    ReportSource,
    SourceColumn,
)
from reporting_svc.domain.report.days import day_of

_ORDERED = ("is", "at_least", "at_most", "empty", "not_empty")
_TEXT = ("is", "is_not", "contains", "empty", "not_empty")
OPERATORS: dict[ColumnKind, tuple[str, ...]] = {
    "text": _TEXT,
    "texts": _TEXT,
    "day": _ORDERED,
    "number": _ORDERED,
    "money": _ORDERED,
    "percent": _ORDERED,
}
"""Operators of conditions by kind of column; ``is`` and ``is_not`` of a text take several values.

Of a column of several texts, one text has to meet ``is`` or ``contains``, and none may be a value of ``is_not``.
"""
TEXTUAL: tuple[ColumnKind, ...] = ("text", "texts")
GROUPED: tuple[ColumnKind, ...] = (*TEXTUAL, "day")
"""Kinds of columns that rows can be grouped by."""
_NUMBER = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,4})?")
CURRENCY, CUSTOMER = "currency", "customer_id"


class ReportContradicts(Refusal):
    """The document does not fit its source, or contradicts itself (422)."""

    code = "report-contradiction"
    title = "Report contradicts itself"
    status = 422
    remedy = (
        "Change the fields that `errors` points to; GET /v1/report-sources lists what each source offers."
    )


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column of the result: a column of the source, or a ``measure`` of it. ``of`` is ``None`` for counted rows."""

    name: str
    kind: ColumnKind
    of: SourceColumn | None
    measure: MeasureName | None = None


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """A document that was checked: its source and what is shown. ``groups`` is ``None`` for a list of rows."""

    document: ReportDocument
    source: ReportSource
    bands: Bands
    shown: tuple[ShownColumn, ...]
    groups: tuple[str, ...] | None

    def sources_of(self) -> set[str]:
        """Return the names of the columns that the rows need."""
        shown = {each.of.name for each in self.shown if each.of is not None}
        return shown | {each.column for each in self.document.conditions} | {CURRENCY}


def plan_of(document: ReportDocument) -> ReportPlan:
    """Return the plan of a document. Raises :class:`ReportContradicts` with every field at fault."""
    source = SOURCES.get(document.source)
    if source is None:
        raise ReportContradicts(
            f"There is no source {document.source[:40]!r}; the sources are {', '.join(SOURCES)}.",
            "/document/source",
        )
    faults = list(_parameters(document, source))
    bands = STANDARD
    if document.bands is not None and source.has_bands:
        try:
            bands = Bands.parse(document.bands)
        except Invalid as wrong:
            faults.append(FieldError("/document/bands", wrong.detail))
    source = source.banded(bands)
    named = [_shown(source, name) for name in document.columns]
    faults += [
        FieldError(f"/document/columns/{n}", each) for n, each in enumerate(named) if isinstance(each, str)
    ]
    shown = [each for each in named if isinstance(each, ShownColumn)]
    groups: tuple[str, ...] | None = None
    if document.group_by or any(each.measure for each in shown):
        groups, grouped, wrong_groups = _grouped(document, source, shown)
        faults += wrong_groups
        faults += _added_days(document, shown)
        shown = [*grouped, *shown]
    shown = _with_currency(source, shown)
    if groups is not None and shown and shown[-1].name == CURRENCY and CURRENCY not in groups:
        shown = [*shown[: len(groups)], shown[-1], *shown[len(groups) : -1]]
        groups = (*groups, CURRENCY)
    names = [each.name for each in shown]
    faults += [
        FieldError(f"/document/columns/{n}", f"{name[:60]!r} is shown twice.")
        for n, name in enumerate(document.columns)
        if name in document.columns[:n] or name in document.group_by
    ]
    faults += [
        FieldError(f"/document/order/{n}", f"{each[:60]!r} is not shown; shown are {', '.join(names)}.")
        for n, each in enumerate(document.order)
        if each.removeprefix("-") not in names
    ]
    for n, condition in enumerate(document.conditions):
        faults += _condition(source, condition, f"/document/conditions/{n}")
    if faults:
        raise ReportContradicts(faults[0].detail, errors=tuple(faults))
    return ReportPlan(document, source, bands, tuple(shown), groups)


def custom_fields(document: ReportDocument) -> dict[str, str]:
    """Return the columns of custom fields that a document names, by the pointers to their places."""
    places = [(f"/document/columns/{n}", name) for n, name in enumerate(document.columns)]
    places += [(f"/document/group_by/{n}", name) for n, name in enumerate(document.group_by)]
    places += [
        (f"/document/conditions/{n}/column", each.column) for n, each in enumerate(document.conditions)
    ]
    return {
        pointer: name for pointer, name in places if FIELD.fullmatch(name) or INVOICE_FIELD.fullmatch(name)
    }


def require_fields(document: ReportDocument, defined: Collection[str]) -> None:
    """Raise :class:`ReportContradicts` with every place that names a custom field which is not defined."""
    faults = []
    for pointer, name in custom_fields(document).items():
        kind, _, code = name.partition(":")
        if name not in defined:
            of = "customers" if kind == "field" else "invoices"
            faults.append(FieldError(pointer, f"No custom field of {of} has the code {code}."))
    if faults:
        raise ReportContradicts(faults[0].detail, errors=tuple(faults))


def _parameters(document: ReportDocument, source: ReportSource) -> Iterator[FieldError]:
    given = (
        ("bands", document.bands, source.has_bands),
        ("since", document.since, source.has_period),
        ("period", document.period, bool(source.periods)),
    )
    for name, value, taken in given:
        if value is not None and not taken:
            yield FieldError(f"/document/{name}", f"The source {source.name} takes no {name}.")
    if source.periods and document.period not in (None, *source.periods):
        yield FieldError("/document/period", f"The periods are {', '.join(source.periods)}.")
    for name, text in (("as_of", document.as_of), ("since", document.since)):
        if text is not None:
            yield from _faulty_day(text, f"/document/{name}")


def _faulty_day(text: str, pointer: str) -> Iterator[FieldError]:
    try:
        day_of(text, date(2026, 1, 1), pointer)
    except Invalid as wrong:
        yield wrong.errors[0]


def _shown(source: ReportSource, name: str) -> ShownColumn | str:
    """Return the column of a name, or what is wrong with it."""
    if name == COUNT:
        return ShownColumn(COUNT, "number", None, "count")
    if (column := source.column(name)) is not None:
        return ShownColumn(name, column.kind, column)
    function, _, of = name.partition(":")
    measured = source.column(of) if of else None
    if measured is None:
        offered = ", ".join(each.name for each in source.columns)
        return f"The source {source.name} has no column {(of or name)[:60]!r}; it has {offered}."
    if function not in measured.measures:
        offered = ", ".join(measured.measures) or "none"
        return f"{of} has no measure {function[:20]!r}; it has {offered}."
    measure: MeasureName = next(each for each in measured.measures if each == function)
    return ShownColumn(name, measured.kind, measured, measure)


def _grouped(
    document: ReportDocument, source: ReportSource, shown: Sequence[ShownColumn]
) -> tuple[tuple[str, ...], list[ShownColumn], list[FieldError]]:
    """Return the groups, the columns that show them, and the faults of both."""
    faults = [
        FieldError(
            f"/document/columns/{document.columns.index(each.name)}",
            f"A report by group shows measures: put {each.name} into group_by, or take a measure of it.",
        )
        for each in shown
        if each.measure is None and each.name not in document.group_by
    ]
    columns = []
    for n, name in enumerate(document.group_by):
        column = source.column(name)
        if column is None or column.kind not in GROUPED:
            offered = ", ".join(each.name for each in source.columns if each.kind in GROUPED)
            detail = f"{source.name} cannot be grouped by {name[:60]!r}; choose from {offered}."
            faults.append(FieldError(f"/document/group_by/{n}", detail))
        elif name in document.group_by[:n]:
            faults.append(FieldError(f"/document/group_by/{n}", f"{name} is named twice."))
        else:
            columns.append(ShownColumn(name, column.kind, column))
    return document.group_by, columns, faults


def _added_days(document: ReportDocument, shown: Sequence[ShownColumn]) -> Iterator[FieldError]:
    """Yield a fault for each sum over balances of several days."""
    for each in shown:
        if (
            each.measure == "sum"
            and each.of
            and each.of.of_day
            and not {*each.of.of_day} & {*document.group_by}
        ):
            yield FieldError(
                f"/document/columns/{document.columns.index(each.name)}",
                f"{each.of.name} is a balance on a day, and those of several days are never added: put "
                f"{' or '.join(each.of.of_day)} into group_by, or take min or max of it.",
            )


def _with_currency(source: ReportSource, shown: list[ShownColumn]) -> list[ShownColumn]:
    """Add the currency where amounts are shown without: amounts of two currencies never share a row or a sum."""
    if all(each.kind != "money" for each in shown) or any(each.name == CURRENCY for each in shown):
        return shown
    return [*shown, ShownColumn(CURRENCY, "text", source.column(CURRENCY))]


def _condition(source: ReportSource, condition: ReportCondition, pointer: str) -> Iterator[FieldError]:
    column = source.column(condition.column)
    if column is None:
        offered = ", ".join(each.name for each in source.columns)
        detail = f"The source {source.name} has no column {condition.column[:60]!r}; it has {offered}."
        yield FieldError(f"{pointer}/column", detail)
        return
    if condition.operator not in OPERATORS[column.kind]:
        detail = (
            f"A column of the kind {column.kind} takes the operators {', '.join(OPERATORS[column.kind])}."
        )
        yield FieldError(f"{pointer}/operator", detail)
        return
    needed = 0 if condition.operator in ("empty", "not_empty") else 1
    several = needed and column.kind in TEXTUAL and condition.operator != "contains"
    if len(condition.values) < needed or (len(condition.values) > needed and not several):
        detail = f"{condition.operator} takes {'no value' if not needed else 'one value'}."
        yield FieldError(f"{pointer}/values", detail)
    for n, value in enumerate(condition.values):
        at = f"{pointer}/values/{n}"
        if column.kind == "day":
            yield from _faulty_day(value, at)
        elif column.kind not in TEXTUAL and number_of(value) is None:
            yield FieldError(at, f"Write a number such as 1000.00, not {value[:40]!r}.")


def number_of(text: str) -> Decimal | None:
    """Return a decimal number; ``None`` for another text."""
    try:
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        return None
