"""Queries of the list of residuals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from encours.contracts.events.money.residual import ResidualReason
from encours.reading.merges import records_of
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page

_COLUMNS = (
    "residual_id, entity_id, customer_id, invoice_id, payment_id, currency, amount_minor, reason, policy_code, "
    "policy_version, cap_minor, account, closed_on"
)


@dataclass(frozen=True, slots=True)
class ResidualFilter:
    """Restrictions of a list of residuals."""

    entity_id: str | None = None
    customer_id: str | None = None
    reason: ResidualReason | None = None
    policy_code: str | None = None


async def residuals(view: View, page: Page, wanted: ResidualFilter) -> list[Any]:
    """Rows of a page of the residuals that stand as of the question's dates."""
    where = await _standing(view, wanted)
    return await where.page(page, _COLUMNS, f"{view.schema}.residual")


async def sums(view: View, wanted: ResidualFilter) -> list[Any]:
    """Count and amount of them by currency, tolerance and its version; overpayments apart."""
    where = await _standing(view, wanted)
    return await view.conn.fetch(
        f"""select policy_code, policy_version, reason, currency, invoice_id is null as is_overpayment,
                   count(*) as count, sum(amount_minor)::bigint as amount_minor
            from {view.schema}.residual where {where.sql}
            group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5""",
        *where.arguments,
    )


async def _standing(view: View, wanted: ResidualFilter) -> ViewWhere:
    where = ViewWhere(view).equal("entity_id", wanted.entity_id).equal("reason", wanted.reason)
    where.equal("policy_code", wanted.policy_code)
    where.one_of("customer_id", await records_of(view, wanted.customer_id))
    where.add(f"from_position <= {where.position} and closed_on <= {where.as_of}")
    where.add(
        f"not exists (select from {view.schema}.residual_reopening r where r.residual_id = residual.residual_id "
        f"and r.position <= {where.position} and r.effective_on <= {where.as_of})"
    )
    return where
