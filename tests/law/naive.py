"""Bills and purses of the naive ledger: amounts that are added and subtracted, and a sum of lines by rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from encours.kernel.money import div_half_up

START = date(2026, 1, 5)
RATES = (0, 550, 2_000)
CUSTOMERS = ("cus_1", "cus_2")
CURRENCIES = ("EUR", "EUR", "EUR", "USD")
SHARE_BPS = 500
"""Highest residual as a share of what is billed."""
DISCOUNT_TIME = timedelta(days=10)
Sale = tuple[tuple[int, int], ...]
"""Lines: price in minor units, and rate."""


@dataclass
class Bill:
    """An invoice, in minor units; net and VAT by rate are those that it adds."""

    customer: str
    currency: str
    sale: Sale
    parts: dict[int, tuple[int, int]]
    deposit: bool = False
    deducts: tuple[str, ...] = ()
    """Deposits that it deducts, as their final invoice."""
    deducted_by: str = ""
    """Final invoice that deducts this deposit."""
    surplus: int = 0
    """Credited because final invoices could not deduct it; a part of ``credited``."""
    offer: tuple[int, date] | None = None
    """Early-payment discount in hundredths of a percent, and its last day."""
    credited: int = 0
    rebated: int = 0
    lost: int = 0
    """Written off, and of that declared unrecoverable, and of that with VAT relief."""
    declared: int = 0
    relieved: int = 0
    claims: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(net + vat for net, vat in self.parts.values())

    @property
    def left(self) -> int:
        return self.total - self.credited - self.rebated


@dataclass
class Purse:
    """Money of a customer: a payment, or a credit note without an invoice."""

    customer: str
    currency: str
    amount: int
    on: date
    refunds: dict[str, int] = field(default_factory=dict)
    returned: int = 0
    """Reversed in part."""


def parts_of(sale: Sale, discount: int = 0) -> dict[int, tuple[int, int]]:
    """Net and VAT by rate; the discount is at the rate of the first line."""
    nets: Counter[int] = Counter()
    for price, rate in sale:
        nets[rate] += price
    nets[sale[0][1]] -= discount
    return {rate: (net, div_half_up(net * rate, 10_000)) for rate, net in nets.items()}


def decimal(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def closed(bill: Bill, parts: Sequence[tuple[int, date]], cap: int) -> tuple[int, int]:
    """Return the discount and the residual that close a bill of which nothing is at issue.

    ``parts`` are what was paid, each with its day. The discount is taken if funds in time lack no more of the price
    than a tolerance of ``cap`` closes.
    """
    if bill.lost or bill.claims or not parts:
        return 0, 0
    billed, last = bill.total - bill.credited, max(day for _, day in parts)
    left = billed - sum(amount for amount, _ in parts)
    rate, until = bill.offer or (0, START)
    discount = min(div_half_up(billed * rate, 10_000), bill.left) if last <= until else 0
    cap = min(cap, billed * SHARE_BPS // 10_000)
    for taken in (discount, 0) if discount > 0 else (0,):
        if left - taken in range(0 if taken else 1, cap + 1):
            return taken, left - taken
    return 0, 0
