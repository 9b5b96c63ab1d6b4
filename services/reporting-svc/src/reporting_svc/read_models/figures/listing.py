"""List of the published figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from encours.reading.merges import records_of
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.contracts.events.figure import FigureName
    from encours.reading.moment import View
    from encours.reading.pages import Page

KEY = "figure_id"
SORTS = {"published": "position", "figure_as_of": "figure_as_of", "id": KEY}


async def published_figures(
    view: View, page: Page, entity_id: str | None, customer_id: str | None, figure: FigureName | None
) -> list[Mapping[str, Any]]:
    """Return a page of the figures that were published by the dates of the question, each with its position."""
    where = ViewWhere(view, entity="entity").equal("entity", entity_id).equal("figure", figure)
    where.one_of("customer_id", await records_of(view, customer_id))
    where.add(where.counts())
    return await where.page(page, ", ".join(SORTS.values()), f"{view.schema}.figure")
