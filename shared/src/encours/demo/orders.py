"""Orders on credit of the demo: on some days of the year, what a few customers are billed in the days that follow.

The invoices are real; that they were ordered, and when, is made up. Nothing here decides: risk-svc does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from encours.demo.model import SEED
from encours.demo.source import RetailInvoice

ORDER_DAYS = (
    date(2010, 12, 8),
    date(2011, 2, 9),
    date(2011, 4, 6),
    date(2011, 6, 8),
    date(2011, 8, 10),
    date(2011, 10, 5),
    date(2011, 11, 30),
)
BILLED_AFTER = timedelta(days=7)
FIT_DAY = date(2011, 7, 1)
"""Day on which the desk fits the payment model to what it has seen so far."""
LOSS_DAYS = (date(2011, 10, 12), date(2011, 11, 16), date(2011, 12, 21))
ORDERS_A_DAY = 16


@dataclass(frozen=True, slots=True)
class DemoOrder:
    """An order of a customer code, and the invoices that bill it."""

    order_ref: str
    customer: str
    deliver_on: date
    invoices: tuple[RetailInvoice, ...]

    @property
    def total_minor(self) -> int:
        """Sum of its invoices."""
        return sum(each.total_minor for each in self.invoices)


def days_at_the_desk(until: date) -> Iterator[date]:
    """Yield the days before ``until`` on which the credit desk works, in order."""
    billed = [day + BILLED_AFTER for day in ORDER_DAYS]
    yield from sorted(day for day in {*ORDER_DAYS, *billed, FIT_DAY, *LOSS_DAYS} if day < until)


def orders_of(day: date, invoices: Sequence[RetailInvoice]) -> list[DemoOrder]:
    """Return the orders of a day: of some customers who bought before, each for all that it buys within a week."""
    known = {each.customer for each in invoices if each.issued_on <= day}
    billed: dict[str, list[RetailInvoice]] = {}
    for each in invoices:
        if each.customer in known and each.total_minor and day < each.issued_on <= day + BILLED_AFTER:
            billed.setdefault(each.customer, []).append(each)
    rng = Random(f"{SEED}:{day}:orders")  # noqa: S311 - a model, not a secret
    return [
        DemoOrder(
            order_ref=f"PO-{billed[ref][0].number}",
            customer=ref,
            deliver_on=min(each.issued_on for each in billed[ref]),
            invoices=tuple(billed[ref]),
        )
        for ref in rng.sample(sorted(billed), min(ORDERS_A_DAY, len(billed)))
    ]
