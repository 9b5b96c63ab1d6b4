"""Rows of ``credit`` for terms that are proposed to customers because of their risk."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts import Recorded
from encours.contracts.events.risk_terms import RiskTermsAnswered, RiskTermsProposed, RiskTermsWithdrawn
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row

RiskTermsEvents = RiskTermsProposed | RiskTermsAnswered | RiskTermsWithdrawn


class RiskTermsRow(Row, kw_only=True):
    """Proposed terms; each step counts from its day and is known from its position."""

    TABLE: ClassVar[str] = "risk_terms"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "proposal_number")
    customer_id: str
    proposal_number: int
    by_rule: bool
    accepted: bool | None = None
    answered_on: date | None = None
    answered_position: int | None = None
    withdrawn_position: int | None = None


def apply_terms(e: Recorded, data: RiskTermsEvents, rows: RowCache) -> None:
    """Put a proposal, its answer or its end."""
    if isinstance(data, RiskTermsProposed):
        rows.put(
            RiskTermsRow(
                customer_id=data.customer_id,
                proposal_number=data.proposal_number,
                by_rule=data.basis is not None,
            )
        )
        return
    row = rows.get(RiskTermsRow, data.customer_id, data.proposal_number)
    if row is None:
        raise LookupError(f"terms {data.proposal_number} of {data.customer_id} were never proposed")
    if isinstance(data, RiskTermsAnswered):
        row.accepted, row.answered_on, row.answered_position = data.accepted, e.effective_on, e.position
    else:
        row.withdrawn_position = e.position
    rows.put(row)
