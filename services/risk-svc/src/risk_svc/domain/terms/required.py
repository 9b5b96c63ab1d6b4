"""Guarantees that a customer has agreed to give because of its risk, until they are obtained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from encours.kernel.money import Money
from risk_svc.domain.guarantee import Guarantee, in_force
from risk_svc.domain.terms.proposals import OBTAIN_WITHIN_DAYS, TermsProposal

RequirementState = Literal["open", "overdue", "obtained"]


@dataclass(frozen=True, slots=True)
class RequiredGuarantee:
    """An accepted guarantee on a day: its amount, and the part that has been obtained since."""

    proposal_number: int
    accepted_on: date
    obtain_by: date
    amount: Money
    obtained: Money
    state: RequirementState


def required(
    proposals: Sequence[TermsProposal], guarantees: Sequence[Guarantee], day: date
) -> list[RequiredGuarantee]:
    """Return the guarantees that are agreed on a day, those to be obtained first in the order of their last days.

    Guarantees in force that were taken from the acceptance on count, each for one requirement, the earliest first; so a
    guarantee that ends opens the requirement again. Accepted terms that are withdrawn ask for none.
    """
    left = {
        id(each): each.taken.amount_minor
        for each in guarantees
        if each.taken is not None and in_force(each, day)
    }
    found = []
    for each in sorted(proposals, key=_accepted_on):
        proposed, answer, accepted_on = each.proposed, each.answer, each.answered_on
        if each.state != "accepted" or proposed.amount_minor is None or proposed.currency is None:
            continue
        assert answer is not None
        assert accepted_on is not None
        missing = proposed.amount_minor
        for given in guarantees:
            taken, taken_on = given.taken, given.taken_on
            if (
                taken is None
                or taken_on is None
                or taken_on < accepted_on
                or taken.currency != proposed.currency
            ):
                continue
            part = min(missing, left.get(id(given), 0))
            missing -= part
            left[id(given)] = left.get(id(given), 0) - part
        obtain_by = answer.obtain_by or accepted_on + timedelta(days=OBTAIN_WITHIN_DAYS)
        found.append(
            RequiredGuarantee(
                proposed.proposal_number,
                accepted_on,
                obtain_by,
                Money(proposed.amount_minor, proposed.currency),
                Money(proposed.amount_minor - missing, proposed.currency),
                "obtained" if not missing else "overdue" if day > obtain_by else "open",
            )
        )
    return sorted(found, key=lambda each: (each.state == "obtained", each.obtain_by, each.proposal_number))


def _accepted_on(proposal: TermsProposal) -> date:
    return proposal.answered_on or date.max
