"""Answers about the aged balance."""

from __future__ import annotations

from encours.http.answers import Json
from encours.kernel.bands import Bands
from encours.reading.pages import Page
from reporting_svc.domain.measures.definitions import Definition
from reporting_svc.http.answers import ConvertedReport, Sums, TieOut
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.read_models.aged_balance.query import Figures


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

    @classmethod
    def of(cls, books: ReceivablesSnapshot, page: Page, bands: Bands, definition: Definition) -> Json:
        """Show a page of customers and the sums of all."""
        return {
            "definition": definition.id,
            "currency": books.total.currency,
            "bands": list(bands.names),
            **page.body(books.aged.rows, lambda row: AgedRow.of(books.aged.figures(row), bands)),
            "totals": Total.of(books.total, bands),
            "tie_out": TieOut.of(books.total),
            **cls.end(books),
        }
