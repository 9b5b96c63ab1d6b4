"""Customers by the mean of their delays, open and late invoices included (``payment-delay-ranking/1``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from heapq import nlargest, nsmallest

from reporting_svc.domain.measures.delays import CustomerPace

RANKED = 10
"""Customers at each end of the ranking."""
LEAST_INVOICES = 3
"""Invoices that fell due of a customer that is ranked."""


@dataclass(frozen=True, slots=True)
class RankedCustomer:
    """A customer with its mean delay in days, and the invoices that it is the mean of."""

    customer_id: str
    mean: Fraction
    pace: CustomerPace


@dataclass(frozen=True, slots=True)
class DelayRanking:
    """The fastest and the slowest payers, each from the end of the ranking on."""

    fastest: tuple[RankedCustomer, ...] = ()
    slowest: tuple[RankedCustomer, ...] = ()


def ranking(customers: Mapping[str, CustomerPace]) -> DelayRanking:
    """Return the ends of the ranking of customers with enough invoices; of equal means, by customer."""
    ranked = [
        RankedCustomer(customer_id, pace.at_least, pace)
        for customer_id, pace in customers.items()
        if pace.at_least is not None and pace.number >= LEAST_INVOICES
    ]

    def key(each: RankedCustomer) -> tuple[Fraction, str]:
        return each.mean, each.customer_id

    return DelayRanking(tuple(nsmallest(RANKED, ranked, key=key)), tuple(nlargest(RANKED, ranked, key=key)))
