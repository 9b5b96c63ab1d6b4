"""Answers about plans of the turnover."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.events.figure import PlanGroup
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, known_money_json, money_json
from encours.http.queries import AsOf
from reporting_svc.domain.measures.definitions import TURNOVER_PLAN
from reporting_svc.domain.measures.dso import rounded
from reporting_svc.domain.measures.ratios import percent
from reporting_svc.domain.turnover_plan import TurnoverPlanState
from reporting_svc.http.answers import Report, TieOut
from reporting_svc.http.measured import Reason, Reasoned
from reporting_svc.http.snapshot import ReceivablesSnapshot
from reporting_svc.http.turnover_plans.bodies import GROUP_FIELDS
from reporting_svc.read_models.tie_out.query import TiedFigures
from reporting_svc.read_models.turnover.plans import PlanComparison, totals_of
from reporting_svc.use_cases.turnover_plans import TURNOVER_PLAN as PLAN_FOLDER


class TurnoverTargetOut(BaseModel):
    """A target of a plan."""

    month: str
    product: str | None
    customer_id: str | None
    salesperson: str | None
    billed: MoneyModel | None
    collected: MoneyModel | None


class TurnoverPlanOut(BaseModel):
    """A plan by its latest version."""

    id: str
    entity_id: str
    code: str
    title: str
    currency: str
    by: PlanGroup
    version: int = Field(description="Counts the versions of the plan from 1.")
    set_on: date
    targets: list[TurnoverTargetOut]

    @classmethod
    def of(cls, state: TurnoverPlanState) -> Json:
        """Show the plan."""
        plan = state.plan
        assert plan is not None
        return {
            "id": plan.turnover_plan_id,
            "entity_id": state.entity_id,
            "code": plan.code,
            "title": plan.title,
            "currency": plan.currency,
            "by": plan.by,
            "version": plan.plan_version,
            "set_on": state.set_on.isoformat(),
            "targets": [
                {
                    "month": f"{each.month:%Y-%m}",
                    **{name: each.group if plan.by == kind else None for kind, name in GROUP_FIELDS.items()},
                    "billed": known_money_json(each.billed_minor, plan.currency),
                    "collected": known_money_json(each.collected_minor, plan.currency),
                }
                for each in plan.targets
            ],
        }


class TurnoverPlanAsOf(TurnoverPlanOut, AsOf):
    """A plan at the requested dates."""


class TurnoverPlansOut(AsOf):
    """A page of plans, the one set last first unless sorted otherwise."""

    data: list[TurnoverPlanOut]
    next_cursor: str | None


TURNOVER_PLAN_ANSWER = Answer(PLAN_FOLDER, lambda state, _version, _day: TurnoverPlanOut.of(state))


class PlannedAmountOut(Reasoned):
    """An amount as planned and as it became."""

    planned: MoneyModel | None = Field(description="Null where the plan expects nothing in particular.")
    actual: MoneyModel
    difference: MoneyModel | None = Field(description="Actual less planned.")
    percent: float | None = Field(description="The difference in percent of what was planned, if above 0.")

    @classmethod
    def of(cls, planned: int | None, actual: int, currency: str) -> Json:
        """Show planned and actual."""
        reason: Reason | None = "not-planned" if planned is None else None
        if planned is not None and planned <= 0:
            reason = "nothing-planned"
        return {
            "planned": known_money_json(planned, currency),
            "actual": money_json(actual, currency),
            "difference": None if planned is None else money_json(actual - planned, currency),
            "percent": None if planned is None else rounded(percent(actual - planned, planned)),
            "reason": reason,
        }


class PlannedMonthOut(BaseModel):
    """A month of the plan, or a group in it; all groups with movements are shown."""

    month: str
    group: str | None = Field(description="Product, id of the customer, or salesperson; null for none.")
    name: str | None = Field(description="Name of the customer.")
    complete: bool = Field(description="The month has ended by as_of.")
    billed: PlannedAmountOut = Field(description="Without VAT.")
    collected: PlannedAmountOut = Field(description="VAT included.")


class PlanTotalsOut(BaseModel):
    """Sums of the months that are complete."""

    billed: PlannedAmountOut
    collected: PlannedAmountOut


class TurnoverComparisonOut(Report):
    """Planned and actual amounts by month, and by the groups of the plan. `tie_out.buckets` is the balance before the
    first month and what the turnover since has added to it."""

    definition: str
    plan_id: str
    plan_version: int
    by: PlanGroup
    data: list[PlannedMonthOut]
    totals: PlanTotalsOut

    @classmethod
    def of(
        cls,
        books: ReceivablesSnapshot,
        tied: TiedFigures,
        state: TurnoverPlanState,
        found: PlanComparison,
        names: Mapping[str, str],
    ) -> Json:
        """Show the comparison."""
        plan = state.plan
        assert plan is not None
        planned, billed, to_collect, collected = totals_of(found.months)
        return {
            "definition": TURNOVER_PLAN.id,
            "currency": plan.currency,
            "plan_id": plan.turnover_plan_id,
            "plan_version": plan.plan_version,
            "by": plan.by,
            "data": [
                {
                    "month": f"{row.month:%Y-%m}",
                    "group": row.group,
                    "name": names.get(row.group or ""),
                    "complete": row.complete,
                    "billed": PlannedAmountOut.of(row.billed_planned, row.billed, plan.currency),
                    "collected": PlannedAmountOut.of(row.collected_planned, row.collected, plan.currency),
                }
                for row in found.months
            ],
            "totals": {
                "billed": PlannedAmountOut.of(planned, billed, plan.currency),
                "collected": PlannedAmountOut.of(to_collect, collected, plan.currency),
            },
            "tie_out": TieOut.of(tied),
            **cls.end(books),
        }
