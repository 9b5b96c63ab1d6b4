"""CSV lines: one invoice each, with its dispute and settlement.

Columns, by target name: ``invoice_number issued_on amount customer`` are required;
``due_on net vat currency reference customer_name customer_email customer_country customer_language disputed
disputed_on settled_on``, the terms of the invoice (:mod:`invoice_svc.imports.terms.columns`), its instalments, roles of
the customer and custom fields (:mod:`invoice_svc.imports.csv_extras`) are optional.

Assumptions for what such a file does not contain:

* ``settled_on``: the whole amount was paid by transfer on that day, for this invoice.
* ``disputed``: the whole amount was contested from ``disputed_on`` on, else from the day of issue; when the
  invoice was settled the customer had withdrawn the dispute, just before the payment of that day. A payment
  alone never ends a dispute, so one without ``settled_on`` stays open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import msgspec

from encours.kernel.errors import FieldError
from invoice_svc.imports import csv_extras, values
from invoice_svc.imports.events import (
    ImportedCustomer,
    ImportedDispute,
    ImportedEvent,
    ImportedInvoice,
    ImportedPayment,
    ImportedResolution,
)
from invoice_svc.imports.formats.amounts import NumberStyle
from invoice_svc.imports.formats.records import fitted, split_fields
from invoice_svc.imports.formats.verdict import Fault
from invoice_svc.imports.refusals import InvalidColumnMap, InvalidHeader
from invoice_svc.imports.terms import columns

REQUIRED = ("invoice_number", "issued_on", "amount", "customer")
OPTIONAL = (
    "due_on",
    "net",
    "vat",
    "currency",
    "reference",
    "customer_name",
    "customer_email",
    "customer_country",
    "customer_language",
    "disputed",
    "disputed_on",
    "settled_on",
    *columns.COLUMNS,
    *csv_extras.INSTALMENTS,
    *csv_extras.ROLES,
)


@dataclass(frozen=True, slots=True)
class Defaults:
    """Default values of lines."""

    currency: str
    country: str
    date_format: str | None = None
    style: NumberStyle = values.POINT
    signed: bool = False
    """Amounts of 0 and less are taken: lines of items, of which some are rebates."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The events of a line, customers apart: those are registered when the first other event needs them."""

    events: tuple[ImportedEvent, ...]
    customer: ImportedCustomer | None = None
    note: str | None = None


def parse_map(text: str) -> dict[str, str]:
    """Return the column of each target in ``invoice_number=InvoiceNo,issued_on=…``.

    A column with a comma in its name is written in double quotes, or as it is: what follows without a target belongs to
    it. Raises :class:`InvalidColumnMap`, naming each fault.
    """
    found: dict[str, str] = {}
    errors: list[FieldError] = []
    for part in _parts(text):
        target, separator, column = part.partition("=")
        target, column = target.strip(), _unquoted(column.strip())
        if not separator or not column:
            errors.append(FieldError("map", f"Write target=column, not {part[:60]!r}."))
        elif not _is_target(target):
            errors.append(
                FieldError(
                    "map",
                    f"{target[:60]!r} is not a target column. Use one of: {', '.join(REQUIRED + OPTIONAL)}, "
                    "field.<code> or customer_field.<code>.",
                )
            )
        elif target in found:
            errors.append(FieldError("map", f"{target!r} is mapped twice."))
        else:
            found[target] = column
    if errors:
        raise _invalid_map(errors)
    return found


def _is_target(name: str) -> bool:
    return name in REQUIRED + OPTIONAL or csv_extras.is_field(name)


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    for part in re.findall(r'(?:"(?:[^"]|"")*"|[^,"])+', text):
        name = part.strip()
        if parts and name and "=" not in name and not _is_target(name):
            parts[-1] += f",{part}"
        elif name:
            parts.append(name)
    return parts


def _unquoted(column: str) -> str:
    quoted = len(column) > 1 and column.startswith('"') and column.endswith('"')
    return column[1:-1].replace('""', '"').strip() if quoted else column


def _invalid_map(errors: list[FieldError]) -> InvalidColumnMap:
    return InvalidColumnMap(" ".join(error.detail for error in errors), errors=tuple(errors))


@dataclass(frozen=True, slots=True)
class CsvHeader:
    """Columns of a file, and the index of each target."""

    columns: tuple[str, ...]
    indexes: dict[str, int]


def number_of(text: str, header: CsvHeader, delimiter: str) -> str | None:
    """Return the invoice number of a line, or None if the line has none that can be read."""
    try:
        fields = fitted(split_fields(text, delimiter), len(header.columns))
    except Fault:
        return None
    return None if fields is None else fields[header.indexes["invoice_number"]].strip()


def read_header(text: str, column_map: dict[str, str], delimiter: str) -> CsvHeader:
    """Match the header to the map; a column named like a target needs no mapping.

    Raises :class:`InvalidHeader`, :class:`InvalidColumnMap`.
    """
    try:
        columns = tuple(column.strip() for column in split_fields(text, delimiter))
    except Fault as fault:
        raise InvalidHeader(f"The header line cannot be read. {fault.detail}", "") from None
    while columns and not columns[-1]:  # a sheet that is wider than its table
        columns = columns[:-1]
    named = [
        *(each for each in REQUIRED + OPTIONAL if each in columns),
        *filter(csv_extras.is_field, columns),
    ]
    mapped = {target: target for target in named} | column_map
    errors = [
        FieldError(
            "map",
            f"{column!r} (for {target}) is not a column of the file. Columns: {', '.join(columns)[:500]}.",
        )
        for target, column in mapped.items()
        if column not in columns
    ]
    errors += [FieldError("map", f"Map a column to {t}: {t}=column.") for t in REQUIRED if t not in mapped]
    errors += [
        FieldError("", f"The column {column!r} occurs twice in the header.")
        for column in sorted(set(mapped.values()))
        if columns.count(column) > 1
    ]
    if errors:
        raise _invalid_map(errors)
    return CsvHeader(columns, {target: columns.index(column) for target, column in mapped.items()})


def parse_line(text: str, header: CsvHeader, delimiter: str, defaults: Defaults) -> Parsed:
    """Return the events of one line. Raises :class:`Fault`."""
    read = split_fields(text, delimiter)
    fields = fitted(read, len(header.columns))
    if fields is None:
        raise Fault(
            "wrong-column-count", f"The header has {len(header.columns)} columns, this line {len(read)}."
        )
    line = _CsvLine(fields, header, defaults)
    number = line.text("invoice_number", 60)
    ref = line.text("customer", 100)
    code = line.currency()
    issued_on = line.needed_day("issued_on")
    due_on = values.not_before_issue(line.day("due_on"), issued_on, line.column("due_on"))
    total, note = line.amount("amount", code)
    net, vat = line.shares(code, total)
    events: list[ImportedEvent] = [
        ImportedInvoice(
            number=number,
            customer=ref,
            issued_on=issued_on,
            due_on=due_on,
            currency=code,
            total_minor=total,
            net_minor=net,
            vat_minor=vat,
            reference=line.text("reference", 200) if line.raw("reference") else None,
            terms=columns.of_columns(line.raw, line.column, defaults.style),
            instalments=line.instalments(code) or msgspec.UNSET,
            fields=line.custom_fields(csv_extras.INVOICE_FIELD) or msgspec.UNSET,
        ),
        *_afterwards(line, number, ref, code, total, issued_on),
    ]
    if (roles := csv_extras.roles_of(ref, issued_on, line.raw, line.column)) is not None:
        events.append(roles)
    return Parsed(tuple(events), line.customer(ref), note)


def _afterwards(
    line: _CsvLine, number: str, ref: str, code: str, total: int, issued_on: date
) -> list[ImportedEvent]:
    settled_on = line.day("settled_on")
    if settled_on is not None and settled_on < issued_on:
        raise Fault(
            "settled-before-issue",
            f"Settled on {settled_on}, issued on {issued_on}; import an advance payment as a separate payment line.",
            line.column("settled_on"),
        )
    events: list[ImportedEvent] = []
    if values.yes_or_no(line.raw("disputed"), line.column("disputed")):
        opened_on = line.day("disputed_on") or issued_on
        if opened_on < issued_on or (settled_on is not None and opened_on > settled_on):
            raise Fault(
                "dispute-out-of-order",
                f"Disputed on {opened_on}, which is not between issue and settlement.",
                line.column("disputed_on"),
            )
        events.append(
            ImportedDispute(
                ref=number,
                invoice=number,
                opened_on=opened_on,
                currency=code,
                text="marked as disputed in the file",
            )
        )
        if settled_on is not None:
            events.append(
                ImportedResolution(ref=number, on=settled_on, outcome="withdrawn", text="settled in full")
            )
    if settled_on is not None:
        events.append(
            ImportedPayment(
                ref=f"settlement {number}",
                customer=ref,
                received_on=settled_on,
                currency=code,
                amount_minor=total,
                allocations=((number, total),),
            )
        )
    return events


@dataclass(frozen=True, slots=True)
class _CsvLine:
    fields: list[str]
    header: CsvHeader
    defaults: Defaults

    def column(self, target: str) -> str:
        index = self.header.indexes.get(target)
        return target if index is None else self.header.columns[index]

    def raw(self, target: str) -> str:
        index = self.header.indexes.get(target)
        return "" if index is None else self.fields[index].strip()

    def text(self, target: str, limit: int) -> str:
        return values.text(self.raw(target), self.column(target), limit=limit)

    def needed_day(self, target: str) -> date:
        return values.day(self.raw(target), self.defaults.date_format, self.column(target))

    def day(self, target: str) -> date | None:
        return self.needed_day(target) if self.raw(target) else None

    def currency(self) -> str:
        found = self.raw("currency")
        return values.currency(found, self.column("currency")) if found else self.defaults.currency

    def amount(self, target: str, code: str) -> tuple[int, str | None]:
        defaults = self.defaults
        return values.amount(
            self.raw(target), code, self.column(target), defaults.style, signed=defaults.signed
        )

    def shares(self, code: str, total: int) -> tuple[int | None, int | None]:
        """Return net and VAT if the file has one of them; they add up to the total."""
        given = {
            target: self.amount(target, code)[0]
            for target in ("net", "vat")
            if self.raw(target) not in {"", "0", "0.0", "0.00", "0,0", "0,00"}
        }
        if not given:
            return None, None
        net = given.get("net", total - given.get("vat", 0))
        vat = given.get("vat", total - net)
        if net + vat != total or (not self.defaults.signed and (net < 0 or vat < 0)):
            raise Fault("amounts-differ", "Net and VAT do not add up to the amount.", self.column("net"))
        return net, vat

    def instalments(self, code: str) -> tuple[tuple[date, int], ...]:
        return csv_extras.instalments_of(
            self.raw, self.column, self.needed_day, lambda target: self.amount(target, code)[0]
        )

    def custom_fields(self, prefix: str) -> dict[str, str | bool]:
        return csv_extras.fields_of(prefix, self.header.indexes, self.raw, self.column)

    def customer(self, ref: str) -> ImportedCustomer:
        country = values.country(
            self.raw("customer_country") or self.defaults.country, self.column("customer_country")
        )
        language = self.raw("customer_language") or values.language_of(country)
        return ImportedCustomer(
            ref=ref,
            name=self.text("customer_name", 200) if self.raw("customer_name") else ref,
            country=country,
            language=values.language(language, self.column("customer_language")),
            email=values.email(self.raw("customer_email"), self.column("customer_email")),
            fields=self.custom_fields(csv_extras.CUSTOMER_FIELD) or msgspec.UNSET,
        )
