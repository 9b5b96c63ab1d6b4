"""Queries of the list of payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from encours.contracts.events.money.payment import ReturnConsequence, ReversalKind
from encours.reading.merges import records_of
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Restrictions of a list of payments; kind, code and consequence are those of one reversal."""

    entity_id: str | None = None
    customer_id: str | None = None
    reversal_kind: ReversalKind | None = None
    return_code: str | None = None
    consequence: ReturnConsequence | None = None


async def payments(view: View, page: Page, wanted: PaymentFilter) -> list[Any]:
    """Rows of a page of payments. A payment belongs to a customer once that is known."""
    where = ViewWhere(view).equal("entity_id", wanted.entity_id)
    where.add(f"from_position <= {where.position} and received_on <= {where.as_of}")
    if wanted.customer_id is not None:
        _paid_by(view, where, await records_of(view, wanted.customer_id) or [])
    by_reversal = {
        "kind": wanted.reversal_kind,
        "return_code": wanted.return_code,
        "consequence": wanted.consequence,
    }
    asked = {column: value for column, value in by_reversal.items() if value is not None}
    if asked:
        alike = " and ".join(f"r.{column} = {{}}" for column in asked)
        where.add(
            f"""exists (select from {view.schema}.payment_reversal r
                where r.payment_id = payment.payment_id and {alike}
                  and r.position <= {where.position} and r.effective_on <= {where.as_of})""",
            *asked.values(),
        )
    return await where.page(page, "payment_id, received_on", f"{view.schema}.payment payment")


def _paid_by(view: View, where: ViewWhere, records: Sequence[str]) -> None:
    """Require payments that were these customers' at the moment of the question: by the last reassignment, if any."""
    moved = f"select from {view.schema}.payment_reassigned r where r.payment_id = payment.payment_id"
    known = f"r.position <= {where.position}"
    later = (
        f"not exists (select from {view.schema}.payment_reassigned n where n.payment_id = r.payment_id"
        f" and n.position > r.position and n.position <= {where.position})"
    )
    where.add(
        f"""customer_id = any({{}}::text[]) and coalesce(identified_position, 0) <= {where.position}
              and not exists ({moved} and {known})
            or payment_id in (select r.payment_id from {view.schema}.payment_reassigned r
                              where r.customer_id = any({{}}::text[]) and {known} and {later})""",
        list(records),
        list(records),
    )
