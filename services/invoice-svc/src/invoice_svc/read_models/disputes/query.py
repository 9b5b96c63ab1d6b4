"""Queries of the list of disputes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from encours.reading.merges import records_of
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page


async def disputes(
    view: View,
    page: Page,
    *,
    customer_id: str | None,
    invoice_id: str | None,
    status: Literal["open", "resolved"] | None,
) -> list[Any]:
    """Rows of a page of disputes, open or resolved as of the question's dates."""
    where = ViewWhere(view).equal("invoice_id", invoice_id)
    where.one_of("customer_id", await records_of(view, customer_id))
    where.add(f"from_position <= {where.position} and opened_on <= {where.as_of}")
    if status is not None:
        resolved = f"coalesce(resolved_position <= {where.position} and resolved_on <= {where.as_of}, false)"
        where.add(resolved if status == "resolved" else f"not {resolved}")
    return await where.page(page, "dispute_id, opened_on", f"{view.schema}.dispute")
