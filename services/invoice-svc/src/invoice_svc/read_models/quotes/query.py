"""Queries of the list of quotes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from encours.reading.merges import records_of
from encours.reading.where import ViewWhere
from invoice_svc.domain.quote.state import QuoteStatus

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page

_STATUS: dict[QuoteStatus, str] = {
    "draft": "not closed and not sent and valid_until >= {}",
    "sent": "not closed and sent and valid_until >= {}",
    "expired": "not closed and valid_until < {}",
    "accepted": "closed and accepted",
    "refused": "closed and not accepted",
}
_CLOSED: frozenset[QuoteStatus] = frozenset({"accepted", "refused"})
_THEN = """
    select q.quote_id, q.entity_id, q.customer_id, q.number_key, q.drafted_on, q.accepted, t.valid_until,
        coalesce(q.sent_position <= {position} and q.sent_on <= {as_of}, false) as sent,
        coalesce(q.closed_position <= {position} and q.closed_on <= {as_of}, false) as closed
    from {schema}.quote q
    cross join lateral (
        select valid_until from {schema}.quote_term t
        where t.quote_id = q.quote_id and t.position <= {position} and t.effective_on <= {as_of}
        order by t.position desc limit 1
    ) t
    where q.from_position <= {position} and q.drafted_on <= {as_of}
"""


@dataclass(frozen=True, slots=True)
class QuoteFilter:
    """Restrictions of a list of quotes."""

    customer_id: str | None = None
    entity_id: str | None = None
    status: QuoteStatus | None = None
    number: str | None = None


async def quotes(view: View, page: Page, wanted: QuoteFilter) -> list[Any]:
    """Rows of a page of quotes, with their status on the day that is asked about."""
    where = ViewWhere(view).equal("entity_id", wanted.entity_id)
    where.one_of("customer_id", await records_of(view, wanted.customer_id))
    if wanted.number is not None:
        where.add(where.beginning("number_key", wanted.number.lower()))
    if wanted.status is not None:
        dated = wanted.status not in _CLOSED
        where.add(_STATUS[wanted.status].format(where.as_of if dated else ""))
    source = _THEN.format(schema=view.schema, position=where.position, as_of=where.as_of)
    return await where.page(page, "quote_id, drafted_on, valid_until", f"({source}) listed")
