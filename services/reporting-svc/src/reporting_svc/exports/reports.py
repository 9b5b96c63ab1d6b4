"""Reports as tables: the aged balance and the open items of an entity on a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from encours.contracts.events.schedule import ReportOptions
from encours.kernel.bands import STANDARD, Bands, days_past_due
from encours.reading.merges import survivors_at
from encours.reading.moment import TimeTravel, View
from encours.reading.read_db import ReadDb
from reporting_svc.exports.layouts.tables import CellAmount, TableColumn, TableRow
from reporting_svc.exports.store import Export
from reporting_svc.read_models.aged_balance.basis import COUNTED_FROM
from reporting_svc.read_models.aged_balance.insured import with_insured
from reporting_svc.read_models.aged_balance.query import (
    KEY_AND_CURRENCY,
    ROWS_MAX,
    Figures,
    aged,
    aged_groups,
    every_row,
)
from reporting_svc.read_models.journal.source import Auxiliary
from reporting_svc.read_models.open_items.query import open_items
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.groups import group_of, labels_of, require_defined, with_collectors
from reporting_svc.read_models.receivables.named import NAMED
from reporting_svc.read_models.receivables.scope import Scope
from reporting_svc.read_models.receivables.subtotals import Basis
from reporting_svc.read_models.tie_out.query import OwnSum, require_rows_tied, require_tied
from reporting_svc.read_models.tie_out.shares import require_groups_tied


class TooManyCustomers(ValueError):
    """The aged balance has more rows than a process keeps."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"The aged balance has more than {most:,} rows. Name a segment, a salesperson or a collector, "
            "or ask for groups."
        )


_GROUP = (
    TableColumn("group", "text"),
    TableColumn("name", "text"),
    TableColumn("customers", "number"),
)
_CUSTOMER = (
    TableColumn("customer_id", "text"),
    TableColumn("customer_ref", "text"),
    TableColumn("customer", "text"),
)
ITEM_COLUMNS = (
    TableColumn("invoice_id", "text"),
    TableColumn("number", "text"),
    *_CUSTOMER,
    TableColumn("issued_on", "day"),
    TableColumn("due_on", "day"),
    TableColumn("instalment", "number"),
    TableColumn("days_past_due", "number"),
    TableColumn("band", "text"),
    TableColumn("currency", "text"),
    *(
        TableColumn(name, "money")
        for name in ("total", "outstanding", "disputed", "conceded", "on_plan", *NAMED)
    ),
)
_PARTS = ("disputed", "conceded", "on_plan", *NAMED)
Rows = AsyncIterator[list[TableRow]]


@dataclass(frozen=True, slots=True)
class ExportedReport:
    """Columns and rows of a report. Customers have the names that were known at the position."""

    db: ReadDb
    export: Export
    auxiliaries: Mapping[str, Auxiliary]
    customers_max: int = ROWS_MAX
    """Rows of customers that a process keeps."""

    @property
    def options(self) -> ReportOptions:
        """Bands, filters and group."""
        return self.export.report or ReportOptions()

    @property
    def bands(self) -> Bands:
        """Bands of the report."""
        return STANDARD if self.options.bands is None else Bands.parse(self.options.bands)

    @property
    def basis(self) -> Basis:
        """Date that days are counted from."""
        return COUNTED_FROM[self.options.by].basis

    def columns(self) -> tuple[TableColumn, ...]:
        """Return the columns of the report."""
        if self.export.kind == "open_items":
            return ITEM_COLUMNS
        money = (*self.bands.names, *_PARTS, "unapplied", "overdue", "outstanding")
        rows = _CUSTOMER if self.options.group_by is None else _GROUP
        return (*rows, TableColumn("currency", "text"), *(TableColumn(name, "money") for name in money))

    def rows(self) -> Rows:
        """Iterate over the rows of the report."""
        if self.export.kind == "open_items":
            return self._open_items()
        return self._aged_balance() if self.options.group_by is None else self._groups(self.options.group_by)

    async def _aged_balance(self) -> Rows:
        """Iterate over customers by id, each currency in a row of its own; money of unknown payers has no customer."""
        page = every_row(self.customers_max)
        async with self._snapshot() as (view, scope):
            found = await aged(
                view, scope, bands=self.bands, basis=self.basis, page=page, key=KEY_AND_CURRENCY
            )
            if len(found.rows) > self.customers_max:
                raise TooManyCustomers(self.customers_max)
            rows, added = list[TableRow](), Counter[str]()
            for own in map(found.figures, found.rows):
                await require_rows_tied(view, scope, (own,))
                added[own.currency] += own.outstanding
                rows.append((*self._customer(own.customer_id), own.currency, *_amounts(own)))
            for total in found.sums:
                customers = OwnSum("customers", added[total.currency], total.outstanding)
                await require_tied(view, scope, total, customers)
        yield rows

    async def _groups(self, group_by: str) -> Rows:
        """Iterate over groups in order, each currency in a row of its own; the last ones are those in no group."""
        async with self._snapshot(group_by) as (view, scope):
            await require_defined(view, group_of(group_by))
            groups = await aged_groups(view, scope, group_of(group_by), self.bands, self.basis)
            await require_rows_tied(view, scope, (each.figures for each in groups))
            for total in (await aged(view, scope, bands=self.bands, basis=self.basis)).sums:
                await require_groups_tied(view, scope, groups, total)
            named = [each.group for each in groups if each.group is not None]
            names = await labels_of(view, scope, group_by, named)
        yield [
            (
                each.group,
                names.get(each.group or ""),
                each.figures.customers,
                each.figures.currency,
                *_amounts(each.figures),
            )
            for each in groups
        ]

    async def _open_items(self) -> Rows:
        """Iterate over invoices and instalments by due date. Raises :class:`FiguresDoNotTie` behind the last."""
        day, bands, added = self.export.last_on, self.bands, Counter[str]()
        async with self._snapshot() as (view, scope):
            sums = (await aged(view, scope, bands=bands, basis=self.basis)).sums
            async for found in open_items(view, scope):
                rows: list[TableRow] = []
                for row in found:
                    added[row["currency"]] += row["open_minor"]
                    shown = ("total", "open", "disputed", "conceded", "planned", *NAMED)
                    rows.append(
                        (
                            row["invoice_id"],
                            row["number"],
                            *self._customer(scope.merged.of(row["customer_id"])),
                            row["issued_on"],
                            row["due_on"],
                            row["instalment"],
                            days_past_due(row["due_on"], day),
                            bands.names[bands.index(days_past_due(row[self.basis], day))],
                            row["currency"],
                            *(CellAmount(row[f"{name}_minor"], row["currency"]) for name in shown),
                        )
                    )
                yield rows
            for total in sums:
                items = OwnSum("open items", added[total.currency], total.open_items)
                await require_tied(view, scope, total, items)

    @asynccontextmanager
    async def _snapshot(self, group_by: str | None = None) -> AsyncIterator[tuple[View, Scope]]:
        export = self.export
        async with self.db.snapshot(Receivables.name, export.ledger) as (conn, schema, _):
            time = TimeTravel.known_at_position(export.last_on, export.position)
            view = View(conn, schema, time, granted=(export.entity_id,))
            yield view, await self._scope(view, group_by)

    async def _scope(self, view: View, group_by: str | None) -> Scope:
        options = self.options
        scope = Scope(
            entity_id=self.export.entity_id,
            segment=options.segment,
            salesperson=options.salesperson,
            collector=options.collector,
            merged=await survivors_at(view),
        )
        return await with_insured(view, await with_collectors(view, scope, group_by))

    def _customer(self, customer_id: str) -> tuple[str, str, str]:
        """Return id, reference and name; the auxiliary account of a customer without a reference is its id."""
        known = self.auxiliaries.get(customer_id) or Auxiliary("", "")
        return customer_id, "" if known.number == customer_id else known.number, known.label


def _amounts(own: Figures) -> list[CellAmount]:
    shown = (
        *own.bands,
        own.disputed,
        own.conceded,
        own.on_plan,
        own.promised,
        own.placed,
        own.insured,
        own.unapplied,
        own.overdue,
        own.outstanding,
    )
    return [CellAmount(minor, own.currency) for minor in shown]
