"""Queries of the list of customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page


async def customers(
    view: View, page: Page, *, entity_id: str | None, external_ref: str | None, q: str | None
) -> list[Any]:
    """Rows of a page of customers; ``q`` is the beginning of the name."""
    where = ViewWhere(view).equal("entity_id", entity_id).equal("external_ref", external_ref)
    where.add(f"from_position <= {where.position}")
    if q is not None:
        where.add(where.beginning("name_key", q.lower()))
    return await where.page(page, "customer_id", f"{view.schema}.customer")


async def by_external_ref(conn: Conn, schema: str, entity_id: str, refs: Sequence[str]) -> dict[str, str]:
    """Customers of the entity by their external reference; of several with one reference the oldest."""
    rows = await conn.fetch(
        f"""select external_ref, customer_id from {schema}.customer
            where entity_id = $1 and external_ref = any($2::text[]) order by from_position desc""",
        entity_id,
        list(refs),
    )
    return {row["external_ref"]: row["customer_id"] for row in rows}
