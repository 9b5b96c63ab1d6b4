"""Requests of limits and the decisions about them, in the rows of ``credit``."""

from __future__ import annotations

from encours.contracts import Recorded
from encours.contracts.events.risk import LimitApproved, LimitRefused, LimitRequested
from encours.projection.row_cache import RowCache
from risk_svc.read_models.credit.rows import LimitRequestRow


def apply_limit(e: Recorded, data: LimitRequested | LimitApproved | LimitRefused, rows: RowCache) -> None:
    """Apply the request of a limit, or the decision about it."""
    if isinstance(data, LimitRequested):
        rows.put(
            LimitRequestRow(
                limit_id=data.limit_id,
                customer_id=data.customer_id,
                entity_id=e.entity,
                amount_minor=data.amount_minor,
                currency=data.currency,
                max_days_past_due=data.max_days_past_due,
                valid_until=data.valid_until,
                requested_position=e.position,
                requested_on=e.effective_on,
                state="requested",
                approved_minor=None,
                approved_max_days=None,
                decided_position=None,
                decided_on=None,
            )
        )
        return
    row = rows.get(LimitRequestRow, data.limit_id)
    if row is None:
        raise LookupError(f"limit request {data.limit_id} was never made")
    row.decided_position, row.decided_on = e.position, e.effective_on
    if isinstance(data, LimitApproved):
        row.state = "approved"
        row.approved_minor, row.approved_max_days = data.amount_minor, data.max_days_past_due
        row.valid_from = data.valid_from
    else:
        row.state = "refused"
    rows.put(row)
