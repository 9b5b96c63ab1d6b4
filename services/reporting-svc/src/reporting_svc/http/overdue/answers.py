"""Answers about overdue invoices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.kernel.bands import STANDARD, Bands, days_past_due
from encours.reading.pages import Page
from reporting_svc.domain.measures.definitions import OVERDUE
from reporting_svc.http.answers import INSURED, PLACED, PROMISED, Report, TieOut
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.read_models.overdue.query import Overdue
from reporting_svc.read_models.receivables.subtotals import Basis
from reporting_svc.read_models.tie_out.query import TiedFigures


class OpenItemRow(BaseModel):
    """An open invoice, or an open instalment."""

    invoice_id: str
    number: str
    entity_id: str
    customer_id: str
    customer_name: str | None
    customer_ref: str | None
    issued_on: date
    due_on: date
    instalment: int | None = Field(
        description="Number of the instalment in the schedule in force, from 1; null where the invoice has none."
    )
    days_past_due: int
    band: str
    total: MoneyModel = Field(description="Total of the whole invoice.")
    outstanding: MoneyModel = Field(description="Open amount of the invoice, or of the instalment.")
    disputed: MoneyModel = Field(
        description="The part of it that is in dispute, or accepted and not credited yet."
    )
    conceded: MoneyModel = Field(
        description="The part of it that you accepted and whose credit note is still to come."
    )
    overdue: MoneyModel = Field(
        description="Past due: `outstanding` less `conceded`, which is no longer owed."
    )
    on_plan: MoneyModel = Field(
        description="The part of it that is on a payment plan in force and not in dispute; a plan changes no due date."
    )
    promised: MoneyModel = Field(description=f"The part of it {PROMISED}, the earliest instalments first.")
    placed: MoneyModel = Field(description=f"The part of it {PLACED}: all of it, or nothing.")
    insured: MoneyModel = Field(description=f"The part of it {INSURED}, the earliest instalments first.")
    collectable: MoneyModel = Field(description="`outstanding` less `disputed` and `on_plan`.")
    salesperson: str | None

    @classmethod
    def of(
        cls, row: Mapping[str, Any], as_of: date, bands: Bands = STANDARD, basis: Basis = "due_on"
    ) -> Json:
        """Show an invoice, or an instalment, on a day, in the band of its days from the due date or the issue."""
        days, currency = days_past_due(row["due_on"], as_of), row["currency"]
        open_minor, conceded = row["open_minor"], row["conceded_minor"]
        contested, planned = row["disputed_minor"], row["planned_minor"]
        return {
            "invoice_id": row["invoice_id"],
            "number": row["number"],
            "entity_id": row["entity"],
            "customer_id": row["customer_id"],
            "customer_name": row["name"],
            "customer_ref": row["external_ref"],
            "issued_on": row["issued_on"].isoformat(),
            "due_on": row["due_on"].isoformat(),
            "instalment": row["instalment"],
            "days_past_due": days,
            "band": bands.names[bands.index(days_past_due(row[basis], as_of))],
            "total": money_json(row["total_minor"], currency),
            "outstanding": money_json(open_minor, currency),
            "disputed": money_json(contested, currency),
            "conceded": money_json(conceded, currency),
            "overdue": money_json(open_minor - conceded if days > 0 else 0, currency),
            "on_plan": money_json(planned, currency),
            "promised": money_json(row["promised_minor"], currency),
            "placed": money_json(row["placed_minor"], currency),
            "insured": money_json(row["insured_minor"], currency),
            "collectable": money_json(open_minor - contested - planned, currency),
            "salesperson": row["salesperson"],
        }


class OverdueTotals(BaseModel):
    """Of the whole list."""

    invoices: int
    outstanding: MoneyModel
    disputed: MoneyModel
    conceded: MoneyModel
    on_plan: MoneyModel
    promised: MoneyModel
    placed: MoneyModel
    insured: MoneyModel
    overdue: MoneyModel

    @classmethod
    def of(cls, late: Overdue, currency: str) -> Json:
        """Show the sums of the list."""
        return {
            "invoices": late.invoices,
            "outstanding": money_json(late.open_minor, currency),
            "disputed": money_json(late.disputed_minor, currency),
            "conceded": money_json(late.conceded_minor, currency),
            "on_plan": money_json(late.planned_minor, currency),
            "promised": money_json(late.promised_minor, currency),
            "placed": money_json(late.placed_minor, currency),
            "insured": money_json(late.insured_minor, currency),
            "overdue": money_json(late.open_minor - late.conceded_minor, currency),
        }


class OverdueOut(Report):
    """Oldest first unless sorted otherwise. `tie_out` is of all receivables in scope; a list whose sum is not
    the aged balance's `overdue` is no answer."""

    definition: str
    data: list[OpenItemRow]
    next_cursor: str | None
    totals: OverdueTotals

    @classmethod
    def of(cls, books: ReceivablesSnapshot, tied: TiedFigures, late: Overdue, page: Page) -> Json:
        """Show a page of the list and the sums of all of it."""
        total = books.total
        return {
            "definition": OVERDUE.id,
            "currency": total.currency,
            **page.body(late.rows, lambda row: OpenItemRow.of(row, books.view.time.as_of)),
            "totals": OverdueTotals.of(late, total.currency),
            "tie_out": TieOut.of(tied),
            **cls.end(books),
        }
