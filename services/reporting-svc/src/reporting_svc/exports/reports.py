"""Reports as tables: the aged balance and the open items of an entity on a day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from encours.kernel.bands import STANDARD, days_past_due
from encours.projection.read_model import Conn
from encours.reading.merges import survivors_at
from encours.reading.moment import TimeTravel, View
from encours.reading.pages import Page
from encours.reading.read_db import ReadDb
from reporting_svc.exports.layouts.tables import CellAmount, TableColumn, TableRow
from reporting_svc.exports.store import Export, ExportKind
from reporting_svc.read_models.aged_balance.query import KEY, aged
from reporting_svc.read_models.journal.source import Auxiliary
from reporting_svc.read_models.open_items.query import open_items
from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.receivables.insured import with_insured
from reporting_svc.read_models.receivables.named import NAMED
from reporting_svc.read_models.receivables.scope import Scope

CUSTOMERS_MAX = 1_000_000
_CUSTOMER = (
    TableColumn("customer_id", "text"),
    TableColumn("customer_ref", "text"),
    TableColumn("customer", "text"),
)
AGED_COLUMNS = (
    *_CUSTOMER,
    TableColumn("currency", "text"),
    *(TableColumn(name, "money") for name in STANDARD.names),
    *(TableColumn(name, "money") for name in ("disputed", "conceded", "on_plan", *NAMED, "unapplied")),
    TableColumn("overdue", "money"),
    TableColumn("outstanding", "money"),
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
Rows = AsyncIterator[list[TableRow]]


@dataclass(frozen=True, slots=True)
class Reporting:
    """Source of the rows of a report. Customers are named as they were known at the position."""

    db: ReadDb
    export: Export
    auxiliaries: Mapping[str, Auxiliary]

    async def aged_balance(self) -> Rows:
        """Iterate over customers by id, each currency in a row of its own; money of unknown payers has no customer."""
        page = Page(CUSTOMERS_MAX, (KEY,), False, False, None, "")
        async with self.db.snapshot(Receivables.name, self.export.ledger) as (conn, schema, _):
            view = self._view(conn, schema)
            found = await aged(view, await self._scope(view), page=page)
        rows: list[TableRow] = []
        for row in found.rows:
            own = found.figures(row)
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
            amounts = (CellAmount(minor, own.currency) for minor in shown)
            rows.append((*self._customer(own.customer_id), own.currency, *amounts))
        yield rows

    async def open_items(self) -> Rows:
        """Iterate over invoices and instalments by due date."""
        day = self.export.last_on
        async with self.db.snapshot(Receivables.name, self.export.ledger) as (conn, schema, _):
            view = self._view(conn, schema)
            scope = await self._scope(view)
            async for found in open_items(view, scope):
                rows: list[TableRow] = []
                for row in found:
                    late = days_past_due(row["due_on"], day)
                    shown = ("total", "open", "disputed", "conceded", "planned", *NAMED)
                    rows.append(
                        (
                            row["invoice_id"],
                            row["number"],
                            *self._customer(scope.merged.of(row["customer_id"])),
                            row["issued_on"],
                            row["due_on"],
                            row["instalment"],
                            late,
                            STANDARD.names[STANDARD.index(late)],
                            row["currency"],
                            *(CellAmount(row[f"{name}_minor"], row["currency"]) for name in shown),
                        )
                    )
                yield rows

    def _view(self, conn: Conn, schema: str) -> View:
        time = TimeTravel(self.export.last_on, self.export.position, str(self.export.position), is_now=False)
        return View(conn, schema, time, granted=(self.export.entity_id,))

    async def _scope(self, view: View) -> Scope:
        scope = Scope(entity_id=self.export.entity_id, merged=await survivors_at(view))
        return await with_insured(view, scope)

    def _customer(self, customer_id: str) -> tuple[str, str, str]:
        known = self.auxiliaries.get(customer_id) or Auxiliary("", "")
        return customer_id, known.number, known.label


REPORTS: dict[ExportKind, tuple[tuple[TableColumn, ...], Callable[[Reporting], Rows]]] = {
    "aged_balance": (AGED_COLUMNS, Reporting.aged_balance),
    "open_items": (ITEM_COLUMNS, Reporting.open_items),
}
