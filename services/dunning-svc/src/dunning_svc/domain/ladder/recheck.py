"""Check of a decision just before dispatch, against events that were recorded after it.

A message is sent exactly as it was decided, or not at all. Since the decision there may have been a payment, applied
or not, a dispute, a credit note, a hold, insolvency proceedings, a placement, an address removed, or another policy
put in force. Of a message about several customers the case of each is checked. If the current case would lead to
another decision, the reminder is recorded as suppressed with the cause and the events. Its step is open again and the
next day decides on the new state. So decision, message and record never differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from dunning_svc.domain.ladder.decide import policy_of
from dunning_svc.domain.ladder.plan import suspended
from dunning_svc.domain.ladder.state import Case, LadderItem
from dunning_svc.domain.policy.choice import Policies, is_default
from dunning_svc.domain.policy.policy import Policy
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY, EARLIER
from encours.contracts.events.dunning.reminders import (
    ReminderRequested,
    ReminderSuppressed,
    SuppressionCause,
)
from encours.contracts.events.dunning.together import DunnedDebtor

_DEFERRED: tuple[SuppressionCause, ...] = ("instrument_in_hand", "on_plan")


class Objection(NamedTuple):
    """Case that objects to a message, its cause, and the part of the message that is about it."""

    case: Case
    cause: SuppressionCause
    share: ReminderRequested


def objected(
    reminder: ReminderRequested, cases: Mapping[str, Case], today: date, policies: Policies
) -> Objection | None:
    """Return the first objection of the cases to the message; ``None`` if none has any.

    ``cases``: by customer, that of the reminder or those whose items it lists.
    """
    if not reminder.debtors:
        case = cases[reminder.customer_id]
        cause = objection(reminder, case, today, policies)
        return None if cause is None else Objection(case, cause, reminder)
    for debtor in reminder.debtors:
        share = _share(reminder, debtor)
        if not share.items:
            continue
        case = cases[debtor.customer_id]
        joint = next((each for name, each in case.together.items() if name == reminder.grouping), None)
        if joint is None:
            return Objection(case, "other_policy_meanwhile", share)
        if joint.addressee_id != reminder.customer_id:
            return Objection(joint, "changed_meanwhile", share)
        cause = objection(share, joint, today, policies)
        if cause is not None:
            return Objection(joint, cause, share)
    return None


def _share(reminder: ReminderRequested, debtor: DunnedDebtor) -> ReminderRequested:
    """Return the part of a message that is about one of several customers."""
    items = tuple(item for item in reminder.items if item.customer_id == debtor.customer_id)
    return replace(
        reminder,
        customer_id=debtor.customer_id,
        items=items,
        credit_minor=debtor.credit_minor,
        amount_minor=debtor.amount_minor,
        debtors=(),
    )


def objection(
    reminder: ReminderRequested, case: Case, today: date, policies: Policies
) -> SuppressionCause | None:
    """Return the cause not to send the message by the current case and policies, or ``None``."""
    # Policies of the ledger address a customer as the default one in force does.
    decided = reminder.basis.policy_id, reminder.basis.policy_version
    cause = overtaken(reminder, case, today, EARLIER.get(decided, DEFAULT_POLICY))
    if cause is not None:
        return cause
    applied = policy_of(case, today, policies)[0]
    if not (applied.key == decided or (is_default(applied.key) and is_default(decided))):
        return "other_policy_meanwhile"
    case = case.on(today)
    listed = {item.invoice_id for item in reminder.items}
    found = (suspended(case, item, today, applied.policy) for item in case.items if item.invoice_id in listed)
    return next((cause for cause in found if cause is not None), None)


def overtaken(
    reminder: ReminderRequested, case: Case, today: date, policy: Policy
) -> SuppressionCause | None:
    """Return the cause not to send the message by the current case, or ``None``."""
    case = case.on(today)
    items = {item.invoice_id: item for item in case.items}
    asked_for = [item for item in reminder.items if item.asked_minor]
    if any(items[i.invoice_id].stayed for i in asked_for if i.invoice_id in items):
        return "insolvency"
    if any(items[i.invoice_id].placed for i in reminder.items if i.invoice_id in items):
        return "placed"
    if case.on_hold(today):
        return "customer_on_hold"
    if reminder.approval is not None and _went_on(reminder, items):
        return "changed_meanwhile"
    if reminder.channel in policy.addressed and not case.reachable(reminder.channel):
        return "no_address"
    if any(items[i.invoice_id].promised(today) for i in reminder.items if i.invoice_id in items):
        return "promised"
    now = [items[i.invoice_id].collectable_minor if i.invoice_id in items else 0 for i in asked_for]
    credit = case.credit_for({item.invoice_id for item in reminder.items})
    if now == [item.asked_minor for item in asked_for] and credit == reminder.credit_minor:
        return None
    if not any(item.invoice_id in items for item in asked_for):
        return "paid_meanwhile"
    if not any(now):
        left = [items[i.invoice_id] for i in asked_for if i.invoice_id in items]
        causes = {item.uncollectable for item in left}
        return next((each for each in _DEFERRED if each in causes), "fully_disputed")
    return "covered_by_credit" if credit >= sum(now) else "changed_meanwhile"


def _went_on(reminder: ReminderRequested, items: Mapping[str, LadderItem]) -> bool:
    """Return True if an invoice took a later step while the message waited for its approval."""
    own = [
        (items[each.invoice_id], each.step)
        for each in reminder.items
        if each.step and each.invoice_id in items
    ]
    return any(item.taken and item.taken[-1].code != step for item, step in own)


def suppression(
    reminder: ReminderRequested,
    cause: SuppressionCause,
    inputs: Iterable[int] = (),
    text: str | None = None,
) -> ReminderSuppressed:
    """Return the event that withdraws the request; ``inputs``: positions of the events that the case rests on now.

    ``text``: reason of the person who declined it.
    """
    return ReminderSuppressed(
        reminder_id=reminder.reminder_id,
        decision_id=reminder.decision_id,
        customer_id=reminder.customer_id,
        day=reminder.day,
        channel=reminder.channel,
        step=reminder.step,
        currency=reminder.currency,
        items=reminder.items,
        credit_minor=reminder.credit_minor,
        amount_minor=reminder.amount_minor,
        cause=cause,
        basis=reminder.basis,
        suppressed=(),
        because=tuple(sorted({each for each in inputs if each > reminder.basis.position})),
        text=text,
        debtors=reminder.debtors,
    )
