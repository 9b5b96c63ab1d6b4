"""Answers about limit requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

from encours.contracts.events.risk import LimitBasis
from encours.contracts.events.score import CreditGrade
from encours.http.answers import Answer
from encours.http.models import BusinessDate, MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf
from risk_svc.domain.limit import LimitState
from risk_svc.http.checks.answers import SeenShare
from risk_svc.http.customers.answers import Components
from risk_svc.http.limits.proposals import LimitProposalOut
from risk_svc.use_cases.limits import LIMIT


class LimitBasisOut(BaseModel):
    """Figures that the decision on a limit saw, in the currency of the request."""

    exposure: Components = Field(description="Of all who share the limit.")
    shares: list[SeenShare] = Field(description="Parts in other currencies; one without a rate is in no sum.")
    limit_holder_id: str
    limit_id: str | None = Field(description="The last limit before.")
    grade: CreditGrade | None
    model: str | None = Field(description="Version of the payment model of the grade.")
    seen_position: int = Field(description="Ledger position of the figures.")
    lag: int = Field(description="Number of events in the ledger after that position at the decision.")

    @classmethod
    def of(cls, basis: LimitBasis) -> LimitBasisOut:
        """Return the figures."""
        return cls(
            exposure=Components.of(basis.exposure, basis.currency),
            shares=[SeenShare.of(each) for each in basis.shares],
            limit_holder_id=basis.holder_id,
            limit_id=basis.limit_id,
            grade=basis.grade,
            model=basis.score_model,
            seen_position=basis.seen_position,
            lag=basis.lag,
        )


class LimitRequestOut(BaseModel):
    """A limit request and its decision."""

    id: str
    customer_id: str
    entity_id: str
    state: Literal["requested", "approved", "refused"]
    amount: MoneyModel
    max_days_past_due: int
    valid_from: BusinessDate | None = Field(description="Null for a limit from its approval on.")
    valid_until: BusinessDate | None
    evidence: str
    text: str | None
    conditions: str | None
    role: str | None = Field(description="Role by which it was decided; null where none is needed.")
    in_place_of: str | None = Field(description="Key of the person that was substituted.")
    requested_by: str
    decided_by: str | None
    proposal: LimitProposalOut | None = Field(description="Proposal of the formula that was requested.")
    basis: LimitBasisOut | None = Field(
        description="Figures of the decision; null before it, and for one of before they were kept."
    )
    version: int

    @classmethod
    def of(cls, state: LimitState, version: int) -> LimitRequestOut:
        """Return the request at a version of its stream."""
        assert state.state != "none"
        return cls(
            id=state.limit_id,
            customer_id=state.customer_id,
            entity_id=state.entity_id,
            state=state.state,
            amount=MoneyModel.of(state.amount_minor, state.currency),
            max_days_past_due=state.max_days_past_due,
            valid_from=state.valid_from,
            valid_until=state.valid_until,
            evidence=state.evidence,
            text=state.text,
            conditions=state.conditions,
            role=state.role,
            in_place_of=state.in_place_of and state.in_place_of.removeprefix("key:"),
            requested_by=state.requested_by,
            decided_by=state.decided_by,
            proposal=LimitProposalOut.of(state.proposal) if state.proposal else None,
            basis=LimitBasisOut.of(state.basis) if state.basis else None,
            version=version,
        )


class LimitRequestAsOf(LimitRequestOut, AsOf):
    """A limit request at the requested dates."""


LIMIT_ANSWER = Answer(LIMIT, lambda state, version, _: LimitRequestOut.of(state, version))


class LimitListItem(BaseModel):
    """A limit request in a list."""

    id: str
    customer_id: str
    entity_id: str
    state: str
    amount: MoneyModel
    max_days_past_due: int
    valid_until: BusinessDate | None
    requested_on: BusinessDate
    decided_on: BusinessDate | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> LimitListItem:
        """Return a row of the list, without a decision taken after the requested dates."""
        approved = row["state_then"] == "approved"
        return cls(
            id=row["limit_id"],
            customer_id=row["customer_id"],
            entity_id=row["entity_id"],
            state=row["state_then"],
            amount=MoneyModel.of(row["approved_minor" if approved else "amount_minor"], row["currency"]),
            max_days_past_due=row["approved_max_days" if approved else "max_days_past_due"],
            valid_until=row["valid_until"],
            requested_on=row["requested_on"],
            decided_on=None if row["state_then"] == "requested" else row["decided_on"],
        )


class LimitRequests(Listing[LimitListItem], AsOf):
    """Limit requests, newest first."""
