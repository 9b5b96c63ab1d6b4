"""The decision of one day for one customer, and its items."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from msgspec.structs import replace

from dunning_svc.domain.ladder.state import Case, LadderItem
from dunning_svc.domain.policy.policy import Grouping, Joint, Step
from encours.contracts.events.dunning.reminders import (
    AwaitedApproval,
    DunnedItem,
    LateTerms,
    PolicyChoice,
    SendingHours,
    SuppressedStep,
    SuppressionCause,
)
from encours.contracts.events.dunning.together import DunnedDebtor


class Decision(msgspec.Struct, frozen=True):
    """Decision of a day and its basis. ``cause`` is the reason why no step is taken, else ``None``.

    ``suppressed``: due steps that are not taken, besides those of ``items``.
    """

    customer_id: str
    entity_id: str
    currency: str
    addressee_id: str
    language: str
    day: date
    step: Step
    items: tuple[DunnedItem, ...]
    credit_minor: int
    amount_minor: int
    superseded: tuple[str, ...]
    cause: SuppressionCause | None
    policy_id: str
    policy_version: int
    position: int
    input_events: tuple[int, ...]
    suppressed: tuple[SuppressedStep, ...] = ()
    choice: PolicyChoice | None = None
    earlier_days: int = 0
    """Days by which the first reminder of the policy came earlier, by accepted terms."""
    hours: SendingHours | None = None
    """Hours in which the message may leave; ``None``: at any time."""
    approval: AwaitedApproval | None = None
    """Approval that the message waits for, if it needs one."""
    invoice_id: str | None = None
    """Invoice of a message or task for it alone; ``None`` where one is for all of the case."""
    debtors: tuple[DunnedDebtor, ...] = ()
    """Customers whose cases are decided together; ``customer_id`` is their payer, or the head of their group."""
    grouping: Grouping = "customer"
    unit_part: int = 0
    """Place among several decisions about the customers of one payer or group."""

    @property
    def part(self) -> str | None:
        """Distinguish decisions of one day about a customer at a creditor in a currency; ``None`` for the usual one."""
        if self.debtors:
            place = f" {self.unit_part}" if self.unit_part else ""
            return f"{self.grouping} {self.policy_id} {self.policy_version}{place}"
        return self.invoice_id

    @property
    def is_message(self) -> bool:
        """True if a message to the customer follows."""
        return self.cause is None and self.step.is_message


def dunned(
    item: LadderItem, day: date, *, asked_minor: int, step: str, terms: LateTerms | None = None
) -> DunnedItem:
    """Return an item as listed in a decision of that day; ``step`` is empty if it takes none."""
    return DunnedItem(
        invoice_id=item.invoice_id,
        invoice_version=item.version,
        number=item.number,
        due_on=item.due_on,
        days_past_due=(day - item.due_on).days,
        open_minor=item.open_minor,
        disputed_minor=item.contested_minor,
        planned_minor=item.on_plan_minor,
        in_hand_minor=item.covered_minor,
        later_minor=item.later_minor,
        stayed_minor=item.stayed_minor,
        placed_minor=item.placed_minor,
        asked_minor=asked_minor,
        step=step,
        terms=terms,
    )


class CasePart(msgspec.Struct, frozen=True):
    """A case of a decision. ``since``: day from which on the policy is applied to it in place of another one."""

    case: Case
    since: date | None


def with_debtors(decision: Decision, parts: Sequence[CasePart], joint: Joint) -> Decision:
    """Return a decision about cases that are decided together, with the customer of each item and of each sum."""
    owner = {item.invoice_id: part.case.customer_id for part in parts for item in part.case.items}
    items = tuple(replace(item, customer_id=owner[item.invoice_id]) for item in decision.items)
    listed = {item.invoice_id for item in items}
    named = {owner[each] for each in (*listed, *(left.invoice_id for left in decision.suppressed))}
    debtors = []
    for part in parts:
        customer_id = part.case.customer_id
        if customer_id not in named:
            continue
        asked = sum(item.asked_minor for item in items if item.customer_id == customer_id)
        # The check before dispatch compares it, also where nothing is asked of a customer with a listed item.
        credit = part.case.credit_for(listed)
        debtors.append(
            DunnedDebtor(
                customer_id=customer_id,
                name=part.case.name,
                since=part.since or decision.day,
                credit_minor=credit,
                amount_minor=max(0, asked - credit),
            )
        )
    amount_minor = sum(each.amount_minor for each in debtors)
    return replace(
        decision,
        customer_id=decision.addressee_id,
        items=items,
        credit_minor=sum(item.asked_minor for item in items) - amount_minor,
        amount_minor=amount_minor,
        debtors=tuple(debtors),
        grouping=joint,
    )
