"""Queries of the list of disputes and of the deductions among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from encours.contracts.events.sales.dispute import Category, DisputeKind
from encours.reading.merges import records_of
from encours.reading.where import ViewWhere
from invoice_svc.domain.dispute_rules.state import written

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page

_THEN = """
    select d.dispute_id, d.entity_id, d.customer_id, d.invoice_id, d.kind, d.category, d.code, d.currency, d.opened_on,
        t.owner, t.answer_by, t.alert_on,
        coalesce(d.resolved_position <= {position} and d.resolved_on <= {as_of}, false) as resolved
    from {schema}.dispute d
    cross join lateral (
        select owner, answer_by, alert_on from {schema}.dispute_term t
        where t.dispute_id = d.dispute_id and t.position <= {position} and t.effective_on <= {as_of}
        order by t.position desc limit 1
    ) t
    where d.from_position <= {position} and d.opened_on <= {as_of}
"""
_AMOUNTS = """
    select listed.*, a.* from ({then}) listed
    cross join lateral (
        select sum(amount_minor) filter (where a.kind = 'claimed')::bigint as claimed_minor,
            coalesce(sum(amount_minor) filter (where a.kind = 'credited'), 0)::bigint as valid_minor,
            coalesce(sum(amount_minor) filter (where a.kind in ('rejected', 'withdrawn')), 0)::bigint
                as invalid_minor
        from {schema}.dispute_amount a
        where a.dispute_id = listed.dispute_id and a.position <= {position} and a.effective_on <= {as_of}
    ) a
"""
_DEDUCTION = (
    "dispute_id, invoice_id, customer_id, entity_id, code, category, owner, opened_on, answer_by, currency, "
    "claimed_minor, valid_minor, invalid_minor, resolved"
)
_DEADLINE = {
    "near": "not resolved and alert_on <= {} and answer_by >= {}",
    "missed": "not resolved and answer_by < {}",
}


@dataclass(frozen=True, slots=True)
class DisputeFilter:
    """Restrictions of a list of disputes."""

    customer_id: str | None = None
    invoice_id: str | None = None
    entity_id: str | None = None
    status: Literal["open", "resolved"] | None = None
    kind: DisputeKind | None = None
    category: Category | None = None
    code: str | None = None
    owner: str | None = None
    deadline: Literal["near", "missed"] | None = None
    answer_before: date | None = None
    opened_from: date | None = None
    opened_until: date | None = None


async def disputes(view: View, page: Page, wanted: DisputeFilter) -> list[Any]:
    """Rows of a page of disputes, with owner and deadline as of the question's dates."""
    where = await _of(view, wanted)
    source = _THEN.format(schema=view.schema, position=where.position, as_of=where.as_of)
    return await where.page(page, "dispute_id, invoice_id, opened_on, answer_by", f"({source}) listed")


async def deductions(view: View, page: Page, wanted: DisputeFilter) -> list[Any]:
    """Rows of a page of deductions with their amounts as of the question's dates."""
    where = await _of(view, wanted)
    return await where.page(page, _DEDUCTION, _with_amounts(view, where))


async def all_deductions(view: View, wanted: DisputeFilter, limit: int) -> list[Any]:
    """Rows of the deductions as :func:`deductions`; one more than the limit if there are more."""
    where = await _of(view, wanted)
    source = _with_amounts(view, where)
    return await view.conn.fetch(
        f"select {_DEDUCTION} from {source} where {where.sql} order by dispute_id limit {limit + 1}",
        *where.arguments,
    )


def _with_amounts(view: View, where: ViewWhere) -> str:
    then = _THEN.format(schema=view.schema, position=where.position, as_of=where.as_of)
    source = _AMOUNTS.format(then=then, schema=view.schema, position=where.position, as_of=where.as_of)
    return f"({source}) deduction"


async def due_alerts(conn: Conn, schema: str, day: date) -> list[tuple[str, str]]:
    """Ids of open disputes of whose deadline nobody was told that it is near, or missed, by a day; and entities."""
    rows = await conn.fetch(
        f"""select dispute_id, entity_id from {schema}.dispute
            where resolved_position is null and alert_on <= $1
                and (near_for is distinct from answer_by or answer_by < $1)
                and missed_for is distinct from answer_by
            order by answer_by, dispute_id""",
        day,
    )
    return [(row["dispute_id"], row["entity_id"]) for row in rows]


async def _of(view: View, wanted: DisputeFilter) -> ViewWhere:
    where = ViewWhere(view)
    for column in ("invoice_id", "entity_id", "kind", "category", "owner"):
        where.equal(column, getattr(wanted, column))
    if wanted.code is not None:
        where.equal("code", written(wanted.code))
    where.one_of("customer_id", await records_of(view, wanted.customer_id))
    if wanted.status is not None:
        where.add("resolved" if wanted.status == "resolved" else "not resolved")
    if wanted.deadline is not None:
        where.add(_DEADLINE[wanted.deadline].format(where.as_of, where.as_of))
    if wanted.answer_before is not None:
        where.add("not resolved and answer_by < {}", wanted.answer_before)
    if wanted.opened_from is not None:
        where.add("opened_on >= {}", wanted.opened_from)
    if wanted.opened_until is not None:
        where.add("opened_on <= {}", wanted.opened_until)
    return where
