"""Queries of the list of payments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from encours.reading.merges import records_of
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page


async def payments(view: View, page: Page, *, entity_id: str | None, customer_id: str | None) -> list[Any]:
    """Rows of a page of payments. A payment belongs to a customer once that is known."""
    where = ViewWhere(view).equal("entity_id", entity_id)
    where.add(f"from_position <= {where.position} and received_on <= {where.as_of}")
    if customer_id is not None:
        where.one_of("customer_id", await records_of(view, customer_id))
        where.add(f"coalesce(identified_position, 0) <= {where.position}")
    return await where.page(page, "payment_id, received_on", f"{view.schema}.payment")
