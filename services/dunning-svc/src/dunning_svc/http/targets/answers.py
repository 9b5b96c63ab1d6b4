"""Answers about cash targets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from dunning_svc.domain.collector.state import COLLECTOR, Collector
from dunning_svc.read_models.collectors.targets import CashStanding, last_day_of
from encours.http.answers import Answer
from encours.http.models import MoneyModel
from encours.http.queries import AsOf

FORECAST = "due dates, promises and payment plans"
"""Basis of what is expected."""


class SavedTarget(BaseModel):
    """Cash target of a month."""

    month: str
    target: MoneyModel


class TargetSet(BaseModel):
    """Cash targets of a collector."""

    collector: str
    targets: list[SavedTarget]

    @classmethod
    def of(cls, state: Collector) -> TargetSet:
        """Return the targets of a collector."""
        return cls(
            collector=state.versions[-1].collector_code,
            targets=[
                SavedTarget(
                    month=f"{each.month:%Y-%m}", target=MoneyModel.of(each.amount_minor, each.currency)
                )
                for each in sorted(state.targets, key=lambda each: (each.month, each.currency))
            ],
        )


class TargetSetAsOf(TargetSet, AsOf):
    """Cash targets of a collector after a command."""


class StandingOut(BaseModel):
    """Cash of a collector in a month and a currency, against the target."""

    currency: str
    target: MoneyModel | None
    received: MoneyModel = Field(
        description="Funds of payments that were available in the month and are allocated."
    )
    expected: MoneyModel = Field(description="Still expected until the end of the month.")
    received_percent: str | None = Field(
        description="Share of the target that has come in.", examples=["62.5"]
    )
    reached: bool | None


class TargetStandings(AsOf):
    """Cash of a collector in a month."""

    collector: str
    month: str
    until: date = Field(description="Last day of the month.")
    forecast: str = Field(description="Basis of what is expected.")
    data: list[StandingOut]


def standings_out(collector: str, month: date, found: Sequence[CashStanding]) -> dict[str, Any]:
    """Return the standings as JSON, without the dates of the question."""
    return {
        "collector": collector,
        "month": f"{month:%Y-%m}",
        "until": last_day_of(month).isoformat(),
        "forecast": FORECAST,
        "data": [_standing(each).model_dump(mode="json") for each in found if each.collector == collector],
    }


def _standing(each: CashStanding) -> StandingOut:
    target = each.target_minor
    return StandingOut(
        currency=each.currency,
        target=None if target is None else MoneyModel.of(target, each.currency),
        received=MoneyModel.of(each.received_minor, each.currency),
        expected=MoneyModel.of(each.expected_minor, each.currency),
        received_percent=f"{1000 * each.received_minor // target / 10:.1f}" if target else None,
        reached=None if target is None else each.received_minor >= target,
    )


TARGET_ANSWER = Answer(COLLECTOR, lambda state, *_: TargetSet.of(state))
