"""Causes for which the credit policy of an entity holds the orders of a customer on a day."""

from __future__ import annotations

from encours.contracts.common import Reason
from encours.contracts.events.credit_hold import HoldCause
from encours.contracts.events.credit_policy import HoldRules


def causes_of(
    rules: HoldRules,
    *,
    days_late: int,
    insolvent: bool,
    step: str | None,
    cover_stop: Reason | None = None,
    broken_promises: int = 0,
) -> dict[HoldCause, Reason]:
    """Return the causes, each with its reason.

    ``days_late`` are those of the oldest open invoice that no money covers, ``step`` the last one that the ladder has
    taken since that invoice was due, ``cover_stop`` the reason for which credit insurance covers no new delivery,
    ``broken_promises`` the number of those of the last year.
    """
    found: dict[HoldCause, Reason] = {}
    if rules.days_past_due is not None and days_late > rules.days_past_due:
        found["days_past_due"] = Reason.of("days-past-due", days=days_late)
    if step is not None and step in rules.dunning_steps and days_late > 0:
        found["dunning_step"] = Reason.of("dunning-step-taken", step=step)
    if rules.insolvency and insolvent:
        found["insolvency"] = Reason(code="insolvency-proceedings")
    if rules.cover_stopped and cover_stop is not None:
        found["cover_stopped"] = cover_stop
    if rules.broken_promises is not None and broken_promises >= rules.broken_promises and days_late > 0:
        found["broken_promises"] = Reason.of("promises-broken", broken=broken_promises)
    return found


def earns_badge(rules: HoldRules, days_late: int) -> bool:
    """Return True if the policy marks a customer that is so late as a bad payer."""
    return rules.badge_days_past_due is not None and days_late > rules.badge_days_past_due
