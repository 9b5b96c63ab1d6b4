"""The decision of one day for one customer: a pure function of the folded state, the day and the policy.

Rules of policies that go step by step:

* An item takes the step above the last one taken, once it is due and the minimum interval since that step has passed.
  So an invoice continues at the level that it had: if a payment is returned after months, or a dispute rejected, it
  begins with the first reminder. A late run takes one step per item and skips none.
* A step is superseded by a higher one only if the customer lacks the address that its channel needs, or if it
  announces a due date that has passed.
* A formal notice is never the first contact about an invoice: it lists only items that were claimed before. A
  litigation file lists only items with a formal notice. The policy sets the minimum interval between two formal
  notices to a customer.
* No step is taken for an item with nothing to collect: stayed by insolvency proceedings, placed with a third party,
  disputed in full, on a payment plan, covered by a cheque, bill or note in hand, or by unapplied cash, which is
  deducted from the oldest items first.
  After a plan is broken, or an instrument returned, the item goes on at its level.
* Of an invoice in instalments only what is due is claimed. Each instalment takes the ladder from its own due date, once
  the earlier ones are settled.
* No step is taken for an item whose payment the debtor has promised by a day that has not passed, with days of grace.
  A policy may extend a promise to every item of the case, a dispute to the whole item or to every item, and may end the
  ladder so many days after the due date.
* The highest step taken determines channel and template of *one* message, which lists every due item. The items with
  that step or a higher one must together exceed the minimum amount of the policy.
* The message includes invoices that are announced (before their due date). Without a step for a due item they get
  their own.
* Each due step is taken, superseded, or suppressed with its cause, which is recorded once per step. A suppressed step
  stays open and is decided again the next day.
* A policy that a case changes to makes nothing up: steps that were due before are suppressed as ``policy_changed``. An
  item keeps its level, mapped to the new ladder, and resumes on the day of the first step that was not due by then.
* No message goes beyond the contact limit of the policy, and no step is taken on a day that is no business day of the
  addressee, if the policy asks for it. Its hours are those in which the message may leave.
* A message whose step needs an approval waits for it as a proposal. Its step counts as taken meanwhile; once declined,
  the item goes on with the next step, without having been contacted.
* A day is decided once: after its decision, the same day yields no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
from msgspec.structs import replace

from dunning_svc.domain.ladder.decision import CasePart, Decision, dunned, with_debtors
from dunning_svc.domain.ladder.highest import decide_highest
from dunning_svc.domain.ladder.plan import ItemPlan, joins, plans
from dunning_svc.domain.ladder.state import Case
from dunning_svc.domain.policy.choice import ChosenPolicy, Policies, is_default
from dunning_svc.domain.policy.hours import ALL_DAY, hours_for
from dunning_svc.domain.policy.policy import Joint, Policy, Step
from dunning_svc.domain.policy.working_days import is_working_day
from encours.contracts.events.dunning.reminders import (
    AwaitedApproval,
    DunnedItem,
    PolicyChoice,
    SendingHours,
    SuppressedStep,
    SuppressionCause,
)

_PRECEDENCE: tuple[SuppressionCause, ...] = (
    "insolvency",
    "placed",
    "customer_on_hold",
    "promised",
    "suspended_by_dispute",
    "suspended_by_promise",
    "ladder_ended",
    "no_address",
    "below_floor",
    "covered_by_credit",
    "on_plan",
    "instrument_in_hand",
    "fully_disputed",
    "contact_limit",
    "formal_notice_recent",
    "formal_step_apart",
    "earlier_step",
    "policy_changed",
)
"""Causes in the order in which one of them is named as the cause of a decision."""


def decide_case(case: Case, day: date, policies: Policies, position: int) -> Decision | None:
    """Choose the policy of the case as of the day, and return its decision as :func:`decide_customer` does."""
    applied, part = under_policy(case, day, policies)
    decision = earlier(decide_customer(part.case, day, applied.policy, position, part.since), applied)
    if decision is None or (is_default(applied.key) and part.since is None):
        return decision
    return chosen(decision, [part.case], applied, part.since or day)


def earlier(decision: Decision | None, applied: ChosenPolicy) -> Decision | None:
    """Return the decision with the terms by which the first reminder of its policy came earlier."""
    if decision is None or not applied.earlier_days:
        return decision
    inputs = tuple(sorted({*decision.input_events, applied.earlier_position}))
    return replace(decision, earlier_days=applied.earlier_days, input_events=inputs)


def under_policy(case: Case, day: date, policies: Policies) -> tuple[ChosenPolicy, CasePart]:
    """Return the policy of a case on a day, and the case as that policy sees it."""
    applied, since, changed = policy_of(case, day, policies)
    if changed:
        # A suppression under another policy says nothing of this one's steps, which may have the same codes.
        case = replace(case, items=tuple(replace(item, suppressed=()) for item in case.items))
    return applied, CasePart(case, since)


def chosen(decision: Decision, cases: Sequence[Case], applied: ChosenPolicy, since: date) -> Decision:
    """Return the decision with the grounds on which the policy was applied, and the events that they rest on."""
    choice = PolicyChoice(
        priority=applied.priority,
        criteria=applied.criteria,
        since=since,
        also_met=applied.also_met,
        experiment_id=applied.experiment_id,
        arm=applied.arm,
    )
    inputs = {*decision.input_events, applied.position}
    profiles = [case.standing.profile for case in cases if case.standing is not None]
    if "invoice_fields" in applied.criteria:
        inputs |= {each.fields_position for profile in profiles for each in profile.invoices}
    if "grades" in applied.criteria:
        inputs |= {profile.grade_position for profile in profiles}
    return replace(decision, choice=choice, input_events=tuple(sorted(inputs - {0})))


def policy_of(case: Case, day: date, policies: Policies) -> tuple[ChosenPolicy, date | None, bool]:
    """Return the policy of a case on a day, the day from which on it is applied, and True if it is another one.

    A change counts from the last day on which it can have come about: a policy was put in force or out of it, the
    customer changed, an invoice that a criterion asks for, or the month by which invoices paid late are counted. The
    default policy that no other came before counts from ever.
    """
    standing = case.standing
    assert standing is not None
    applied = policies.apply(standing.profile, day)
    before = standing.before
    if before == applied.key:
        return applied, standing.since, False
    if is_default(applied.key) and (before is None or is_default(before)):
        return applied, None, False
    days = [policies.changed_on, standing.changed_on]
    if policies.by_invoices or policies.by_behaviour:
        days.append(standing.moved_on)
    if policies.by_invoice_fields:
        days.append(standing.fields_on)
    if policies.by_grade:
        days.append(standing.graded_on)
    if policies.by_behaviour:
        month = day.replace(day=1)
        if policies.apply(standing.profile, month - timedelta(days=1)).key != applied.key:
            days.append(month)
    since = max((each for each in days if each is not None), default=day)
    return applied, min(since, day), before is not None


def decide_customer(
    case: Case, day: date, policy: Policy, position: int, since: date | None = None
) -> Decision | None:
    """Return the decision of the day for this customer under a policy.

    ``since``: day from which on the policy is applied in place of another one.


    ``None`` if the day is decided already, if no step is due, or if the suppression was recorded before.
    """
    if policy.progression == "highest":
        return None if case.decided_on == day else decide_highest(case.on(day), day, policy, position)
    return decide_parts([CasePart(case, since)], day, policy, position)


def decide_parts(
    parts: Sequence[CasePart], day: date, policy: Policy, position: int, joint: Joint | None = None
) -> Decision | None:
    """Return the decision of the day for cases of one addressee, creditor and currency, step by step.

    Each item is judged in its own case; channel, minimum amount and list are those of one message. ``joint``: the
    grouping by which cases of several customers are decided together.
    """
    if any(part.case.decided_on == day for part in parts):
        return None
    if policy.business_days and not is_working_day(parts[0].case.country, day):
        return None
    parts = [replace(part, case=part.case.on(day)) for part in parts]
    found = [plan for part in parts for plan in plans(part.case, day, policy, part.since)]
    tone = _highest_step(found, policy, parts[0].case.currency)
    found = [_within(tone, plan, policy) for plan in found]
    if tone is not None:
        message = _Message(tone, _listed(found, tone, day, policy), found)
    elif suppressed := _suppressed_steps(found):
        message = _suppression(found, suppressed, policy)
    else:
        return None
    decision = _decision([part.case for part in parts], day, policy, position, message)
    return decision if joint is None else with_debtors(decision, parts, joint)


class _Message(msgspec.Struct, frozen=True):
    """Content of a decision. If no step is taken: its cause, and the suppressed step of each item by invoice."""

    step: Step
    listed: Sequence[ItemPlan]
    plans: Sequence[ItemPlan]
    cause: SuppressionCause | None = None
    steps: dict[str, str] | None = None


def _highest_step(found: Sequence[ItemPlan], policy: Policy, currency: str) -> Step | None:
    """Return the highest step whose items, with those of higher ones, exceed the minimum amount together.

    Due items are counted apart from announced ones.
    """
    acting = [(plan.step, plan.left_minor) for plan in found if plan.step is not None]
    for step in sorted({step for step, _ in acting}, key=lambda s: -s.offset_days):
        alike = (
            left
            for other, left in acting
            if other.announces == step.announces and other.offset_days >= step.offset_days
        )
        if sum(alike) > policy.floor_minor(currency, step):
            return step
    return None


def _within(tone: Step | None, plan: ItemPlan, policy: Policy) -> ItemPlan:
    """Return the plan, without its step if the step does not belong to a message of that tone."""
    step = plan.step
    if step is None:
        return plan
    cause: SuppressionCause | None = None
    if tone is None or step.offset_days > tone.offset_days:
        cause = "below_floor"
    elif not joins(plan, tone, policy):
        cause = "formal_step_apart"
    if cause is None:
        return plan
    reasons = {s.code: plan.against.get(s.code, cause) for s in plan.due}
    against = {code: cause if found == "earlier_step" else found for code, found in reasons.items()}
    return replace(plan, step=None, against=against)


def _listed(found: Sequence[ItemPlan], tone: Step, day: date, policy: Policy) -> list[ItemPlan]:
    """Return the items of the message: those due or announced today; only the latter if the step announces.

    A friendly notice does not list late invoices, which get reminders of another tone. No message lists an invoice that
    is wholly on a payment plan or covered by instruments in hand, stayed by insolvency proceedings, placed with a third
    party, or promised.
    """
    announced = [p for p in found if p.step is not None and p.step.announces]
    if tone.announces:
        return announced
    due = [p for p in found if p.item.due_on < day or (p.step is not None and not p.step.announces)]
    listed = [p for p in due if not (p.item.unlisted or p.item.promised(day) or p.suspension)]
    return [p for p in listed if joins(p, tone, policy)] + announced


def _suppression(found: Sequence[ItemPlan], suppressed: Sequence[SuppressedStep], policy: Policy) -> _Message:
    """Return the content of a suppression: the items with its cause, each with the highest suppressed step."""
    cause = min((each.cause for each in suppressed), key=_PRECEDENCE.index)
    steps: dict[str, str] = {}
    for each in suppressed:
        if each.cause == cause:
            steps[each.invoice_id] = each.step
    listed = [plan for plan in found if plan.item.invoice_id in steps]
    highest = max((policy.step(code) for code in steps.values()), key=lambda s: s.offset_days)
    return _Message(highest, listed, found, cause, steps)


def _suppressed_steps(found: Sequence[ItemPlan]) -> list[SuppressedStep]:
    """Return the due steps that are neither taken nor superseded, unless their suppression is recorded."""
    return [
        SuppressedStep(
            invoice_id=plan.item.invoice_id,
            number=plan.item.number,
            step=step.code,
            cause=plan.against[step.code],
        )
        for plan in found
        for step in plan.due
        if (plan.step is None or step.offset_days > plan.step.offset_days)
        and step.code not in plan.item.suppressed
    ]


def _decision(cases: Sequence[Case], day: date, policy: Policy, position: int, message: _Message) -> Decision:
    items = tuple(_dunned(plan, message, day) for plan in message.listed)
    steps = message.steps or {}
    suppressed = tuple(
        each for each in _suppressed_steps(message.plans) if steps.get(each.invoice_id) != each.step
    )
    named = {item.invoice_id for item in items} | {each.invoice_id for each in suppressed}
    concerned = [case for case in cases if any(item.invoice_id in named for item in case.items)]
    asked = {item.invoice_id: item.asked_minor for item in items}
    credits = [each.credit_for(asked) for each in concerned]
    # Cash of one customer is deducted from its own items alone.
    amount_minor = sum(
        max(0, sum(asked.get(item.invoice_id, 0) for item in each.items) - credit)
        for each, credit in zip(concerned, credits, strict=True)
    )
    rested_on = [plan.item for plan in message.plans if plan.item.invoice_id in named]
    inputs = {p for each in concerned for p in each.events} | {p for item in rested_on for p in item.events}
    case = cases[0]
    causes = {message.cause, *(each.cause for each in suppressed)}
    if case.formal_notice is not None and "formal_notice_recent" in causes:
        inputs.add(case.formal_notice.position)
    if "contact_limit" in causes and policy.contact_limit is not None:
        inputs |= {each.position for each in case.contacted_since(day, policy.contact_limit.days)}
    return Decision(
        customer_id=case.customer_id,
        entity_id=case.entity_id,
        currency=case.currency,
        addressee_id=case.addressee_id,
        language=case.language,
        day=day,
        step=message.step,
        items=items,
        credit_minor=sum(credits),
        amount_minor=amount_minor,
        superseded=tuple(f"{p.item.invoice_id}:{s.code}" for p in message.plans for s in p.superseded),
        cause=message.cause,
        policy_id=policy.policy_id,
        policy_version=policy.version,
        position=position,
        input_events=tuple(sorted(inputs)),
        suppressed=suppressed,
        hours=_hours(case, policy, message),
        approval=None if message.cause else _approval(message.step, case.currency, amount_minor, day),
    )


def _hours(case: Case, policy: Policy, message: _Message) -> SendingHours | None:
    if message.cause is not None or not message.step.is_message:
        return None
    hours = policy.hours
    if hours is None and policy.business_days and message.step.approval is not None:
        # It may be approved on any day.
        hours = ALL_DAY
    return None if hours is None else hours_for(hours, case.country, business_days=policy.business_days)


def _approval(step: Step, currency: str, amount_minor: int, day: date) -> AwaitedApproval | None:
    asked = step.approval
    if asked is None or any(
        each.currency == currency and amount_minor <= each.amount_minor for each in asked.above
    ):
        return None
    return AwaitedApproval(
        role=asked.role, until=day + timedelta(days=asked.days), unanswered=asked.unanswered
    )


def _dunned(plan: ItemPlan, message: _Message, day: date) -> DunnedItem:
    own = plan.step
    only_announced = own is not None and own.announces and not message.step.announces
    asked = 0 if only_announced else plan.item.collectable_minor
    step = own.code if own is not None else ""
    if message.steps is not None:
        step = message.steps[plan.item.invoice_id]
    return dunned(plan.item, day, asked_minor=asked, step=step, terms=plan.item.terms)
