"""Messages of a day: one about a case, one about each of its invoices, or one about the cases of a payer or a group.

A case that is grouped by invoice is decided invoice by invoice, oldest due first, each with the unapplied cash that
covers it. Disputes and promises that suspend more than their invoices count across the case, and so do messages before
the day, formal notices and, under a contact limit, the messages of the day itself.

Under a policy that groups by payer, the cases of one creditor and currency whose customers have the same payer on the
day are decided together, provided that the policy, in the same version, is the one of each of them. By group likewise.
A case of the same payer under another policy is decided apart, and the decision names it. Each item keeps its own step;
its customer's hold, insolvency, dispute, promise and cash count for it alone. Beyond a number of items a payer gets
several messages, each about some of the customers: an event of any size would stop the ledger's stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

import msgspec
from msgspec.structs import replace

from dunning_svc.domain.ladder.decide import (
    chosen,
    decide_case,
    decide_parts,
    earlier,
    policy_of,
    under_policy,
)
from dunning_svc.domain.ladder.decision import Decision
from dunning_svc.domain.ladder.events import DecisionEvent
from dunning_svc.domain.ladder.state import Case
from dunning_svc.domain.policy.choice import ChosenPolicy, Key, Policies
from dunning_svc.domain.policy.policy import Joint
from encours.contracts.events.dunning.together import PolicyApart

Holder = tuple[str, str, str]
"""Payer or head of a group, creditor and currency."""
ITEMS_MAX = 2_000
"""Most open items of the cases that are decided together, unless one case has more."""
_APART_MAX = 20
"""Most cases that a decision names as decided apart."""


class Unit(msgspec.Struct, frozen=True):
    """Cases that are decided together on a day: those of a payer or a group, or a single one."""

    cases: tuple[Case, ...]
    joint: Joint | None = None
    apart: tuple[PolicyApart, ...] = ()
    part: int = 0
    """Place among the units of a payer or a group with too many items for one."""


def in_units(
    cases: Iterable[Case],
    day_of: Callable[[Case], date],
    policies: Policies,
    failed: Callable[[Case, Exception], None] | None = None,
) -> list[Unit]:
    """Return the cases as they are decided together. ``failed`` takes a case whose policy cannot be chosen.

    ``cases``: with each one all others of its payer and its group that have an open item.
    """
    if not policies.joint:
        return [Unit((case,)) for case in cases]
    units: list[Unit] = []
    joint: dict[tuple[Joint, Holder, Key], list[Case]] = {}
    beside: dict[tuple[Joint, Holder], list[PolicyApart]] = {}
    for case in cases:
        if not case.items:
            units.append(Unit((case,)))
            continue
        try:
            applied = policy_of(case, day_of(case), policies)[0]
        except Exception as error:
            if failed is None:
                raise
            failed(case, error)
            continue
        grouping = applied.policy.grouping
        if grouping == "payer" or grouping == "group":
            joint.setdefault((grouping, _holder(case, grouping), applied.key), []).append(case)
        else:
            units.append(Unit((case,)))
        for by in policies.joint:
            beside.setdefault((by, _holder(case, by)), []).append(_apart(case, applied))
    for (grouping, holder, key), together in joint.items():
        apart = [each for each in beside[grouping, holder] if (each.policy_id, each.policy_version) != key]
        apart.sort(key=lambda each: each.customer_id)
        units += [
            Unit(tuple(part), grouping, tuple(apart[:_APART_MAX]), n)
            for n, part in enumerate(_parts(sorted(together, key=lambda case: case.customer_id)))
        ]
    return units


def _parts(cases: Iterable[Case]) -> list[list[Case]]:
    """Return cases in parts of at most :data:`ITEMS_MAX` items."""
    parts: list[list[Case]] = []
    size = ITEMS_MAX
    for case in cases:
        size += len(case.items)
        if size > ITEMS_MAX:
            parts.append([])
            size = len(case.items)
        parts[-1].append(case)
    return parts


def _holder(case: Case, joint: Joint) -> Holder:
    """Return the payer or head of the group, with creditor and currency."""
    return case.together[joint].addressee_id, case.entity_id, case.currency


def _apart(case: Case, applied: ChosenPolicy) -> PolicyApart:
    return PolicyApart(
        customer_id=case.customer_id,
        name=case.name,
        policy_id=applied.policy.policy_id,
        policy_version=applied.policy.version,
        policy_name=applied.policy.name,
    )


def decisions_of(unit: Unit, day: date, policies: Policies, position: int) -> list[Decision]:
    """Return the decisions of the day about a unit: at most one, or one for each invoice."""
    if unit.joint is not None:
        decision = _decide_together(unit, unit.joint, day, policies, position)
        return [] if decision is None else [decision]
    (case,) = unit.cases
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
            found.append(replace(decision, invoice_id=item.invoice_id, grouping="invoice"))
    return found


def _decide_together(
    unit: Unit, joint: Joint, day: date, policies: Policies, position: int
) -> Decision | None:
    seen = [under_policy(case.together[joint], day, policies) for case in unit.cases]
    # One message has one first reminder: as early as all of its customers have agreed to.
    least = min((applied for applied, _ in seen), key=lambda applied: applied.earlier_days)
    parts = [part for _, part in seen]
    decision = earlier(decide_parts(parts, day, least.policy, position, joint), least)
    if decision is None:
        return None
    named = {each.customer_id for each in decision.debtors}
    concerned = [(applied, part.case) for applied, part in seen if part.case.customer_id in named]
    since = min(each.since for each in decision.debtors)
    decision = chosen(decision, [case for _, case in concerned], concerned[0][0], since)
    assert decision.choice is not None, "it was chosen"
    return replace(decision, choice=replace(decision.choice, apart=unit.apart), unit_part=unit.part)


def _by_invoice(case: Case, day: date, policies: Policies) -> bool:
    return policy_of(case, day, policies)[0].policy.grouping == "invoice"


def about_the_same(decisions: Sequence[Decision], stored: DecisionEvent) -> Decision | None:
    """Return the one of several decisions that is about the message or task of a stored one."""
    named = {item.invoice_id for item in stored.items} | {left.invoice_id for left in stored.suppressed}
    own = [each for each in decisions if each.customer_id == stored.customer_id]
    if stored.debtors:
        debtors = {each.customer_id for each in stored.debtors}
        found = (each for each in own if any(one.customer_id in debtors for one in each.debtors))
        return next(found, None)
    return next((each for each in own if each.invoice_id is None or each.invoice_id in named), None)
