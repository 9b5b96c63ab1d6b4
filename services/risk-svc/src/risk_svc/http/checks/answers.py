"""Answer to a credit check."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from encours.contracts.events.risk import ExposureShare
from encours.contracts.events.score import CreditGrade
from encours.http.answers import Answer
from encours.http.models import BusinessDate, MoneyModel
from encours.http.queries import AsOf
from encours.http.rates import PublishedRateOut
from risk_svc.domain.check import CheckState
from risk_svc.domain.decision_reasons import reasons_of_check
from risk_svc.http.customers.answers import Components
from risk_svc.http.reasons import ReasonOut
from risk_svc.use_cases.checks import CHECK


class SeenShare(BaseModel):
    """The part of the exposure that was in one currency, and its rate."""

    currency: str
    total: MoneyModel
    converted: MoneyModel | None
    rate: PublishedRateOut | None

    @classmethod
    def of(cls, share: ExposureShare) -> SeenShare:
        """Show a part."""
        found = share.converted
        return cls(
            currency=share.currency,
            total=MoneyModel.of(share.total_minor, share.currency),
            converted=MoneyModel.of(found.amount_minor, found.currency) if found else None,
            rate=PublishedRateOut.of_conversion(found),
        )


class CheckOut(BaseModel):
    """The decision on an order, and the figures that it is based on."""

    decision_id: str
    customer_id: str
    amount: MoneyModel
    deliver_on: BusinessDate | None
    order_id: str | None
    decision: Literal["accept", "refer", "refuse"]
    reasons: list[ReasonOut]
    amount_in_limit_currency: MoneyModel | None = Field(
        description="The order in the limit's currency, if that is another and a rate was known."
    )
    exposure_seen: Components = Field(description="In the limit's currency, else in that of the order.")
    shares_seen: list[SeenShare] = Field(
        description="Parts of the exposure in other currencies; one without a rate is in no sum, and makes a doubt."
    )
    limit_holder_id: str | None = Field(
        description="Customer whose limit holds; null for a decision by `rules_version` 1 or 2."
    )
    limit_seen: MoneyModel | None
    left_seen: MoneyModel | None = Field(
        description="Limit and guarantees less exposure, before this order, in the limit's currency."
    )
    score_seen: int | None
    grade_seen: CreditGrade | None = Field(
        description="Null for a decision of before there were payment models."
    )
    model_seen: str | None = Field(description="Version of the payment model of the grade.")
    rules_version: int = Field(description="Version of the rules that decided.")
    checked_on: BusinessDate
    seen_position: int = Field(description="Ledger position of the figures.")
    lag: int = Field(
        description="Number of events in the ledger after that position at the time of the check."
    )

    @classmethod
    def of(cls, state: CheckState) -> CheckOut:
        """Show the decision."""
        decided, checked_on = state.decided, state.checked_on
        assert decided is not None
        assert checked_on is not None
        currency = decided.exposure_currency or decided.currency
        order = decided.order_converted

        def seen(minor: int | None) -> MoneyModel | None:
            return None if minor is None else MoneyModel.of(minor, currency)

        return cls(
            decision_id=decided.decision_id,
            customer_id=decided.customer_id,
            amount=MoneyModel.of(decided.amount_minor, decided.currency),
            amount_in_limit_currency=MoneyModel.of(order.amount_minor, order.currency) if order else None,
            deliver_on=decided.deliver_on,
            order_id=decided.order_id,
            decision=decided.decision,
            reasons=[ReasonOut.of(each) for each in reasons_of_check(decided)],
            exposure_seen=Components.of(decided.exposure, currency),
            shares_seen=[SeenShare.of(share) for share in decided.shares],
            limit_holder_id=decided.holder_id,
            limit_seen=seen(decided.limit_minor),
            left_seen=seen(decided.left_minor),
            score_seen=decided.score,
            grade_seen=decided.grade,
            model_seen=decided.score_model,
            rules_version=decided.rules_version,
            checked_on=checked_on,
            seen_position=decided.seen_position,
            lag=decided.lag,
        )


class CheckAsOf(CheckOut, AsOf):
    """A check at the requested dates."""


CHECK_ANSWER = Answer(CHECK, lambda state, *_: CheckOut.of(state))
