"""Answers about policies."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dunning_svc.domain.policy.shipped import DEFAULT_ID, DEFAULT_POLICY, SHIPPED, ShippedPolicy
from dunning_svc.domain.policy.state import POLICY, Activation, OwnPolicy
from dunning_svc.domain.policy.written import written
from dunning_svc.http.policies.bodies import (
    ContactLimitBody,
    HoursBody,
    PromiseTermsBody,
    ScopeBody,
    StepApprovalBody,
    SuspensionBody,
)
from encours.contracts.events.dunning.document import DunningAct, PolicyDocument
from encours.http.answers import Answer
from encours.http.paging import Listing
from encours.http.queries import AsOf

PolicyStatus = Literal["in_force", "draft", "retired", "shipped"]


class StepOut(BaseModel):
    """A step of a policy."""

    code: str = Field(examples=["J+30"])
    offset_days: int = Field(description="Days from the due date, or from the step before.")
    counted_from: Literal["due_date", "previous_step"]
    act: DunningAct
    template: str | None = None
    interval_days: int = Field(description="Minimum interval since the last step taken.")
    minimums: dict[str, str] = {}
    late_terms: Literal["template", "hidden"] = "template"
    approval: StepApprovalBody | None = None


class DocumentOut(BaseModel):
    """Document of a policy, as `POST /v1/policies` takes it."""

    model_config = ConfigDict(extra="forbid")

    name: str
    description: str | None = None
    priority: int
    applies_to: ScopeBody
    steps: list[StepOut]
    grouping: str
    minimums: dict[str, str]
    formal_notice_interval_days: int
    acts_on: Literal["every_day", "business_days"]
    contact_limit: ContactLimitBody | None = None
    suspended_by: SuspensionBody = SuspensionBody()
    ends_after_days: int | None = None
    promises: PromiseTermsBody | None = None
    hours: HoursBody | None = None

    @classmethod
    def of(cls, document: PolicyDocument) -> DocumentOut:
        """Return a document in its written form."""
        return cls.model_validate(written(document))


class VersionOut(BaseModel):
    """A version of a policy."""

    version: int
    added_on: date | None = Field(description="Null for a version that is shipped.")
    document: DocumentOut


class ActivationOut(BaseModel):
    """Start of the version in force."""

    version: int
    since: date
    backtest_id: str | None
    reason: str | None
    without_backtest: str | None = Field(description="Reason for naming no back-test.")

    @classmethod
    def of(cls, activation: Activation | None) -> ActivationOut | None:
        """Return the activation, if a version is in force."""
        if activation is None:
            return None
        return cls(
            version=activation.version,
            since=activation.on,
            backtest_id=activation.backtest_id,
            reason=activation.cause,
            without_backtest=activation.without_backtest,
        )


class PolicyOut(BaseModel):
    """A policy with its versions, oldest first."""

    id: str
    name: str = Field(description="Name in the version in force, else in the last one.")
    status: PolicyStatus = Field(
        description="`draft`: never activated. `shipped`: comes with Encours and is not in the ledger; it enters it "
        "with its activation, or with a version of your own."
    )
    shipped_as: str | None = Field(description="Code of the policy that Encours ships.")
    version: int | None = Field(description="The version in force. The default policy is always in force.")
    activation: ActivationOut | None
    retired_on: date | None
    versions: list[VersionOut] = Field(
        description="Of the default policy the last one; earlier ones remain for decisions that were taken under them."
    )

    @classmethod
    def of(cls, state: OwnPolicy) -> PolicyOut:
        """Return a policy of the ledger."""
        activation = state.activation
        status: PolicyStatus = "in_force" if activation else "retired" if state.retired_on else "draft"
        return cls(
            id=state.policy_id,
            name=(state.in_force() or state.last.document).name,
            status=status,
            shipped_as=state.shipped_as,
            version=activation.version if activation else None,
            activation=ActivationOut.of(activation),
            retired_on=state.retired_on,
            versions=[
                VersionOut(
                    version=each.version, added_on=each.added_on, document=DocumentOut.of(each.document)
                )
                for each in state.versions
            ],
        )

    @classmethod
    def of_shipped(cls, shipped: ShippedPolicy) -> PolicyOut:
        """Return a policy that is not in the ledger."""
        is_default = shipped.policy_id == DEFAULT_ID
        version = DEFAULT_POLICY.version if is_default else 1
        return cls(
            id=shipped.policy_id,
            name=shipped.document.name,
            status="in_force" if is_default else "shipped",
            shipped_as=shipped.code,
            version=version if is_default else None,
            activation=None,
            retired_on=None,
            versions=[VersionOut(version=version, added_on=None, document=DocumentOut.of(shipped.document))],
        )


class PolicyAsOf(PolicyOut, AsOf):
    """A policy at the dates of the question."""


class PolicyList(Listing[PolicyOut], AsOf):
    """Policies: those of the ledger, then those that are shipped."""

    @classmethod
    def of(cls, states: list[OwnPolicy]) -> list[PolicyOut]:
        """Return the policies of the ledger by descending priority, then the others that Encours ships."""
        own = sorted(states, key=lambda state: (-state.last.document.priority, state.policy_id))
        known = {state.policy_id for state in states}
        return [PolicyOut.of(state) for state in own] + [
            PolicyOut.of_shipped(each) for each in SHIPPED.values() if each.policy_id not in known
        ]


POLICY_ANSWER = Answer(POLICY, lambda state, *_: PolicyOut.of(state))
