"""Ladders as data: steps counted in days from the due date, in versions that decisions refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from dunning_svc.domain.policy.written import offsets
from encours.contracts.events.dunning.document import (
    ContactLimit,
    DunningAct,
    PolicyDocument,
    PolicyHours,
    PromiseTerms,
    StepApproval,
    Suspension,
    ThanksTerms,
)
from encours.contracts.events.dunning.reminders import Channel

Progression = Literal["highest", "step_by_step"]
"""Step that an item takes: the highest due one, or the one above the last step taken."""

Grouping = Literal["customer", "invoice", "payer", "group"]
Joint = Literal["payer", "group"]
"""Grouping under which cases of several customers are decided together."""
_NARROW = Suspension(dispute="share", promise="invoice")
USUAL_TERMS = PromiseTerms()
"""Terms of promises under a policy that states none."""
_CHANNELS: dict[DunningAct, Channel] = {
    "email": "email",
    "call": "phone",
    "letter": "letter",
    "registered_letter": "registered_letter",
    "litigation_file": "file",
    "sms": "sms",
    "webhook": "webhook",
}


_TASKS = ("call", "litigation_file")


def is_reminder(act: str, offset_days: int) -> bool:
    """Return True for a step that reaches the customer, and that does not come before the due date."""
    return act not in _TASKS and offset_days >= 0


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a ladder. ``offset_days`` counts from the due date; a negative one announces the due date.

    ``interval_days``: minimum interval since the last step taken. Step by step only.
    """

    code: str
    offset_days: int
    act: DunningAct
    template: str
    interval_days: int = 0
    floors_minor: Mapping[str, int] = field(default_factory=dict, hash=False)
    """By currency, a minimum amount that is higher than that of the policy."""
    late_terms_hidden: bool = False
    approval: StepApproval | None = field(default=None, hash=False)

    @property
    def channel(self) -> Channel:
        return _CHANNELS[self.act]

    @property
    def announces(self) -> bool:
        """True for a friendly notice before the due date. It is not sent once that date has passed."""
        return self.offset_days < 0

    @property
    def formal(self) -> bool:
        """True for a formal notice and the litigation file after it: never the first contact about an invoice."""
        return self.act in ("registered_letter", "litigation_file")

    @property
    def severity(self) -> int:
        """Rank of the step: an announcement, a reminder, a formal notice, a litigation file."""
        if self.act == "litigation_file":
            return 3
        return 2 if self.act == "registered_letter" else 0 if self.announces else 1

    @property
    def is_message(self) -> bool:
        """True if it reaches the customer; a task reaches a person at the creditor."""
        return self.act not in _TASKS

    def scheduled_on(self, due_on: date) -> date:
        return due_on + timedelta(days=self.offset_days)


@dataclass(frozen=True, slots=True)
class Policy:
    """A version of a ladder; its steps are in ascending order of days."""

    policy_id: str
    version: int
    name: str
    steps: tuple[Step, ...]
    addressed: frozenset[Channel]
    """Channels that are skipped for a customer without the e-mail or postal address that they need."""
    progression: Progression = "highest"
    floors_minor: Mapping[str, int] = field(default_factory=dict)
    """By currency, the amount that the items of a step must exceed; 0 for other currencies. Step by step only."""
    addresses_by_role: bool = False
    """The payer is written to, at its contact for reminders; earlier versions wrote to the debtor itself."""
    formal_notice_interval_days: int = 0
    """Minimum interval between two formal notices to a customer. Step by step only."""
    contact_limit: ContactLimit | None = None
    business_days: bool = False
    """No step is taken on a day that is no business day in the addressee's country."""
    suspended_by: Suspension = _NARROW
    ends_after_days: int | None = None
    promises: PromiseTerms = USUAL_TERMS
    hours: PolicyHours | None = None
    """Hours in which messages leave; ``None``: at any time."""
    grouping: Grouping = "customer"
    thanks: ThanksTerms | None = None
    """``None``: nobody is thanked for a payment."""

    def step(self, code: str) -> Step:
        """Return the step with that code. Raises :class:`KeyError` if this version has none."""
        for step in self.steps:
            if step.code == code:
                return step
        raise KeyError(code)

    def earlier(self, days: int) -> Policy:
        """Return the policy with its first reminder so many days earlier, at most to the day after the due date.

        It stays after a step that announces the due date; the steps after it keep their days.
        """
        place = next((n for n, step in enumerate(self.steps) if not step.announces), None)
        if not days or place is None:
            return self
        first = self.steps[place]
        moved = first.offset_days - min(first.offset_days, max(1, first.offset_days - days))
        # Its interval is counted from the announcement, which stays.
        begun = replace(
            first,
            offset_days=first.offset_days - moved,
            interval_days=max(0, first.interval_days - moved),
        )
        return replace(self, steps=(*self.steps[:place], begun, *self.steps[place + 1 :]))

    def floor_minor(self, currency: str, step: Step | None = None) -> int:
        """Return the minimum amount in a currency, in its minor units: the items of the step must exceed it."""
        own = 0 if step is None else step.floors_minor.get(currency, 0)
        return max(own, self.floors_minor.get(currency, 0))


def ladder_of(policy_id: str, version: int, document: PolicyDocument) -> Policy:
    """Return the ladder of a document."""
    return Policy(
        policy_id=policy_id,
        version=version,
        name=document.name,
        steps=tuple(
            Step(
                code=step.code,
                offset_days=offset_days,
                act=step.act,
                template=step.template,
                interval_days=step.interval_days
                if step.counted_from == "due_date"
                else max(step.interval_days, step.offset_days),
                floors_minor={each.currency: each.amount_minor for each in step.minimums},
                late_terms_hidden=step.late_terms == "hidden",
                approval=step.approval,
            )
            for step, offset_days in zip(document.steps, offsets(document.steps), strict=True)
        ),
        addressed=frozenset({"email", "letter", "registered_letter", "sms"}),
        progression="step_by_step",
        floors_minor={each.currency: each.amount_minor for each in document.minimums},
        addresses_by_role=True,
        formal_notice_interval_days=document.formal_notice_interval_days,
        contact_limit=document.contact_limit,
        business_days=document.acts_on == "business_days",
        suspended_by=document.suspended_by or _NARROW,
        ends_after_days=document.ends_after_days,
        promises=document.promises or USUAL_TERMS,
        hours=document.hours,
        grouping=document.grouping,
        thanks=document.thanks,
    )
