"""Conditions as a file has them, with the bounds of their numbers."""

from __future__ import annotations

import msgspec

from encours.contracts.common import EarlyDiscount
from encours.kernel.business_days import Shift
from encours.kernel.money import Money
from encours.kernel.terms import DueKind
from invoice_svc.domain.terms import CalendarChoice, ProposedTerms
from invoice_svc.imports.formats.verdict import Fault

MAX_DAYS, MAX_MONTHS, MAX_DAY_OF_MONTH = 365, 24, 31


class ImportedTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Conditions as a file has them; the fee, if any, with its currency."""

    due_kind: DueKind
    days: int
    months: int = 0
    day_of_month: int | None = None
    periodic: bool = False
    business_day: Shift = "none"
    calendar: CalendarChoice = "TARGET"
    penalty_rate_bps: int | None = None
    indemnity: tuple[int, str] | None = None
    discount: EarlyDiscount | None = None

    @property
    def has_days_only(self) -> bool:
        """Return true for conditions that say no more than the kind and the days."""
        return self == ImportedTerms(due_kind=self.due_kind, days=self.days)

    def proposed(self, usual_fee: Money | None = None) -> ProposedTerms:
        """Return the terms as the rules take them; ``usual_fee`` where the file has none."""
        fee = usual_fee if self.indemnity is None else Money(*self.indemnity)
        return ProposedTerms(
            due_kind=self.due_kind,
            days=self.days,
            penalty_rate_bps=self.penalty_rate_bps,
            indemnity=fee,
            months=self.months,
            day_of_month=self.day_of_month,
            periodic=self.periodic,
            business_day=self.business_day,
            calendar=self.calendar,
            discount=self.discount,
        )


def within(value: int, lowest: int, highest: int, column: str) -> int:
    """Return the number. Raises :class:`Fault` if it is out of its bounds."""
    if not lowest <= value <= highest:
        raise Fault("invalid-value", f"Write a number from {lowest} to {highest}.", column)
    return value
