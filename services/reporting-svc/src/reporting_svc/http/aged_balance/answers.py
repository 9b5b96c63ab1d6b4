"""Answers about the aged balance."""

from __future__ import annotations

from pydantic import Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from encours.kernel.bands import Bands
from encours.reading.pages import Page
from reporting_svc.domain.measures.definitions import Definition
from reporting_svc.http.answers import ConvertedReport, Sums, TieOut
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.read_models.aged_balance.query import Figures
from reporting_svc.read_models.receivables.penalties import OpenPenalties


class AgedRow(Sums):
    """A customer of an entity; ``customer_id`` null is money of payers not yet identified."""

    customer_id: str | None
    entity_id: str
    name: str | None
    external_ref: str | None

    @classmethod
    def of(cls, figures: Figures, bands: Bands) -> Json:
        """Show the figures of a customer."""
        return {
            "customer_id": figures.customer_id or None,
            "entity_id": figures.entity,
            "name": figures.name,
            "external_ref": figures.external_ref,
            **Sums.of(figures, bands),
        }


class Total(Sums):
    """All customers in scope."""

    customers: int

    @classmethod
    def of(cls, figures: Figures, bands: Bands) -> Json:
        """Show the sums of all customers."""
        return {"customers": figures.customers, **Sums.of(figures, bands)}


class AgedBalanceOut(ConvertedReport):
    """One page of customers; `totals` and `tie_out` are of all of them."""

    definition: str
    bands: list[str]
    data: list[AgedRow]
    next_cursor: str | None
    totals: Total
    penalties: MoneyModel = Field(
        description="The part of the totals' bands that is open on penalty documents, which are no turnover."
    )

    @classmethod
    def of(
        cls,
        books: ReceivablesSnapshot,
        page: Page,
        bands: Bands,
        definition: Definition,
        penalties: OpenPenalties,
    ) -> Json:
        """Show a page of customers and the sums of all."""
        return {
            "definition": definition.id,
            "currency": books.total.currency,
            "bands": list(bands.names),
            **page.body(books.aged.rows, lambda row: AgedRow.of(books.aged.figures(row), bands)),
            "totals": Total.of(books.total, bands),
            "penalties": money_json(penalties.open_minor, books.total.currency),
            "tie_out": TieOut.of(books.total),
            **cls.end(books),
        }
