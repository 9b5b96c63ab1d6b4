"""Decision to thank a customer for invoices that it has paid in full, and the check of it just before dispatch.

Only payments settle an invoice for a thank-you; a credit note or a write-off that closes it does not. Nobody is thanked
during a hold, insolvency proceedings or a placement, and not for what was settled before the policy was put in force.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from msgspec.structs import replace

from dunning_svc.domain.ladder.state import Case
from dunning_svc.domain.policy.choice import ChosenPolicy, InvoiceFacts, Policies
from dunning_svc.domain.policy.hours import hours_for
from dunning_svc.domain.policy.working_days import is_working_day
from encours.contracts.events.dunning.document import ThanksTerms
from encours.contracts.events.dunning.thanks import (
    SettledInvoice,
    ThanksCause,
    ThanksRequested,
    ThanksSuppressed,
)

DAYS_TO_THANK = 7
"""Days from a settlement within which a customer is thanked, so that a hold or a Sunday may pass."""


@dataclass(frozen=True, slots=True)
class SettledCase:
    """Invoices of a case that payments have settled, with what else a thank-you depends on."""

    case: Case
    invoices: tuple[SettledInvoice, ...]
    insolvent: bool
    """Proceedings of the debtor have been opened."""
    placed: bool
    """A third party collects one of its invoices."""
    facts: tuple[InvoiceFacts, ...]
    """Facts about the invoices that criteria ask for, with what was paid of them as open."""
    events: tuple[int, ...] = ()
    """Positions of the events about the invoices, and about those that a third party collects."""

    def objection(self, day: date) -> ThanksCause | None:
        """Return the cause against any thank-you on a day."""
        if self.insolvent:
            return "insolvency"
        if self.placed:
            return "placed"
        if self.case.on_hold(day):
            return "customer_on_hold"
        return None if self.case.email else "no_address"


def thank(
    settled: SettledCase, day: date, policies: Policies, position: int, thanks_id: str
) -> ThanksRequested | None:
    """Return the thank-you of a day for one customer, creditor and currency, if there is one."""
    if settled.objection(day) is not None:
        return None
    applied = _policy_of(settled, day, policies)
    terms = applied.policy.thanks
    if terms is None or (applied.policy.business_days and not is_working_day(settled.case.country, day)):
        return None
    invoices = _thanked(settled, terms, applied.position)
    if not invoices:
        return None
    case, policy = settled.case, applied.policy
    return ThanksRequested(
        thanks_id=thanks_id,
        customer_id=case.customer_id,
        addressee_id=case.addressee_id,
        day=day,
        template=terms.template,
        language=case.language,
        currency=case.currency,
        invoices=invoices,
        amount_minor=sum(each.paid_minor for each in invoices),
        policy_id=policy.policy_id,
        policy_version=policy.version,
        position=position,
        input_events=tuple(sorted({*case.events, *settled.events, *(each.settled_at for each in invoices)})),
        hours=None
        if policy.hours is None
        else hours_for(policy.hours, case.country, business_days=policy.business_days),
    )


def objection(
    thanks: ThanksRequested, now: SettledCase | None, day: date, policies: Policies
) -> ThanksCause | None:
    """Return the cause not to send a thank-you by the case as it is now; ``None`` to send it."""
    if now is None or not _settlements(thanks.invoices) <= _settlements(now.invoices):
        return "payment_reversed"
    if cause := now.objection(day):
        return cause
    now = dataclasses.replace(now, invoices=thanks.invoices)
    applied = _policy_of(now, day, policies)
    terms = applied.policy.thanks
    if terms is None or _thanked(now, terms, 0) != thanks.invoices:
        return "not_asked_for"
    return None


def _settlements(invoices: Iterable[SettledInvoice]) -> set[tuple[str, int, int]]:
    return {(each.invoice_id, each.settled_at, each.paid_minor) for each in invoices}


def suppression(thanks: ThanksRequested, cause: ThanksCause, inputs: Iterable[int]) -> ThanksSuppressed:
    """Return the event that withdraws a thank-you; ``inputs``: positions of the events that the case rests on now."""
    return ThanksSuppressed(
        thanks_id=thanks.thanks_id,
        customer_id=thanks.customer_id,
        cause=cause,
        because=tuple(sorted({each for each in inputs if each > thanks.position})),
    )


def _policy_of(settled: SettledCase, day: date, policies: Policies) -> ChosenPolicy:
    """Return the policy of the case with what was paid still open: criteria ask for the customer as it was."""
    assert settled.case.standing is not None
    profile = settled.case.standing.profile
    before = replace(
        profile,
        open_minor=profile.open_minor + sum(each.open_minor for each in settled.facts),
        invoices=(*profile.invoices, *settled.facts),
    )
    return policies.apply(before, day)


def _thanked(settled: SettledCase, terms: ThanksTerms, since: int) -> tuple[SettledInvoice, ...]:
    """Return the invoices that the terms thank for, of those settled after a position."""
    assert settled.case.standing is not None
    names = settled.case.standing.profile.customer_ids
    if terms.customers and set(terms.customers).isdisjoint(names):
        return ()
    found = tuple(
        each
        for each in settled.invoices
        if each.settled_at > since and (each.reminders or not terms.after_reminder)
    )
    minimum = next((m.amount_minor for m in terms.minimums if m.currency == settled.case.currency), 0)
    return found if sum(each.paid_minor for each in found) >= minimum else ()
