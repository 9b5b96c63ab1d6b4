"""Answers about policies."""

from __future__ import annotations

from pydantic import BaseModel, Field

from dunning_svc.domain.policy.policy import DEFAULT_POLICY, Policy, Progression
from encours.http.models import MoneyModel
from encours.http.paging import Listing


class StepOut(BaseModel):
    """A step of a ladder."""

    code: str = Field(examples=["J+30"])
    offset_days: int = Field(description="Days from the due date; negative before it.")
    act: str
    template: str
    interval_days: int = Field(description="Minimum interval since the last step taken.")


class PolicyOut(BaseModel):
    """A version of a ladder."""

    id: str
    version: int
    name: str
    active: bool
    steps: list[StepOut]
    addressed: list[str] = Field(
        description="Channels that are skipped for a customer without the e-mail or postal address that they need."
    )
    progression: Progression = Field(
        description="An item takes the step above the last one taken, or the highest due step."
    )
    floors: list[MoneyModel] = Field(
        description="Amounts that the items of a step must exceed, one per currency."
    )
    formal_notice_interval_days: int = Field(
        description="Minimum interval between two formal notices to a customer."
    )

    @classmethod
    def of(cls, policy: Policy) -> PolicyOut:
        """Return a version of a policy."""
        return cls(
            id=policy.policy_id,
            version=policy.version,
            name=policy.name,
            active=policy is DEFAULT_POLICY,
            steps=[
                StepOut(
                    code=step.code,
                    offset_days=step.offset_days,
                    act=step.act,
                    template=step.template,
                    interval_days=step.interval_days,
                )
                for step in policy.steps
            ],
            addressed=sorted(policy.addressed),
            progression=policy.progression,
            floors=[MoneyModel.of(minor, code) for code, minor in sorted(policy.floors_minor.items())],
            formal_notice_interval_days=policy.formal_notice_interval_days,
        )


class PolicyList(Listing[PolicyOut]):
    """All policies."""
