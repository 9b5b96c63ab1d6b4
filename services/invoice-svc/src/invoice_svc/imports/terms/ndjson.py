"""Conditions of an NDJSON line: an object of their own."""

from __future__ import annotations

import msgspec

from encours.contracts.common import EarlyDiscount
from encours.kernel.business_days import Shift
from encours.kernel.terms import DueKind
from invoice_svc.domain.terms import CalendarChoice
from invoice_svc.imports import values
from invoice_svc.imports.formats.amounts import NumberStyle
from invoice_svc.imports.terms.imported import (
    MAX_DAY_OF_MONTH,
    MAX_DAYS,
    MAX_MONTHS,
    ImportedTerms,
    within,
)


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Object of a line; a member that it does not know is a fault."""


class DiscountObject(Strict, frozen=True, kw_only=True):
    """Early-payment discount of an NDJSON line."""

    rate: str
    days: int
    due_kind: DueKind = "NET"
    months: int = 0
    day_of_month: int | None = None


class TermsObject(Strict, frozen=True, kw_only=True):
    """Conditions of an NDJSON line."""

    due_kind: DueKind
    days: int
    months: int = 0
    day_of_month: int | None = None
    periodic: bool = False
    business_day: Shift = "none"
    calendar: CalendarChoice = "TARGET"
    penalty_rate: str | None = None
    indemnity: str | None = None
    discount: DiscountObject | None = None

    def parsed(self, currency: str, style: NumberStyle) -> ImportedTerms:
        """Return the conditions; the fee is in the currency. Raises :class:`Fault`."""
        fee = None
        if self.indemnity is not None:
            zero = self.indemnity.strip() in {"0", "0.00"}
            fee = 0 if zero else values.amount(self.indemnity, currency, "terms.indemnity", style)[0]
        return ImportedTerms(
            due_kind=self.due_kind,
            days=within(self.days, 0, MAX_DAYS, "terms.days"),
            months=within(self.months, 0, MAX_MONTHS, "terms.months"),
            day_of_month=_day_of_month(self.day_of_month, "terms.day_of_month"),
            periodic=self.periodic,
            business_day=self.business_day,
            calendar=self.calendar,
            penalty_rate_bps=None
            if self.penalty_rate is None
            else values.percent_bps(self.penalty_rate, "terms.penalty_rate"),
            indemnity=None if fee is None else (fee, currency),
            discount=_discount(self.discount),
        )


def _discount(found: DiscountObject | None) -> EarlyDiscount | None:
    if found is None:
        return None
    return EarlyDiscount(
        rate_bps=values.percent_bps(found.rate, "terms.discount.rate"),
        due_kind=found.due_kind,
        days=within(found.days, 0, MAX_DAYS, "terms.discount.days"),
        months=within(found.months, 0, MAX_MONTHS, "terms.discount.months"),
        day_of_month=_day_of_month(found.day_of_month, "terms.discount.day_of_month"),
    )


def _day_of_month(value: int | None, column: str) -> int | None:
    return None if value is None else within(value, 1, MAX_DAY_OF_MONTH, column)
