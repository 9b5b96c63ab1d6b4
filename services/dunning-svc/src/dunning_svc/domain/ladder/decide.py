"""The decision of one day for one customer: a pure function of the folded state, the day and the policy.

How a day is decided:

* A step is a candidate if it is due, is above the last step taken, and was not due before the item entered the
  ledger. The highest candidate is taken and supersedes the lower ones. So a late run takes one step per item and
  repeats none.
* No step is taken for an item with nothing to collect: disputed in full, or covered by unapplied cash, which is
  deducted from the oldest items first. Its step stays open and is decided again the next day.
* The highest step taken determines channel and template of *one* message, which lists every due item. The message
  includes invoices that are announced (before their due date). Without a step for a due item they get their own.
* A step is skipped if the customer lacks the address that its channel needs; the highest step that can be
  delivered replaces it. So a letter without an address does not prevent the e-mail about another invoice.
* If no candidate may be taken, the suppression is a decision too, recorded once per step.
* A day is decided once: after its decision, the same day yields no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dunning_svc.domain.ladder.state import Case, LadderItem
from dunning_svc.domain.policy.policy import Policy, Step
from dunning_svc.domain.policy.schedule import remaining
from encours.contracts.dunning import DunnedItem

Cause = Literal["covered_by_credit", "fully_disputed", "no_address", "customer_on_hold"]


@dataclass(frozen=True, slots=True)
class Decision:
    """Decision of a day and its basis. ``cause`` is the reason why no step is taken, else ``None``."""

    customer_id: str
    entity_id: str
    currency: str
    language: str
    day: date
    step: Step
    items: tuple[DunnedItem, ...]
    credit_minor: int
    amount_minor: int
    superseded: tuple[str, ...]
    cause: Cause | None
    policy_id: str
    policy_version: int
    position: int
    input_events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An item on the day: its due step, the lower steps superseded by it, the amount that unapplied cash leaves."""

    item: LadderItem
    step: Step | None
    passed: tuple[Step, ...]
    left_minor: int


def firing(item: LadderItem, day: date, policy: Policy) -> tuple[Step | None, tuple[Step, ...]]:
    """Return the highest due step, and the lower ones that it supersedes."""
    come = tuple(
        step
        for step in remaining(policy, due_on=item.due_on, entered_on=item.entered_on, done=item.done)
        if step.scheduled_on(item.due_on) <= day
    )
    if not come:
        return None, ()
    *lower, highest = come
    if highest.announces and day > item.due_on:
        return None, ()
    return highest, tuple(lower)


def decide_customer(case: Case, day: date, policy: Policy, position: int) -> Decision | None:
    """Return the decision of the day for this customer.

    ``None`` if the day is decided already, if no step is due, or if the suppression was recorded before.
    """
    if case.decided_on == day:
        return None
    candidates = _candidates(case, day, policy)
    wanting = [c for c in candidates if c.step is not None]
    if not wanting:
        return None
    cause, acting = _judge(case, day, policy, wanting)
    step = _highest(acting)
    if cause is None:
        listed = _listed(candidates, step, day)
    elif all(c.step is not None and c.step.code in c.item.suppressed for c in acting):
        return None
    else:
        listed = acting
    firing_ids = {c.item.invoice_id for c in acting}
    items = tuple(_dunned(c, step, day, fires=c.item.invoice_id in firing_ids) for c in listed)
    asked = sum(item.asked_minor for item in items)
    credit = case.credit_for({c.item.invoice_id for c in listed})
    return Decision(
        customer_id=case.customer_id,
        entity_id=case.entity_id,
        currency=case.currency,
        language=case.language,
        day=day,
        step=step,
        items=items,
        credit_minor=credit,
        amount_minor=max(0, asked - credit),
        superseded=tuple(
            f"{c.item.invoice_id}:{lower.code}"
            for c in listed
            if c.item.invoice_id in firing_ids
            for lower in c.passed
        ),
        cause=cause,
        policy_id=policy.policy_id,
        policy_version=policy.version,
        position=position,
        input_events=tuple(sorted({*case.events, *(p for c in listed for p in c.item.events)})),
    )


def _candidates(case: Case, day: date, policy: Policy) -> list[_Candidate]:
    """Return every open item, oldest due first, with the amount that unapplied cash leaves of it."""
    covered = case.covered()
    found = []
    for item in case.oldest_first:
        if item.open_minor <= 0:
            continue
        step, passed = firing(item, day, policy)
        found.append(_Candidate(item, step, passed, item.collectable_minor - covered[item.invoice_id]))
    return found


def _judge(
    case: Case, day: date, policy: Policy, wanting: list[_Candidate]
) -> tuple[Cause | None, list[_Candidate]]:
    """Return the candidates that may be taken; else the cause that suppresses all, and those that it concerns."""
    if case.on_hold(day):
        return "customer_on_hold", wanting
    active = [c for c in wanting if c.left_minor > 0]
    if not active:
        disputed = all(c.item.collectable_minor == 0 for c in wanting)
        return ("fully_disputed" if disputed else "covered_by_credit"), wanting
    deliverable = [c for c in active if c.step is not None and _deliverable(c.step, case, policy)]
    if not deliverable:
        return "no_address", active
    top = _highest(deliverable).offset_days
    return None, [c for c in active if c.step is not None and c.step.offset_days <= top]


def _deliverable(step: Step, case: Case, policy: Policy) -> bool:
    return step.channel not in policy.addressed or case.reachable(step.channel)


def _highest(candidates: Sequence[_Candidate]) -> Step:
    steps = [c.step for c in candidates if c.step is not None]
    return max(steps, key=lambda step: step.offset_days)


def _listed(candidates: Sequence[_Candidate], step: Step, day: date) -> list[_Candidate]:
    """Return the items of the message: those due or announced today; only the latter if the step announces.

    A friendly notice does not list late invoices, which get reminders of another tone.
    """
    announced = [c for c in candidates if c.step is not None and c.step.announces]
    if step.announces:
        return announced
    due = [c for c in candidates if c.item.due_on < day or (c.step is not None and not c.step.announces)]
    return due + announced


def _dunned(candidate: _Candidate, step: Step, day: date, *, fires: bool) -> DunnedItem:
    item = candidate.item
    own = candidate.step
    only_announced = own is not None and own.announces and not step.announces
    return DunnedItem(
        invoice_id=item.invoice_id,
        invoice_version=item.version,
        number=item.number,
        due_on=item.due_on,
        days_past_due=(day - item.due_on).days,
        open_minor=item.open_minor,
        disputed_minor=min(item.disputed_minor, item.open_minor),
        asked_minor=0 if only_announced else item.collectable_minor,
        step=own.code if own is not None and fires else "",
    )
