"""Catalogue of the sources of custom reports: what each offers as columns, and which parameters it takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from encours.kernel.bands import STANDARD, Bands
from reporting_svc.domain.measures import definitions
from reporting_svc.domain.measures.definitions import Definition

ColumnKind = Literal["text", "texts", "day", "number", "money", "percent"]
"""``texts``: several texts, such as tags, which a row shows together."""
MeasureName = Literal["count", "sum", "mean", "min", "max"]
FIELD = re.compile(r"field:[a-z][a-z0-9_]{0,39}")
"""Column of a custom field of customers."""
INVOICE_FIELD = re.compile(r"invoice_field:[a-z][a-z0-9_]{0,39}")
"""Column of a custom field of invoices."""
COUNT = "count"
MEASURES: dict[ColumnKind, tuple[MeasureName, ...]] = {
    "text": (),
    "texts": (),
    "day": ("min", "max"),
    "number": ("mean", "min", "max"),
    "money": ("sum", "min", "max"),
    "percent": (),
}
"""Measures of the columns of a kind. Percentages are not added up, nor are days."""


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of a source."""

    name: str
    kind: ColumnKind
    text: str
    adds_up: bool = True
    """False for an amount that several rows repeat."""
    of_day: tuple[str, ...] = ()
    """Of a balance on a day: columns of that day. Balances of several days are never added."""

    @property
    def measures(self) -> tuple[MeasureName, ...]:
        """Measures that can be taken of the column."""
        return tuple(each for each in MEASURES[self.kind] if self.adds_up or each != "sum")


@dataclass(frozen=True, slots=True)
class ReportSource:
    """A source of rows; ``row`` says what one row is.

    ``definition`` is that of its amounts, ``None`` for amounts as events state them. ``has_period``: a first day may be
    given; ``periods``: lengths of periods that may be given; ``has_bands``: bands may be given.
    """

    name: str
    row: str
    definition: Definition | None
    columns: tuple[SourceColumn, ...]
    has_period: bool = False
    periods: tuple[str, ...] = ()
    has_bands: bool = False
    by_customer: bool = True

    @property
    def by_invoice(self) -> bool:
        """True if a row is of an invoice."""
        return any(column.name == "invoice_id" for column in self.columns)

    def column(self, name: str) -> SourceColumn | None:
        """Return a column by name, a custom field included; None if there is none."""
        if self.by_customer and FIELD.fullmatch(name):
            return SourceColumn(name, "text", "Custom field of the customer.")
        if self.by_invoice and INVOICE_FIELD.fullmatch(name):
            return SourceColumn(name, "text", "Custom field of the invoice.")
        return next((column for column in self.columns if column.name == name), None)

    def banded(self, bands: Bands) -> ReportSource:
        """Return the source with the columns of other bands, if its columns are bands."""
        named = frozenset(STANDARD.names)
        if not any(column.name in named for column in self.columns):
            return self
        kept = [column for column in self.columns if column.name not in named]
        first = next(n for n, column in enumerate(self.columns) if column.name in named)
        return replace(self, columns=(*kept[:first], *band_columns(bands), *kept[first:]))


def band_columns(bands: Bands) -> tuple[SourceColumn, ...]:
    """Return a column for each band."""
    return tuple(SourceColumn(name, "money", "Open amount in the band.") for name in bands.names)


def _columns(kind: ColumnKind, /, **texts: str) -> tuple[SourceColumn, ...]:
    return tuple(SourceColumn(name, kind, text) for name, text in texts.items())


def _balances(**texts: str) -> tuple[SourceColumn, ...]:
    """Return columns of balances at the beginnings and ends of months."""
    return tuple(
        SourceColumn(name, "money", f"{text} Added up within a month only.", of_day=("start", "end"))
        for name, text in texts.items()
    )


_ENTITY = _columns("text", entity_id="The creditor.", entity_name="Name of the creditor.")
_CURRENCY = _columns("text", currency="Currency of the row's amounts.")
_CUSTOMER = (
    *_ENTITY,
    *_columns(
        "text",
        customer_id="The debtor; empty for money of payers not yet identified.",
        customer_ref="Your reference of the customer.",
        customer_name="Name of the customer.",
        country="Country of the customer on `as_of`.",
        segment="Segment of the customer on `as_of`.",
        salesperson="Salesperson of the customer on `as_of`.",
        collector="Code of the collector who owns the customer on `as_of`; empty for none.",
        collector_name="Name of the collector.",
    ),
    *_columns("texts", tags="Tags of the customer on `as_of`."),
    *_CURRENCY,
)
_DISPUTE = (
    *_columns(
        "text",
        dispute_state="`open` while a dispute of the invoice is; else the outcome of the last one, such as `rejected`.",
    ),
    *_columns(
        "texts", dispute_reason="Categories of its open disputes, such as `price`; else that of the last one."
    ),
)
_INSURED = _columns("money", insured="The part that a credit insurer would pay.")
OPEN_ITEMS = ReportSource(
    "open_items",
    "an open invoice, or an open instalment",
    definitions.AGED_BY_DUE_DATE,
    (
        *_CUSTOMER,
        *_columns(
            "text",
            invoice_id="The invoice.",
            number="Its number.",
            invoice_salesperson="Salesperson of the invoice.",
            band="Band of its days past due.",
            state="`disputed`, `on_plan`, `overdue` or `not_due`: the first that holds.",
            kind="`invoice` or `penalty`.",
        ),
        *_DISPUTE,
        *_columns("day", issued_on="Date of issue.", due_on="Due date."),
        SourceColumn("total", "money", "Total of the whole invoice.", adds_up=False),
        *_columns(
            "number",
            instalment="Number of the instalment; empty for an invoice without.",
            days_past_due="Days past due; below 0 before the due date.",
        ),
        *_columns(
            "money",
            outstanding="Open amount.",
            disputed="The part in dispute.",
            conceded="The part that you accepted and whose credit note is still to come.",
            on_plan="The part on a payment plan in force and not in dispute.",
            promised="The part that is promised.",
            placed="The part that is with a third party.",
            overdue="Past due, less what was conceded.",
            collectable="Outstanding less disputed and on_plan.",
        ),
        *_INSURED,
    ),
    has_bands=True,
)
AGED_BALANCE = ReportSource(
    "aged_balance",
    "a customer of an entity in a currency",
    definitions.AGED_BY_DUE_DATE,
    (
        *_CUSTOMER,
        *band_columns(STANDARD),
        *_columns(
            "money",
            disputed="The part of the bands in dispute.",
            conceded="The part that you accepted and whose credit note is still to come.",
            on_plan="The part on a payment plan in force and not in dispute.",
            promised="The part that is promised.",
            placed="The part that is with a third party.",
            unapplied="Cash that no invoice has taken.",
            overdue="Bands past due, less the conceded part.",
            outstanding="Sum of the bands less unapplied.",
        ),
        *_INSURED,
    ),
    has_bands=True,
)
TURNOVER = ReportSource(
    "turnover",
    "a customer in a currency and a period with movements",
    definitions.TURNOVER,
    (
        *_CUSTOMER,
        *_columns("day", start="First day of the period."),
        *_columns(
            "money",
            billed="Invoices issued, VAT included.",
            credited="Credit notes, VAT included.",
            turnover="Billed less credited, VAT included.",
            turnover_net="Billed less credited, without VAT, of the documents that state it.",
            net_unknown="Billed less credited, VAT included, of documents taken over with their total alone.",
            collected="Payments received.",
            reversed="Payments reversed.",
            other="Whatever else changed the customer's account; signed.",
        ),
    ),
    has_period=True,
    periods=("day", "week", "month"),
)
DELAYS = ReportSource(
    "payment_delays",
    "an invoice or instalment that fell due in the period",
    definitions.PAYMENT_DELAY,
    (
        *_CUSTOMER,
        *_columns(
            "text",
            invoice_id="The invoice.",
            state="`in_time` or `late` if settled, `open_late` or `open_not_late` if not.",
        ),
        *_DISPUTE,
        *_columns("day", issued_on="Date of issue.", due_on="Due date.", settled_on="Day of settlement."),
        *_columns(
            "number",
            delay_days="Days from the due date to the settlement; empty while it is open.",
            days_so_far="The delay, or of an open one its days past due.",
        ),
        *_columns("money", owed="Amount owed.", uncovered="What no funds cover."),
    ),
    has_period=True,
)
COLLECTION = ReportSource(
    "collection",
    "a month of an entity in a currency",
    definitions.CEI,
    (
        *_ENTITY,
        *_CURRENCY,
        *_columns("day", start="First day of the month.", end="Last day, as_of in the last one."),
        *_balances(opening="Receivables on the eve."),
        *_columns("money", sales="Turnover of the month, VAT included."),
        *_balances(
            closing="Receivables at the end.",
            closing_not_due="The part of it not yet due.",
            closing_overdue="The part of it past due.",
        ),
        *_columns(
            "percent", effectiveness="Collection effectiveness index.", overdue_rate="Overdue in percent."
        ),
        *_columns("number", dso="Days sales outstanding of 90 days, at the end of the month."),
    ),
    has_period=True,
    by_customer=False,
)
PROMISES = ReportSource(
    "promises",
    "a promise to pay",
    None,
    (
        *_CUSTOMER,
        *_columns("text", promise_id="The promise.", state="`made`, `kept`, `broken` or `withdrawn`."),
        *_columns("day", promised_on="The promised day."),
        *_columns("money", amount="Amount promised.", received="Received in time, once it is judged."),
    ),
)
SOURCES = {each.name: each for each in (OPEN_ITEMS, AGED_BALANCE, TURNOVER, DELAYS, COLLECTION, PROMISES)}
