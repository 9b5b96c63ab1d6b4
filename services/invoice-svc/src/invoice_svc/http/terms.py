"""Contract conditions in bodies and answers of customers and invoices."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field

from encours.contracts import common
from encours.http.answers import Json
from encours.http.models import Body, BusinessDate, Count, NonNegativeMoney
from encours.kernel.business_days import Shift
from encours.kernel.money import Money
from encours.kernel.terms import DueKind
from invoice_svc.domain.amounts.decimals import percent, rate_bps
from invoice_svc.domain.terms import CalendarChoice, ProposedTerms
from invoice_svc.http.common import DecimalText, iso

Days = Annotated[Count, Field(le=365)]
Months = Annotated[Count, Field(le=24, description="Months to add; in a shorter month the last day counts.")]
DayOfMonth = Annotated[
    int,
    Field(
        ge=1,
        le=31,
        strict=True,
        description="Then go on to the next such day: after an end of month, that of the following month.",
        examples=[10],
    ),
]


class DiscountBody(Body):
    """Early-payment discount: a part of the whole invoice, for payment by a day."""

    rate: DecimalText = Field(description="Percent of the total, VAT included.", examples=["2"])
    kind: DueKind = Field(default="NET", description="As for the due date.")
    days: Days = Field(examples=[8])
    months: Months = 0
    day_of_month: DayOfMonth | None = None

    def to_contract(self, pointer: str) -> common.EarlyDiscount:
        """Return the discount in the form of the events."""
        return common.EarlyDiscount(
            rate_bps=rate_bps(self.rate, f"{pointer}/rate", "A discount"),
            due_kind=self.kind,
            days=self.days,
            months=self.months,
            day_of_month=self.day_of_month,
        )


class TermsBody(Body):
    """Contract conditions. The parts of the due date apply in the order in which they stand here."""

    kind: DueKind = Field(
        default="NET",
        description="NET: months and days after issue. DAYS_THEN_EOM: add them, then go to the end of that month "
        "(2026-01-20 + 45 gives 2026-03-31). EOM_THEN_DAYS: go to the end of the month of issue, and of as many months "
        "after it, then add the days (gives 2026-03-17).",
    )
    months: Months = 0
    days: Days = Field(examples=[45])
    day_of_month: DayOfMonth | None = None
    business_day: Shift = Field(
        default="none", description="Move a due date that is no business day of the calendar."
    )
    calendar: CalendarChoice = Field(
        default="TARGET",
        description="Business days of the euro's settlement system, or of the entity's country.",
    )
    periodic: bool = Field(
        default=False,
        strict=True,
        description="The invoices sum up the supplies of a period (CGI 289 I-3): at most 45 days by French law.",
    )
    penalty_rate: DecimalText | None = Field(
        default=None,
        description="Contractual yearly rate in percent; null is the legal default rate.",
        examples=["12"],
    )
    indemnity: NonNegativeMoney | None = Field(
        default=None,
        description="Flat recovery fee per invoice paid late, in the currency of the invoice, or of the entity for an "
        "agreement; if not given that of the law of the entity's country (40.00 EUR in France), in its currency only.",
    )
    discount: DiscountBody | None = None

    def to_terms(self, pointer: str = "/terms") -> ProposedTerms:
        """Return the proposed terms; ``pointer`` is their JSON pointer in the body."""
        fee, rate = self.indemnity, None
        if self.penalty_rate is not None:
            rate = rate_bps(self.penalty_rate, f"{pointer}/penalty_rate", "A yearly rate")
        return ProposedTerms(
            due_kind=self.kind,
            days=self.days,
            penalty_rate_bps=rate,
            indemnity=None if fee is None else Money(fee.minor, fee.currency),
            months=self.months,
            day_of_month=self.day_of_month,
            periodic=self.periodic,
            business_day=self.business_day,
            calendar=self.calendar,
            discount=self.discount.to_contract(f"{pointer}/discount") if self.discount else None,
        )


class AgreedTermsBody(TermsBody):
    """Conditions for invoices issued from a day on."""

    valid_from: BusinessDate | None = Field(default=None, description="Today if not given.")
    deposit_bps: Annotated[int, Field(ge=1, le=10_000, strict=True)] | None = Field(
        default=None,
        description="Deposit of orders in basis points of their total; 10,000 is payment in advance.",
    )

    def to_terms(self, pointer: str = "/terms") -> ProposedTerms:
        """Return the proposed terms, with the deposit of orders."""
        return replace(super().to_terms(pointer), deposit_bps=self.deposit_bps)


class DiscountOut(BaseModel):
    """Early-payment discount."""

    rate: str = Field(description="Percent of the total, VAT included.")
    kind: DueKind
    days: int
    months: int
    day_of_month: int | None

    @classmethod
    def of(cls, discount: common.EarlyDiscount | None) -> Json | None:
        """Return a discount as JSON."""
        if discount is None:
            return None
        return {
            "rate": percent(discount.rate_bps),
            "kind": discount.due_kind,
            "days": discount.days,
            "months": discount.months,
            "day_of_month": discount.day_of_month,
        }


class TermsOut(BaseModel):
    """Contract conditions."""

    kind: DueKind
    months: int
    days: int
    day_of_month: int | None
    business_day: Shift
    calendar: str | None = Field(
        description="TARGET or a country; null without a shift.", examples=["TARGET"]
    )
    periodic: bool
    penalty_rate: str | None = Field(description="Percent a year; null is the legal default rate.")
    indemnity_minor: int = Field(
        description="Flat recovery fee in minor units of the invoice's currency, or of the entity's for an agreement."
    )
    discount: DiscountOut | None
    deposit_bps: int | None = Field(
        description="Of an agreement: deposit of orders in basis points of their total."
    )
    valid_from: date | None = None

    @classmethod
    def of(cls, terms: common.Terms | None, valid_from: date | None = None) -> Json | None:
        """Return terms as JSON."""
        if terms is None:
            return None
        return {
            "kind": terms.due_kind,
            "months": terms.months,
            "days": terms.days,
            "day_of_month": terms.day_of_month,
            "business_day": terms.business_day,
            "calendar": terms.calendar,
            "periodic": terms.periodic,
            "penalty_rate": None if terms.penalty_rate_bps is None else percent(terms.penalty_rate_bps),
            "indemnity_minor": terms.indemnity_minor,
            "discount": DiscountOut.of(terms.discount),
            "deposit_bps": terms.deposit_bps,
            "valid_from": iso(valid_from),
        }
