"""A limit policy as data: which limit a customer has, and what holds, refers or refuses its orders."""

from __future__ import annotations

import msgspec

from encours.contracts.events.credit_policy import HoldRules
from encours.contracts.events.score import CreditGrade
from risk_svc.domain.assessment import WEAK_GRADES
from risk_svc.domain.proposal.formula import FormulaTerms


class LimitPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Rules for orders; without any it is the present policy, with the limits and holds that were really in force."""

    formula: FormulaTerms | None = None
    """Formula of every limit on the day of the order; ``None``: the limits as they were approved."""
    max_days_past_due: int | None = None
    """Longest delay, in place of that of the limit."""
    refer_grades: tuple[CreditGrade, ...] = WEAK_GRADES
    refuse_grades: tuple[CreditGrade, ...] = ()
    holds: HoldRules | None = None
    """Causes that hold orders, with those placed by hand; ``None``: the holds that were really in force."""


PRESENT = LimitPolicy()
