"""Order in which a payment without an indication settles debts (C. civ. 1342-10 al. 2).

Debts that are due come before others; among them those that the debtor has most interest in discharging, by the
policy: with ``interest_first`` penalty documents (C. civ. 1343-1), then with ``highest_rate`` those with the highest
rate of interest for late payment. Of equal ones the oldest comes first, and equally old ones share in proportion,
unless an early-payment discount is open on one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Literal, NamedTuple

from encours.kernel.money import pro_rata
from encours.legal.law import LatePaymentLaw, NoLegalRate
from invoice_svc.domain.allocation_policy.policy import AllocationPolicy
from invoice_svc.domain.invoice.discount import price_minor
from invoice_svc.domain.invoice.state import Invoice

LegalRule = Literal["interest_first", "highest_rate", "oldest_due", "pro_rata"]


class RankedPart(NamedTuple):
    """A part of a payment for a debt, with the ground of its place."""

    invoice_id: str
    amount_minor: int
    rule: LegalRule
    evidence: str


@dataclass(frozen=True, slots=True)
class LegalOrder:
    """The order of the law for a payment that was available on a day, by the policy and the law of interest."""

    on: date
    policy: AllocationPolicy
    law: LatePaymentLaw

    def parts(self, amount_minor: int, debts: Sequence[Invoice]) -> Iterator[RankedPart]:
        """Yield the parts of an amount for debts of one payer, each up to what is certain of it."""
        owed = [each for each in debts if _certain_minor(each) > 0]
        ordered = sorted(owed, key=lambda debt: (self._rank(debt), debt.number or ""))
        for _, members in groupby(ordered, self._rank):
            group = list(members)
            room = [_certain_minor(each) for each in group]
            shares = self._shares(min(amount_minor, sum(room)), group, room)
            for debt, share in zip(group, shares, strict=True):
                if share > 0:
                    is_shared = shares != room and sum(1 for each in shares if each) > 1
                    rule, evidence = self._ground(debt, owed, len(group) if is_shared else 1)
                    yield RankedPart(debt.invoice_id, share, rule, evidence)
            amount_minor -= sum(shares)
            if amount_minor <= 0:
                return

    def may_precede(self, debt: Invoice, found: Sequence[Invoice]) -> bool:
        """Return True if a debt that is not older than those found may come before one of them, or share with it."""
        if not found or age(debt) == age(found[-1]):
            return True
        ranks = bool(self.policy.ranking) or self.policy.imputation == "interest_first"
        return ranks and self._is_due(debt)

    def is_interest(self, debt: Invoice) -> bool:
        """Return True for a penalty document that is due and comes before principal by the policy."""
        return self.policy.imputation == "interest_first" and debt.purpose == "penalty" and self._is_due(debt)

    def _shares(self, amount_minor: int, group: Sequence[Invoice], room: list[int]) -> list[int]:
        """Return the parts of equal debts: in proportion; whole ones in turn while a discount makes them unequal."""
        if all(price_minor(each, self.on) == each.outstanding_minor for each in group):
            return pro_rata(amount_minor, room)
        shares = []
        for part in room:
            shares.append(min(amount_minor, part))
            amount_minor -= shares[-1]
        return shares

    def _rank(self, debt: Invoice) -> tuple[int, int, int, date, date]:
        if not self._is_due(debt):
            return (2, 0, 0, *age(debt))
        return (0 if self.is_interest(debt) else 1, 0, -self._rate_bps(debt), *age(debt))

    def _is_due(self, debt: Invoice) -> bool:
        return debt.due_on is not None and debt.due_on <= self.on

    def _rate_bps(self, debt: Invoice) -> int:
        """Return the rate of interest of a debt that is due, if the policy ranks by it; 0 where there is none."""
        if "highest_rate" not in self.policy.ranking or debt.due_on is None or debt.purpose == "penalty":
            return 0
        if debt.terms is not None and debt.terms.penalty_rate_bps is not None:
            return debt.terms.penalty_rate_bps
        try:
            return next(self.law.rates(self.on, self.on, debt.due_on))[2].value
        except NoLegalRate:
            return 0

    def _ground(self, debt: Invoice, debts: Sequence[Invoice], sharing: int) -> tuple[LegalRule, str]:
        """Return the rule that placed a debt among others; ``sharing`` debts of its rank divide what is left."""
        due = f"due {debt.due_on}"
        if sharing > 1:
            return "pro_rata", f"{due}, in proportion to {sharing} equal debts"
        if self.is_interest(debt):
            return "interest_first", f"penalty document, {due}"
        overtaken = [
            each
            for each in debts
            if age(each) < age(debt) and self._rank(each) > self._rank(debt) and not self.is_interest(each)
        ]
        if overtaken and self._is_due(debt):
            return "highest_rate", f"{self._rate_bps(debt) / 100:.2f} % a year, {due}"
        return "oldest_due", due


def age(debt: Invoice) -> tuple[date, date]:
    """Return the days by which one debt is older than another."""
    return (debt.due_on or date.max, debt.issued_on or date.max)


def _certain_minor(debt: Invoice) -> int:
    return debt.outstanding_minor - debt.disputed_minor
