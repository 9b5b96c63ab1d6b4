"""The decision of one day for one customer: a pure function of the folded state, the day and the policy.

How a day is decided:

* A step is a candidate when its day has come, it lies above the last one done, and its day is not before the
  day on which the item entered the ledger. Of several candidates the highest one fires; the lower ones are
  superseded. So a late run catches up with one step and never repeats one.
* An item with nothing collectable (disputed in full, or covered by unapplied cash, which goes to the oldest
  items first) does not fire. Its step stays open and is looked at again the next day.
* The highest step that fires decides channel and template of *one* message, which lists every due item. An
  announcement (before the due date) goes into that message unasked, or alone when nothing due fires.
* A step whose channel needs an address that the customer does not have is set aside for the highest one that can
  be taken: a letter that nobody would get must not silence the e-mail about another invoice.
* When nothing that wants to fire may, that is a decision too, and is said once per step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dunning_svc.domain.ladder.policy import Policy, Step, remaining
from dunning_svc.domain.ladder.state import Item, View
from encours.contracts.dunning import DunnedItem

Cause = Literal["covered_by_credit", "fully_disputed", "no_address", "customer_on_hold"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do on a day, and everything it rests on. ``cause`` is set when nothing is to be done, and why."""

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
    """An item on the day: the step that wants to fire, the lower ones it passes over, what credit leaves of it."""

    item: Item
    step: Step | None
    passed: tuple[Step, ...]
    left_minor: int


def firing(item: Item, day: date, policy: Policy) -> tuple[Step | None, tuple[Step, ...]]:
    """The highest step whose time has come, and the lower ones that it makes needless."""
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


def decide_customer(view: View, day: date, policy: Policy, position: int) -> Decision | None:
    """What to do for this customer today; ``None`` when no step's time has come or all was said before."""
    candidates = _candidates(view, day, policy)
    wanting = [c for c in candidates if c.step is not None]
    if not wanting:
        return None
    cause, acting = _judge(view, day, policy, wanting)
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
    credit = _credit(view, candidates, {c.item.invoice_id for c in listed})
    return Decision(
        customer_id=view.customer_id,
        entity_id=view.entity_id,
        currency=view.currency,
        language=view.language,
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
        input_events=tuple(sorted({*view.events, *(p for c in listed for p in c.item.events)})),
    )


def _candidates(view: View, day: date, policy: Policy) -> list[_Candidate]:
    """Every open item, oldest due first, with what unapplied cash leaves of it."""
    credit = max(0, view.credit_minor)
    found = []
    for item in sorted(view.items, key=lambda i: (i.due_on, i.number, i.invoice_id)):
        if item.open_minor <= 0:
            continue
        covered = min(credit, item.collectable_minor)
        credit -= covered
        step, passed = firing(item, day, policy)
        found.append(_Candidate(item, step, passed, item.collectable_minor - covered))
    return found


def _judge(
    view: View, day: date, policy: Policy, wanting: list[_Candidate]
) -> tuple[Cause | None, list[_Candidate]]:
    """Whether the steps may be taken, and which of them; the most telling reason against comes first."""
    if view.hold_until is not None and day <= view.hold_until:
        return "customer_on_hold", wanting
    active = [c for c in wanting if c.left_minor > 0]
    if not active:
        disputed = all(c.item.collectable_minor == 0 for c in wanting)
        return ("fully_disputed" if disputed else "covered_by_credit"), wanting
    deliverable = [c for c in active if c.step is not None and _deliverable(c.step, view, policy)]
    if not deliverable:
        return "no_address", active
    top = _highest(deliverable).offset_days
    return None, [c for c in active if c.step is not None and c.step.offset_days <= top]


def _deliverable(step: Step, view: View, policy: Policy) -> bool:
    if step.channel not in policy.addressed:
        return True
    return bool(view.email if step.channel == "email" else view.address)


def _highest(candidates: Sequence[_Candidate]) -> Step:
    steps = [c.step for c in candidates if c.step is not None]
    return max(steps, key=lambda step: step.offset_days)


def _listed(candidates: Sequence[_Candidate], step: Step, day: date) -> list[_Candidate]:
    """The items of the message: all that is due and what is announced today; of a mere announcement, only that.

    A friendly notice that also lists what is late would be two tones in one letter: late items have their own.
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


def _credit(view: View, candidates: Sequence[_Candidate], listed: set[str]) -> int:
    """Unapplied cash less what items outside this message have used up of it."""
    outside = sum(
        c.item.collectable_minor - c.left_minor for c in candidates if c.item.invoice_id not in listed
    )
    return max(0, view.credit_minor) - outside
