"""Terms that risk-svc proposed: as they are accepted they become those agreed with the customer, and end as they end.

What is agreed prevails where it goes as far, and where people have agreed something else since. A guarantee and earlier
reminders are no conditions of invoices or orders.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import assert_never

from msgspec.structs import replace

from encours.contracts.common import EarlyDiscount, Terms
from encours.contracts.events import customer as events
from encours.contracts.events.risk_terms import RiskTermsKind, RiskTermsProposed
from encours.legal.law import LatePaymentLaw
from invoice_svc.domain.customer.decide import agree_terms
from invoice_svc.domain.customer.state import Customer, CustomerEvent
from invoice_svc.domain.terms import due_on

_FIELDS: dict[RiskTermsKind, tuple[str, ...]] = {
    "deposit": ("deposit_bps",),
    "shorter_delay": ("due_kind", "days", "months", "day_of_month"),
    "early_discount": ("discount",),
}
"""Fields of the terms that a kind sets."""


def accepted(
    state: Customer, proposed: RiskTermsProposed, usual: Terms, law: LatePaymentLaw, today: date
) -> list[CustomerEvent]:
    """Agree accepted terms from today on; ``usual`` are those in force. No event if they are followed already."""
    number, kind = proposed.proposal_number, proposed.kind
    if kind not in _FIELDS or number in state.from_risk:
        return []
    terms = _with(usual, proposed, today)
    if terms == usual:
        return [_kept(state, number, kind, ended=False)]
    cause = events.TermsFromRisk(proposal_number=number, kind=kind, ended=False, before=usual)
    return agree_terms(state, today, terms, law, cause)


def ended(
    state: Customer, number: int, usual: Terms, law: LatePaymentLaw, today: date
) -> list[CustomerEvent]:
    """Agree what accepted terms replaced, from today on; no event for terms that changed nothing."""
    agreed = state.from_risk.get(number)
    if agreed is None or agreed.from_risk is None:
        return []
    fields = _FIELDS[agreed.from_risk.kind]
    if any(getattr(usual, name) != getattr(agreed.terms, name) for name in fields):
        return [_kept(state, number, agreed.from_risk.kind, ended=True)]
    terms = replace(usual, **{name: getattr(agreed.from_risk.before, name) for name in fields})
    cause = events.TermsFromRisk(proposal_number=number, kind=agreed.from_risk.kind, ended=True, before=usual)
    return agree_terms(state, today, terms, law, cause)


def _with(usual: Terms, proposed: RiskTermsProposed, today: date) -> Terms:
    share, days = proposed.share_bps or 0, proposed.days or 0
    match proposed.kind:
        case "deposit":
            return replace(usual, deposit_bps=share) if share > (usual.deposit_bps or 0) else usual
        case "shorter_delay":
            shorter = today + timedelta(days=days) < due_on(usual, today)
            delay = {"due_kind": "NET", "days": days, "months": 0, "day_of_month": None}
            return replace(usual, **delay) if shorter else usual
        case "early_discount":
            higher = usual.discount is None or share > usual.discount.rate_bps
            return replace(usual, discount=EarlyDiscount(rate_bps=share, days=days)) if higher else usual
        case "guarantee" | "earlier_dunning":
            return usual
        case _:
            assert_never(proposed.kind)


def _kept(state: Customer, number: int, kind: RiskTermsKind, *, ended: bool) -> events.TermsKept:
    return events.TermsKept(customer_id=state.customer_id, proposal_number=number, kind=kind, ended=ended)
