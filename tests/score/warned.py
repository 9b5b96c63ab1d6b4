"""Warnings of slowing payments on the real file: how many, and what the invoices that followed were like.

Customers are judged every seventh day from the 200th day of the file on, by what was known on that day. Days late are
those after the due date, 0 in time. The file has no promises, part payments or days of disputes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from encours.contracts.events.credit_warning import SlowingRule
from risk_svc.domain.score.history import InvoiceOutcome, PayerHistory
from risk_svc.domain.warning.slowing import change_point, slows

WARM_UP, EVERY, NEXT = 200, 7, 90


@dataclass(frozen=True, slots=True)
class Followed:
    """Warnings of all customers in the months of the file, and those after which lateness rose."""

    customers: int
    months: float
    raised: int
    followed: int
    """Warnings after which at least three invoices were issued within 90 days."""
    rose: int
    """Of those: the mean days late of these invoices is above that of all before the change."""

    @property
    def per_100_and_month(self) -> float:
        """Warnings per 100 customers and month."""
        return 100 * self.raised / self.customers / self.months


def follow(payers: Sequence[PayerHistory], rule: SlowingRule) -> Followed:
    """Return the warnings and what followed them."""
    first = min(each.issued for payer in payers for each in payer.history)
    last = max(each.settled or 0 for payer in payers for each in payer.history)
    begin, raised, followed, rose = first + WARM_UP, 0, 0, 0
    for payer in payers:
        lasting = False
        for day in range(begin, last, EVERY):
            found = change_point(payer.history, day, rule)
            now = slows(found, rule, open_episode=lasting)
            if now and not lasting and found is not None:
                raised += 1
                after = [each for each in payer.history if day < each.issued <= day + NEXT]
                if len(after) >= 3:
                    followed += 1
                    rose += _late(after) > _late(payer.history[: found.index])
            lasting = now
    return Followed(len(payers), (last - begin) / 30.44, raised, followed, rose)


def any_day(payers: Sequence[PayerHistory]) -> tuple[int, int]:
    """Return how often lateness rose without regard to warnings: pairs of a customer and a judged day, and rises."""
    first = min(each.issued for payer in payers for each in payer.history)
    last = max(each.settled or 0 for payer in payers for each in payer.history)
    asked = rose = 0
    for payer in payers:
        for day in range(first + WARM_UP, last, EVERY):
            after = [each for each in payer.history if day < each.issued <= day + NEXT]
            before = [each for each in payer.history if each.issued <= day]
            if len(after) >= 3 and len(before) >= 8:
                asked += 1
                rose += _late(after) > _late(before)
    return asked, rose


def _late(some: Sequence[InvoiceOutcome]) -> float:
    return sum(max(0, each.delay_days) for each in some) / len(some)
