"""The decision of one day for one customer, and its items."""

from __future__ import annotations

from datetime import date

import msgspec

from dunning_svc.domain.ladder.state import LadderItem
from dunning_svc.domain.policy.policy import Step
from encours.contracts.events.dunning.reminders import (
    AwaitedApproval,
    DunnedItem,
    LateTerms,
    PolicyChoice,
    SendingHours,
    SuppressedStep,
    SuppressionCause,
)


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
    hours: SendingHours | None = None
    """Hours in which the message may leave; ``None``: at any time."""
    approval: AwaitedApproval | None = None
    """Approval that the message waits for, if it needs one."""
    invoice_id: str | None = None
    """Invoice of a message or task for it alone; ``None`` where one is for all of the case."""

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
