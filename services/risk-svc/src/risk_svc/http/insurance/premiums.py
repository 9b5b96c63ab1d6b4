"""Answers about premiums of insurance contracts."""

from __future__ import annotations

from pydantic import BaseModel, Field

from encours.http.models import BusinessDate, MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf
from risk_svc.domain.insurance.premium import PeriodPremium, YearPremium


class PeriodPremiumOut(BaseModel):
    """A period of the declarations of turnover."""

    period: str = Field(examples=["2026-Q1"])
    from_: BusinessDate = Field(alias="from")
    to: BusinessDate
    deadline_id: str = Field(description="Deadline of the declaration, for `POST /v1/deadlines/{id}/meet`.")
    declared_on: BusinessDate | None
    turnover: MoneyModel | None = Field(description="Null until it is declared with its amount.")
    rate_ppm: int | None = Field(description="Rate in force as the period ends, in millionths.")
    premium: MoneyModel | None = Field(description="Turnover times the rate, rounded half up.")

    @classmethod
    def of(cls, found: PeriodPremium, currency: str) -> PeriodPremiumOut:
        """Return a period."""
        turnover, premium = found.turnover_minor, found.premium_minor
        return cls(
            **{
                "period": found.period.name,
                "from": found.period.first,
                "to": found.period.last,
                "deadline_id": found.period.deadline_id,
                "declared_on": found.declared_on,
                "turnover": None if turnover is None else MoneyModel.of(turnover, currency),
                "rate_ppm": found.rate_ppm,
                "premium": None if premium is None else MoneyModel.of(premium, currency),
            }
        )


class YearPremiumOut(BaseModel):
    """An insurance year: twelve months from the first day of the contract. A period is of the year in which it ends.

    A year is listed from the first day of its first period on, which may lie before its own.
    """

    from_: BusinessDate = Field(alias="from")
    to: BusinessDate
    turnover: MoneyModel
    premium: MoneyModel = Field(description="Sum of the periods.")
    minimum: MoneyModel = Field(description="0 before the first day of the year.")
    due: MoneyModel = Field(description="The premium, but no less than the minimum.")
    complete: bool = Field(description="All periods of the year have ended and are declared.")
    periods: list[PeriodPremiumOut] = Field(description="Those that have begun.")

    @classmethod
    def of(cls, found: YearPremium, currency: str) -> YearPremiumOut:
        """Return a year."""
        return cls(
            **{
                "from": found.first,
                "to": found.last,
                "turnover": MoneyModel.of(found.turnover_minor, currency),
                "premium": MoneyModel.of(found.premium_minor, currency),
                "minimum": MoneyModel.of(found.minimum_minor, currency),
                "due": MoneyModel.of(found.due_minor, currency),
                "complete": found.complete,
                "periods": [PeriodPremiumOut.of(each, currency) for each in found.periods],
            }
        )


class InsurancePremiums(Listing[YearPremiumOut], AsOf):
    """Premiums of a contract by insurance year, tax not included."""
