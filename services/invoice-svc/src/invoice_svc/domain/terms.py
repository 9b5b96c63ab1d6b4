"""Contract conditions: as a request proposes them, and the days and the fee that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from msgspec.structs import replace

from encours.contracts.common import EarlyDiscount, Terms
from encours.kernel.business_days import Shift, business_calendar
from encours.kernel.money import Money
from encours.kernel.terms import DueKind, DueRule, due_date
from encours.legal.law import LatePaymentLaw
from encours.legal.packs import law_of
from invoice_svc.domain.refusals import require_currency

CalendarChoice = Literal["TARGET", "country"]
"""Calendar of business days: that of the euro's settlement system, or of the creditor's country."""


@dataclass(frozen=True, slots=True)
class ProposedTerms:
    """Conditions; with ``indemnity`` ``None`` their flat recovery fee is that of the law."""

    due_kind: DueKind
    days: int
    penalty_rate_bps: int | None
    indemnity: Money | None
    months: int = 0
    day_of_month: int | None = None
    periodic: bool = False
    business_day: Shift = "none"
    calendar: CalendarChoice = "TARGET"
    discount: EarlyDiscount | None = None
    deposit_bps: int | None = None

    def settled(self, currency: str, country: str, day: date, pointer: str) -> Terms:
        """Return the terms with the fee in minor units of the currency; the law is that in force on ``day``.

        ``country`` is the creditor's; ``pointer`` is that of the terms in the body. Raises ``currency-mismatch`` (422)
        for a fee in another currency, and ``no-business-calendar`` (422).
        """
        law, by_law = law_of(country), False
        if self.indemnity is None:
            fee, by_law = law.fee_minor(day, currency), law.fee_depends_on_size(day, currency)
        else:
            require_currency(self.indemnity.currency, currency, f"{pointer}/indemnity")
            fee = self.indemnity.amount_minor
        calendar = None
        if self.business_day != "none":
            calendar = business_calendar(country if self.calendar == "country" else "TARGET").name
        return Terms(
            due_kind=self.due_kind,
            days=self.days,
            months=self.months,
            day_of_month=self.day_of_month,
            periodic=self.periodic,
            business_day=self.business_day,
            calendar=calendar,
            penalty_rate_bps=self.penalty_rate_bps,
            indemnity_minor=fee,
            fee_by_law=by_law,
            discount=self.discount,
            deposit_bps=self.deposit_bps,
        )


def settled(terms: Terms | ProposedTerms, currency: str, country: str, day: date, pointer: str) -> Terms:
    """Return :meth:`ProposedTerms.settled` of proposed terms, and settled terms unchanged."""
    return terms.settled(currency, country, day, pointer) if isinstance(terms, ProposedTerms) else terms


def with_fee(terms: Terms, law: LatePaymentLaw, currency: str, day: date, total_minor: int) -> Terms:
    """Return the terms of one invoice: a fee that depends on the size of the debt is that of its total."""
    if not terms.fee_by_law:
        return terms
    return replace(terms, fee_by_law=False, indemnity_minor=law.fee_minor(day, currency, total_minor))


def due_rule(terms: Terms) -> DueRule:
    """Return the rule of the due date."""
    return DueRule(
        terms.due_kind,
        terms.days,
        terms.months,
        terms.day_of_month,
        terms.periodic,
        terms.business_day,
        terms.calendar,
    )


def due_on(terms: Terms, issued_on: date) -> date:
    """Return the due date of an invoice."""
    return due_date(issued_on, due_rule(terms))


def discount_until(terms: Terms, issued_on: date) -> date | None:
    """Return the last day of the early-payment discount, the due date at the latest; ``None`` without one."""
    discount = terms.discount
    if discount is None:
        return None
    rule = DueRule(discount.due_kind, discount.days, discount.months, discount.day_of_month)
    return min(due_date(issued_on, rule), due_on(terms, issued_on))
