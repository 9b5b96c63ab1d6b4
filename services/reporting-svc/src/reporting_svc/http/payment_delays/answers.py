"""Answers about delays of payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, Field

from encours.http.answers import Json
from encours.http.models import MoneyModel, money_json
from reporting_svc.domain.measures import definitions
from reporting_svc.domain.measures.delays import (
    BANDS,
    Cohort,
    DelayFigures,
    DelayMonths,
    Delays,
)
from reporting_svc.domain.measures.dso import rounded
from reporting_svc.domain.measures.ranking import LEAST_INVOICES, DelayRanking, RankedCustomer
from reporting_svc.http.answers import Report, TieOut
from reporting_svc.http.measured import PercentOut, Reasoned
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.read_models.delays.figures import DelayGroup
from reporting_svc.read_models.tie_out.query import TiedFigures


class SettledOut(Reasoned):
    """Invoices and instalments that are settled, with their delays in days; negative before the due date."""

    count: int
    amount: MoneyModel
    mean_days: float | None
    weighted_mean_days: float | None = Field(description="Weighted by what was owed.")
    median_days: float | None
    late: int = Field(description="Number settled after the due date.")


class OpenLateOut(Reasoned):
    """Open and late ones: their delay is at least the days so far."""

    count: int
    amount: MoneyModel = Field(description="What no funds cover.")
    mean_days_so_far: float | None
    longest_days_so_far: int | None


class DelayBucketOut(BaseModel):
    """Invoices in a band of days: by delay, or by days so far."""

    band: str
    settled: int
    settled_amount: MoneyModel
    open_late: int
    open_late_amount: MoneyModel


class DelayRow(Reasoned):
    """Delays of a group; `group` is null for all together and for customers that are in none."""

    group: str | None
    settled: SettledOut
    open_late: OpenLateOut
    at_least_days: float | None = Field(description="Mean of both, the open ones with their days so far.")
    distribution: list[DelayBucketOut]

    @classmethod
    def of(cls, group: str | None, delays: Delays, currency: str) -> Json:
        """Show the delays of a group."""
        return {
            "group": group,
            "settled": {
                "count": delays.settled.number,
                "amount": money_json(delays.settled.minor, currency),
                "mean_days": rounded(delays.mean),
                "weighted_mean_days": rounded(delays.weighted),
                "median_days": rounded(delays.median),
                "late": delays.late,
                "reason": None if delays.settled else "nothing-settled",
            },
            "open_late": {
                "count": delays.open_late.number,
                "amount": money_json(delays.open_minor, currency),
                "mean_days_so_far": rounded(delays.open_mean),
                "longest_days_so_far": max(delays.open_late, default=None),
                "reason": None if delays.open_late else "nothing-late",
            },
            "at_least_days": rounded(delays.at_least),
            "reason": "nothing-fell-due" if delays.at_least is None else None,
            "distribution": [
                {
                    "band": band,
                    "settled": bucket.settled,
                    "settled_amount": money_json(bucket.settled_minor, currency),
                    "open_late": bucket.open_late,
                    "open_late_amount": money_json(bucket.open_late_minor, currency),
                }
                for band, bucket in zip(BANDS, delays.distribution(), strict=True)
            ],
        }


class RankedCustomerOut(BaseModel):
    """A customer by its mean delay, what is open and late included."""

    customer_id: str
    name: str | None
    at_least_days: float
    settled: int
    open_late: int


class SeasonOut(Reasoned):
    """Invoices that fell due in a calendar month, of whichever year."""

    month: int = Field(ge=1, le=12)
    settled: int
    mean_days: float | None
    weighted_mean_days: float | None
    open_late: int


class CohortOut(BaseModel):
    """Invoices issued in a month."""

    month: date
    billed: MoneyModel = Field(description="What was ever owed.")
    recovered: MoneyModel = Field(description="What funds of the customers cover at as_of.")
    recovered_rate: PercentOut
    open_not_due: MoneyModel
    open_late: MoneyModel
    old: MoneyModel = Field(description="Owed on those whose due date is at least 90 days past.")
    at_risk: MoneyModel = Field(description="The part of `old` that was not covered on the 90th day.")
    at_risk_rate: PercentOut

    @classmethod
    def of(cls, cohort: Cohort, currency: str) -> Json:
        """Show a month."""
        return {
            "month": cohort.month.isoformat(),
            "billed": money_json(cohort.billed_minor, currency),
            "recovered": money_json(cohort.recovered_minor, currency),
            "recovered_rate": PercentOut.of(definitions.RECOVERED_RATE, cohort.recovered, "nothing-billed"),
            "open_not_due": money_json(cohort.open_not_due_minor, currency),
            "open_late": money_json(cohort.open_late_minor, currency),
            "old": money_json(cohort.old_minor, currency),
            "at_risk": money_json(cohort.at_risk_minor, currency),
            "at_risk_rate": PercentOut.of(definitions.AT_RISK, cohort.at_risk, "not-known-yet"),
        }


class DelayMonthsOut(BaseModel):
    """Invoices by the calendar month of their due date, and by the month of their issue."""

    seasonality: list[SeasonOut]
    cohorts: list[CohortOut]


class DelayGroupOut(DelayMonthsOut):
    """Months of a group; `group` is null for customers that are in none."""

    group: str | None


@dataclass(frozen=True, slots=True)
class DelayReport:
    """Delays that are shown: of all, by group, by customer, and by month, of all and of each group."""

    by: DelayGroup
    figures: DelayFigures
    total: Delays
    groups: Mapping[str | None, Delays]
    group_months: Mapping[str | None, DelayMonths]
    ranking: DelayRanking
    names: Mapping[str, str]


class DelayPartsOut(BaseModel):
    """Outstanding amount: `open_late` + `open_not_due` + `penalties` + `conceded` - `given_up` - `spare_cash`."""

    open_late: MoneyModel = Field(
        description="Not covered of what is late: of `totals` and `open_from_before`."
    )
    open_not_due: MoneyModel = Field(description="Not covered of what is not late yet.")
    penalties: MoneyModel = Field(description="Not covered of penalty documents, which have no delay here.")
    conceded: MoneyModel = Field(description="Open, and no longer owed: its credit note is still to come.")
    given_up: MoneyModel = Field(description="Owed, and no longer open: written off.")
    spare_cash: MoneyModel = Field(description="Unapplied cash beyond what its payers owe.")


class PaymentDelaysOut(DelayMonthsOut, Report):
    """Delays of the invoices and instalments that fell due from `from` to as_of. `tie_out.buckets` is the sum of the
    parts."""

    definition: str
    ranking_definition: str
    from_: date = Field(alias="from")
    group_by: DelayGroup
    bands: list[str]
    totals: DelayRow
    data: list[DelayRow]
    fastest: list[RankedCustomerOut]
    slowest: list[RankedCustomerOut]
    ranked_from_invoices: int = Field(description="Customers with fewer invoices are not ranked.")
    groups: list[DelayGroupOut] = Field(
        description="Months of each entity, segment, salesperson or collector, and of the first hundred customers of "
        "`data`; empty by month."
    )
    open_from_before: OpenLateOut = Field(description="Open and late, and due before `from`.")
    parts: DelayPartsOut

    @classmethod
    def of(cls, books: ReceivablesSnapshot, tied: TiedFigures, report: DelayReport) -> Json:
        """Show the report."""
        currency, figures = books.total.currency, report.figures
        parts = {
            "open_late": figures.late_minor,
            "open_not_due": figures.not_due_minor,
            "penalties": figures.penalties_minor,
            "conceded": figures.conceded_minor,
            "given_up": figures.given_up_minor,
            "spare_cash": figures.spare_cash_minor,
        }
        return {
            "definition": definitions.PAYMENT_DELAY.id,
            "ranking_definition": definitions.DELAY_RANKING.id,
            "currency": currency,
            "from": figures.first.isoformat(),
            "group_by": report.by,
            "bands": list(BANDS),
            "totals": DelayRow.of(None, report.total, currency),
            "data": [DelayRow.of(group, delays, currency) for group, delays in report.groups.items()],
            "fastest": [_ranked(report, each) for each in report.ranking.fastest],
            "slowest": [_ranked(report, each) for each in report.ranking.slowest],
            "ranked_from_invoices": LEAST_INVOICES,
            **_months(figures.months(), currency),
            "groups": [
                {"group": group, **_months(months, currency)} for group, months in report.group_months.items()
            ],
            "open_from_before": DelayRow.of(None, figures.earlier, currency)["open_late"],
            "parts": {name: money_json(minor, currency) for name, minor in parts.items()},
            "tie_out": TieOut.of(tied),
            **cls.end(books),
        }


def _ranked(report: DelayReport, ranked: RankedCustomer) -> Json:
    return {
        "customer_id": ranked.customer_id,
        "name": report.names.get(ranked.customer_id),
        "at_least_days": rounded(ranked.mean),
        "settled": ranked.pace.settled,
        "open_late": ranked.pace.open_late,
    }


def _months(months: DelayMonths, currency: str) -> Json:
    return {
        "seasonality": [_season(month, delays) for month, delays in months.seasons.items()],
        "cohorts": [CohortOut.of(cohort, currency) for cohort in months.cohorts],
    }


def _season(month: int, delays: Delays) -> Json:
    number = delays.settled.number
    return {
        "month": month,
        "settled": number,
        "mean_days": rounded(delays.mean),
        "weighted_mean_days": rounded(delays.weighted),
        "open_late": delays.open_late.number,
        "reason": None if number else "nothing-settled",
    }
