"""Answers about the aged balance."""

from __future__ import annotations

from typing import Any

from reporting_svc.domain.measures.bands import Bands
from reporting_svc.http.answers import Report, Sums, sums_json
from reporting_svc.read_models.receivables.figures import Aged, Row


class AgedRow(Sums):
    """A customer of an entity; ``customer_id`` null is money of payers not yet identified."""

    customer_id: str | None
    entity_id: str
    name: str | None
    external_ref: str | None


class Total(Sums):
    """All customers in scope."""

    customers: int


class AgedBalanceOut(Report):
    """One page of customers; `totals` and `tie_out` are of all of them."""

    definition: str
    bands: list[str]
    data: list[AgedRow]
    next_cursor: str | None
    totals: Total


def row_json(found: Aged, row: Row, bands: Bands) -> dict[str, Any]:
    """:class:`AgedRow` as plain JSON."""
    figures = found.figures(row)
    return {
        "customer_id": figures.customer_id or None,
        "entity_id": figures.entity,
        "name": figures.name,
        "external_ref": figures.external_ref,
        **sums_json(figures, bands),
    }
