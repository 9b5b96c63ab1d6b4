"""Queries of the list of remittance advices."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from encours.reading.merges import records_of
from encours.reading.where import ViewWhere
from invoice_svc.domain.remittance.state import AdviceStatus

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page

MAX_OPEN = 200
"""Most advices of one amount that are compared with a payment."""
_THEN = """
    select a.advice_id, a.entity_id, a.customer_id, a.reference, a.announced_on, a.expires_on, s.payment_id,
        case when s.status = 'announced' and a.expires_on < {as_of} then 'expired' else s.status end as status
    from {schema}.advice a
    cross join lateral (
        select status, payment_id from {schema}.advice_status s
        where s.advice_id = a.advice_id and s.position <= {position} and s.effective_on <= {as_of}
        order by s.position desc limit 1
    ) s
    where a.position <= {position} and a.announced_on <= {as_of} and not exists (
        select from {schema}.advice n
        where n.advice_id = a.advice_id and n.position > a.position
            and n.position <= {position} and n.announced_on <= {as_of}
    )
"""


@dataclass(frozen=True, slots=True)
class AdviceFilter:
    """Restrictions of a list of advices."""

    entity_id: str | None = None
    customer_id: str | None = None
    status: AdviceStatus | None = None
    reference: str | None = None
    payment_id: str | None = None


async def advices(view: View, page: Page, wanted: AdviceFilter) -> list[Any]:
    """Rows of a page of advices, with their status on the day that is asked about."""
    where = ViewWhere(view).equal("entity_id", wanted.entity_id).equal("status", wanted.status)
    where.equal("reference", wanted.reference).equal("payment_id", wanted.payment_id)
    where.one_of("customer_id", await records_of(view, wanted.customer_id))
    source = _THEN.format(schema=view.schema, position=where.position, as_of=where.as_of)
    return await where.page(page, "advice_id, announced_on", f"({source}) listed")


async def open_advices(
    conn: Conn, schema: str, entity_id: str, currency: str, amounts_minor: Collection[int]
) -> list[str]:
    """Ids of an entity's advices of some amounts that no payment has joined by now, expired ones included."""
    found = await open_by_amount(conn, schema, entity_id, currency, amounts_minor)
    return sorted({advice_id for advices in found.values() for advice_id in advices})


async def open_by_amount(
    conn: Conn, schema: str, entity_id: str, currency: str, amounts_minor: Collection[int]
) -> dict[int, list[str]]:
    """Ids of an entity's advices that no payment has joined by now, expired ones included, by their amount."""
    rows = await conn.fetch(
        f"""select distinct a.total_minor, a.advice_id from {schema}.advice a
            join {schema}.advice_status s on s.advice_id = a.advice_id and s.status = 'announced'
            where a.entity_id = $1 and a.currency = $2 and a.total_minor = any($3::bigint[])
              and not exists (select from {schema}.advice_status n
                              where n.advice_id = a.advice_id and n.position > s.position)
            order by a.advice_id limit {MAX_OPEN * len(amounts_minor)}""",
        entity_id,
        currency,
        list(amounts_minor),
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row["total_minor"], []).append(row["advice_id"])
    return found
