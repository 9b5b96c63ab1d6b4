"""The step that one open item may take on a day, or the causes against it: the rules of ``step_by_step``."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
from msgspec.structs import replace

from dunning_svc.domain.ladder.state import Case, LadderItem
from dunning_svc.domain.policy.policy import Policy, Step
from dunning_svc.domain.policy.schedule import above, earliest_on, resumes_on
from encours.contracts.events.dunning.reminders import SuppressionCause


class ItemPlan(msgspec.Struct, frozen=True):
    """An open item on a day.

    ``left_minor``: collectable amount that unapplied cash leaves. ``step``: the step that it may take, else ``None``.
    ``due``: due steps above the last one taken, without those due before the item entered the ledger. ``against``:
    the cause against each of these, by code. ``suspension``: the cause against every step, by a hold or by the
    policy's own extent of disputes and promises.
    """

    item: LadderItem
    left_minor: int
    step: Step | None
    due: tuple[Step, ...]
    against: dict[str, SuppressionCause]
    suspension: SuppressionCause | None = None

    @property
    def superseded(self) -> tuple[Step, ...]:
        """Lower due steps that its step supersedes."""
        return tuple(s for s in self.due if self.step and s.offset_days < self.step.offset_days)


def plans(case: Case, day: date, policy: Policy, since: date | None = None) -> list[ItemPlan]:
    """Return the plan of every open item, oldest due first.

    ``since``: day from which on the policy is applied in place of another. Steps due before it are not made up for.
    """
    covered, held = case.covered(), case.on_hold(day)
    return [
        replace(
            _plan(case, item, item.collectable_minor - covered[item.invoice_id], day, policy, since),
            suspension="customer_on_hold" if held else suspended(case, item, day, policy),
        )
        for item in case.oldest_first
        if item.open_minor > 0
    ]


def suspended(case: Case, item: LadderItem, day: date, policy: Policy) -> SuppressionCause | None:
    """Return the cause against every step of an item by the extent that the policy gives disputes and promises.

    Beyond the share in dispute and the items of a promise, which are never claimed.
    """
    by = policy.suspended_by
    all_items = (*case.items, *case.others)
    disputed = all_items if by.dispute == "customer" else () if by.dispute == "share" else (item,)
    if any(each.open_minor > 0 and each.contested_minor for each in disputed):
        return "suspended_by_dispute"
    if by.promise == "customer" and any(each.open_minor > 0 and each.promised(day) for each in all_items):
        return "suspended_by_promise"
    return None


def _plan(
    case: Case, item: LadderItem, left_minor: int, day: date, policy: Policy, since: date | None
) -> ItemPlan:
    ahead = above(policy, item.taken)
    due = tuple(s for s in ahead if item.entered_on <= s.scheduled_on(item.due_on) <= day)
    if since is not None and day > item.due_on and due:
        resumed = resumes_on(policy, ahead, due_on=item.due_on, since=since)
        if resumed is None or day < resumed:
            return ItemPlan(
                item, left_minor, None, due, dict.fromkeys((s.code for s in due), "policy_changed")
            )
    if since is not None:
        due = tuple(s for s in due if not s.announces or s.scheduled_on(item.due_on) >= since)
    if any(not s.announces for s in due):
        # Includes steps due before the item entered the ledger: a formal notice is never the first contact.
        candidates = [s for s in ahead if not s.announces and s.scheduled_on(item.due_on) <= day]
    elif due and day <= item.due_on:
        candidates = [due[-1]]
    else:
        return ItemPlan(item, left_minor, None, (), {})
    against: dict[str, SuppressionCause] = {}
    chosen: Step | None = None
    for step in candidates:
        cause = _against(case, item, left_minor, step, day, policy)
        if cause is None:
            chosen = step
            break
        if cause != "no_address":
            break
    for step in due:
        if step is not chosen:
            found = _against(case, item, left_minor, step, day, policy)
            against[step.code] = found or "earlier_step"
    return ItemPlan(item, left_minor, chosen, due, against)


def _against(
    case: Case, item: LadderItem, left_minor: int, step: Step, day: date, policy: Policy
) -> SuppressionCause | None:
    """Return the first cause against a due step; ``None`` if it may be taken next."""
    if item.stayed:
        return "insolvency"
    if item.placed:
        return "placed"
    if case.on_hold(day):
        return "customer_on_hold"
    if item.promised(day):
        return "promised"
    if item.collectable_minor == 0:
        return item.uncollectable
    if (cause := suspended(case, item, day, policy)) is not None:
        return cause
    if policy.ends_after_days is not None and day > item.due_on + timedelta(days=policy.ends_after_days):
        return "ladder_ended"
    if left_minor == 0:
        return "covered_by_credit"
    if not case.takes(step, policy):
        return "no_address"
    if step.is_message and _at_limit(case, day, policy):
        return "contact_limit"
    if day < earliest_on(step, due_on=item.due_on, taken=item.taken):
        return "earlier_step"
    if step.formal and not contacted(item, policy):
        return "earlier_step"
    if step.act == "registered_letter" and _notice_is_recent(case, day, policy):
        return "formal_notice_recent"
    return None


def _at_limit(case: Case, day: date, policy: Policy) -> bool:
    limit = policy.contact_limit
    if limit is None:
        return False
    sent = {(each.on, each.part_of or each.position) for each in case.contacted_since(day, limit.days)}
    return len(sent) + case.contacted_today >= limit.messages


def contacted(item: LadderItem, policy: Policy) -> bool:
    """Return True if the item was claimed before. An announcement does not claim it."""
    return any(taken.reached and not taken.within(policy).announces for taken in item.taken)


def joins(plan: ItemPlan, tone: Step, policy: Policy) -> bool:
    """Return True if the item may be listed in a message with that step.

    A formal notice is for invoices that were claimed before, a litigation file for those with a formal notice.
    """
    match tone.act:
        case "registered_letter":
            return contacted(plan.item, policy)
        case "litigation_file":
            noticed = (taken.reached and taken.within(policy).formal for taken in plan.item.taken)
            return plan.step == tone or any(noticed)
        case _:
            return True


def _notice_is_recent(case: Case, day: date, policy: Policy) -> bool:
    last = case.formal_notice
    return last is not None and day < last.on + timedelta(days=policy.formal_notice_interval_days)
