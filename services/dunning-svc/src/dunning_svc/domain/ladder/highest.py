"""Rules of policies that take the highest due step: versions 1 and 2 of the default policy.

Stored decisions of these versions are reperformed under them. The highest due step is taken and supersedes the lower
ones; the highest of all items determines channel and template of *one* message. If no candidate may be taken, the
suppression is a decision too, recorded once per step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dunning_svc.domain.ladder.decision import Decision, dunned
from dunning_svc.domain.ladder.state import Case, LadderItem
from dunning_svc.domain.policy.policy import Policy, Step
from dunning_svc.domain.policy.schedule import remaining
from encours.contracts.events.dunning.reminders import DunnedItem, SuppressionCause


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An item on the day: its due step, the lower steps superseded by it, the amount that unapplied cash leaves."""

    item: LadderItem
    step: Step | None
    passed: tuple[Step, ...]
    left_minor: int


def decide_highest(case: Case, day: date, policy: Policy, position: int) -> Decision | None:
    """Return the decision of a day; ``None`` if no step is due, or if the suppression was recorded before."""
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
    credit = case.credit_for({c.item.invoice_id for c in listed})
    return Decision(
        customer_id=case.customer_id,
        entity_id=case.entity_id,
        currency=case.currency,
        addressee_id=case.addressee_id,
        language=case.language,
        day=day,
        step=step,
        items=items,
        credit_minor=credit,
        amount_minor=max(0, sum(item.asked_minor for item in items) - credit),
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


def _firing(item: LadderItem, day: date, policy: Policy) -> tuple[Step | None, tuple[Step, ...]]:
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


def _candidates(case: Case, day: date, policy: Policy) -> list[_Candidate]:
    """Return every open item, oldest due first, with the amount that unapplied cash leaves of it."""
    covered = case.covered()
    found = []
    for item in case.oldest_first:
        if item.open_minor <= 0:
            continue
        step, passed = _firing(item, day, policy)
        found.append(_Candidate(item, step, passed, item.collectable_minor - covered[item.invoice_id]))
    return found


def _judge(
    case: Case, day: date, policy: Policy, wanting: list[_Candidate]
) -> tuple[SuppressionCause | None, list[_Candidate]]:
    """Return the candidates that may be taken; else the cause that suppresses all, and those that it concerns."""
    if case.on_hold(day):
        return "customer_on_hold", wanting
    active = [c for c in wanting if c.left_minor > 0]
    if not active:
        disputed = all(c.item.collectable_minor == 0 for c in wanting)
        return ("fully_disputed" if disputed else "covered_by_credit"), wanting
    deliverable = [c for c in active if c.step is not None and case.takes(c.step, policy)]
    if not deliverable:
        return "no_address", active
    top = _highest(deliverable).offset_days
    return None, [c for c in active if c.step is not None and c.step.offset_days <= top]


def _highest(candidates: Sequence[_Candidate]) -> Step:
    steps = [c.step for c in candidates if c.step is not None]
    return max(steps, key=lambda step: step.offset_days)


def _listed(candidates: Sequence[_Candidate], step: Step, day: date) -> list[_Candidate]:
    """Return the items of the message: those due or announced today; only the latter if the step announces."""
    announced = [c for c in candidates if c.step is not None and c.step.announces]
    if step.announces:
        return announced
    due = [c for c in candidates if c.item.due_on < day or (c.step is not None and not c.step.announces)]
    return due + announced


def _dunned(candidate: _Candidate, step: Step, day: date, *, fires: bool) -> DunnedItem:
    own = candidate.step
    only_announced = own is not None and own.announces and not step.announces
    asked = 0 if only_announced else candidate.item.collectable_minor
    return dunned(candidate.item, day, asked_minor=asked, step=own.code if own is not None and fires else "")
