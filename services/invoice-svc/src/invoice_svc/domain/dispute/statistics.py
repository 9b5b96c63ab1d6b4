"""Deductions by debtor and code: count, amounts, and how much was valid, invalid and recovered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from encours.contracts.events.sales.dispute import Category

DeductionStatus = Literal["open", "valid", "invalid", "split", "recovered"]
"""``recovered``: paid, as far as it was invalid."""


@dataclass(frozen=True, slots=True)
class DeductionCase:
    """A deduction as of a date. Amounts in minor units; ``invalid_minor`` was rejected or withdrawn."""

    dispute_id: str
    invoice_id: str
    customer_id: str
    entity_id: str
    code: str | None
    category: Category
    owner: str | None
    opened_on: date
    answer_by: date | None
    currency: str
    claimed_minor: int
    valid_minor: int
    invalid_minor: int
    recovered_minor: int
    resolved: bool

    @property
    def open_minor(self) -> int:
        """Amount without an outcome."""
        return self.claimed_minor - self.valid_minor - self.invalid_minor

    @property
    def status(self) -> DeductionStatus:
        """Status by outcome and recovery."""
        if not self.resolved:
            return "open"
        if not self.invalid_minor:
            return "valid"
        if self.recovered_minor >= self.invalid_minor:
            return "recovered"
        return "split" if self.valid_minor else "invalid"


@dataclass(frozen=True, slots=True)
class DeductionSums:
    """Deductions of a debtor by one code in one currency."""

    customer_id: str
    code: str | None
    currency: str
    count: int
    claimed_minor: int
    valid_minor: int
    invalid_minor: int
    recovered_minor: int


def sums_of(deductions: Iterable[DeductionCase]) -> list[DeductionSums]:
    """Return the sums by debtor, code and currency, the largest amount first."""
    groups: dict[tuple[str, str | None, str], list[DeductionCase]] = {}
    for each in deductions:
        groups.setdefault((each.customer_id, each.code, each.currency), []).append(each)
    found = [
        DeductionSums(
            customer_id=customer,
            code=code,
            currency=currency,
            count=len(group),
            claimed_minor=sum(each.claimed_minor for each in group),
            valid_minor=sum(each.valid_minor for each in group),
            invalid_minor=sum(each.invalid_minor for each in group),
            recovered_minor=sum(each.recovered_minor for each in group),
        )
        for (customer, code, currency), group in groups.items()
    ]
    return sorted(found, key=lambda each: (-each.claimed_minor, each.customer_id, each.code or ""))
