"""Messages of a day about one case: one for all of it, or one for each invoice, as the policy groups them.

A case that is grouped by invoice is decided invoice by invoice, oldest due first, each with the unapplied cash that
covers it. Disputes and promises that suspend more than their invoices count across the case, and so do messages before
the day, formal notices and, under a contact limit, the messages of the day itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from dunning_svc.domain.ladder.decide import decide_case, policy_of
from dunning_svc.domain.ladder.decision import Decision
from dunning_svc.domain.ladder.events import DecisionEvent
from dunning_svc.domain.ladder.state import Case
from dunning_svc.domain.policy.choice import Policies


def decisions_of(case: Case, day: date, policies: Policies, position: int) -> list[Decision]:
    """Return the decisions of the day about a case: at most one, or one for each invoice."""
    if not (policies.groups_by_invoice and _by_invoice(case, day, policies)):
        decision = decide_case(case, day, policies, position)
        return [] if decision is None else [decision]
    found: list[Decision] = []
    covered = case.on(day).covered()
    for item in case.oldest_first:
        part = replace(
            case,
            items=(item,),
            others=tuple(each for each in case.items if each is not item),
            credit_minor=covered[item.invoice_id],
            contacted_today=sum(each.is_message for each in found),
        )
        decision = decide_case(part, day, policies, position)
        if decision is not None:
            found.append(replace(decision, invoice_id=item.invoice_id))
    return found


def _by_invoice(case: Case, day: date, policies: Policies) -> bool:
    return policy_of(case, day, policies)[0].policy.grouping == "invoice"


def about_the_same(decisions: Sequence[Decision], stored: DecisionEvent) -> Decision | None:
    """Return the one of several decisions that is about the message or task of a stored one."""
    named = {item.invoice_id for item in stored.items} | {left.invoice_id for left in stored.suppressed}
    return next((each for each in decisions if each.invoice_id is None or each.invoice_id in named), None)
