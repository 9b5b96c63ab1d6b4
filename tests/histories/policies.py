"""Policies for random histories, besides those that are shipped: each with conditions that the shipped ones lack."""

from __future__ import annotations

from typing import Any

from dunning_svc.domain.policy.shipped import SHIPPED
from dunning_svc.domain.policy.written import document_of
from encours.contracts.events.dunning.document import PolicyDocument

ROLE = "credit_manager"
STEPS: list[dict[str, Any]] = [
    {"code": "J-2", "offset_days": -2, "act": "email", "template": "friendly"},
    {"code": "J+2", "offset_days": 2, "act": "email", "template": "penalties", "late_terms": "hidden"},
    {"code": "J+20", "offset_days": 20, "act": "letter", "template": "penalties"},
    {"code": "J+40", "offset_days": 40, "act": "registered_letter", "template": "formal_notice"},
]


def written_policy(**more: Any) -> dict[str, Any]:
    """Return the written form of a policy with these steps and other content."""
    return {"name": "Own", "priority": 60, "steps": STEPS, "minimums": {"EUR": "5.00"}} | more


def _asking(step: int, unanswered: str, days: int) -> dict[str, Any]:
    """Return a step whose message needs an approval."""
    return STEPS[step] | {"approval": {"role": ROLE, "unanswered": unanswered, "days": days}}


OWN = {
    "late_payers": written_policy(applies_to={"paid_late": {"from": 50, "invoices": 1}}),
    "large_invoices": written_policy(
        priority=70, applies_to={"invoice_amounts": {"EUR": {"from": "200.00"}}}, ends_after_days=45
    ),
    "projects": written_policy(
        priority=65,
        applies_to={
            "invoice_amounts": {"EUR": {"from": "50.00"}},
            "invoice_fields": {"project": ["north"]},
            "invoice_natures": ["goods"],
        },
    ),
    "four_eyes": written_policy(
        priority=75,
        applies_to={"tags": ["strategic"]},
        hours={"from": "09:00", "until": "17:30"},
        steps=[STEPS[0], _asking(1, "decline", 9), _asking(2, "send", 19), _asking(3, "decline", 30)],
    ),
    "single": written_policy(
        priority=45,
        applies_to={"tags": ["cordial"]},
        grouping="invoice",
        contact_limit={"messages": 2, "days": 10},
        suspended_by={"dispute": "customer"},
    ),
    "graded": written_policy(priority=55, applies_to={"grades": ["D", "E"]}),
    "lenient": written_policy(
        priority=50,
        applies_to={"paid_late": {"below": 50, "invoices": 2}},
        suspended_by={"dispute": "customer", "promise": "customer"},
    ),
}
"""By code."""


def document_named(code: str) -> PolicyDocument:
    """Return the document of a policy of this module, or of one that is shipped."""
    if code in OWN:
        return document_of(OWN[code])
    return next(each.document for each in SHIPPED.values() if each.code == code)
