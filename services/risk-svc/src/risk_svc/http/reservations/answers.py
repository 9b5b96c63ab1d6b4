"""Answers about orders on credit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec.json import decode
from pydantic import BaseModel, Field

from encours.contracts.common import Reason
from encours.contracts.events.score import CreditGrade
from encours.http.answers import Answer
from encours.http.models import BusinessDate, MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf
from risk_svc.domain.decision_reasons import reasons_of_order
from risk_svc.domain.reservation.state import Reservation
from risk_svc.http.checks.answers import SeenShare
from risk_svc.http.customers.answers import Components
from risk_svc.http.reasons import ReasonOut
from risk_svc.use_cases.reservations import RESERVATION

Status = Literal["reserved", "blocked", "consumed", "released", "expired"]
Decision = Literal["accept", "refer", "refuse"]


class ReservationOut(BaseModel):
    """An order on credit: its last decision with the figures that it is based on, and what is left of it."""

    id: str
    customer_id: str
    entity_id: str
    order_ref: str
    status: Status = Field(description="`blocked` while a referred or refused order waits for a decision.")
    amount: MoneyModel
    deliver_on: BusinessDate | None
    expires_on: BusinessDate
    waits_until: BusinessDate | None = Field(
        description="Last day on which the order waits while it is blocked, by the credit policy; else `expires_on`."
    )
    decision: Decision
    reasons: list[ReasonOut]
    attempt: int = Field(description="Number of times that the order was decided.")
    decided_on: BusinessDate
    reserved: MoneyModel
    delivered: MoneyModel = Field(description="Delivered and not billed.")
    consumed: MoneyModel = Field(description="Counted by invoices or by deliveries in Encours.")
    limit_holder_id: str
    amount_in_limit_currency: MoneyModel | None
    left_seen: MoneyModel | None = Field(description="Limit and guarantees less exposure, before this order.")
    exposure_seen: Components = Field(description="In the limit's currency, else in that of the order.")
    shares_seen: list[SeenShare]
    limit_seen: MoneyModel | None
    score_seen: int | None
    grade_seen: CreditGrade | None = Field(
        description="Null for a decision of before there were payment models."
    )
    model_seen: str | None = Field(description="Version of the payment model of the grade.")
    rules_version: int = Field(description="Version of the rules that decided.")
    seen_position: int = Field(description="Ledger position of the figures.")
    lag: int = Field(description="Number of events in the ledger after that position at the decision.")
    overridden_by: str | None
    role: str | None = Field(description="Role by which it was overridden, where one is needed.")
    in_place_of: str | None = Field(description="Key of the person that was substituted.")
    text: str | None
    version: int

    @classmethod
    def of(cls, state: Reservation, version: int) -> ReservationOut:
        """Return the order at a version of its stream."""
        basis = state.basis
        assert basis is not None
        assert state.status != "none"

        def seen(minor: int | None) -> MoneyModel | None:
            return None if minor is None else MoneyModel.of(minor, basis.currency)

        return cls(
            id=state.reservation_id,
            customer_id=state.customer_id,
            entity_id=state.entity_id,
            order_ref=state.order_ref,
            status=state.status,
            amount=MoneyModel.of(state.amount_minor, state.currency),
            deliver_on=state.deliver_on,
            expires_on=state.expires_on,
            waits_until=state.waits_until,
            decision=state.decision,
            reasons=[ReasonOut.of(each) for each in reasons_of_order(state)],
            attempt=state.attempt,
            decided_on=state.decided_on,
            reserved=MoneyModel.of(state.reserved_minor, state.currency),
            delivered=MoneyModel.of(state.delivered_minor, state.currency),
            consumed=MoneyModel.of(state.consumed_minor, state.currency),
            limit_holder_id=basis.holder_id,
            amount_in_limit_currency=seen(basis.order_minor),
            left_seen=seen(basis.left_minor),
            exposure_seen=Components.of(basis.exposure, basis.currency),
            shares_seen=[SeenShare.of(share) for share in basis.shares],
            limit_seen=seen(basis.limit_minor),
            score_seen=basis.score,
            grade_seen=basis.grade,
            model_seen=basis.score_model,
            rules_version=basis.rules_version,
            seen_position=basis.seen_position,
            lag=basis.lag,
            overridden_by=state.overridden_by,
            role=state.role,
            in_place_of=state.in_place_of and state.in_place_of.removeprefix("key:"),
            text=state.text,
            version=version,
        )


class ReservationAsOf(ReservationOut, AsOf):
    """An order on credit at the requested dates."""


RESERVATION_ANSWER = Answer(RESERVATION, lambda state, version, _: ReservationOut.of(state, version))


class ReservationItem(BaseModel):
    """An order on credit in a list."""

    id: str
    customer_id: str
    entity_id: str
    limit_holder_id: str
    order_ref: str
    status: Status
    amount: MoneyModel
    reserved: MoneyModel
    delivered: MoneyModel
    deliver_on: BusinessDate | None
    expires_on: BusinessDate
    waits_until: BusinessDate | None
    decision: Decision
    reasons: list[ReasonOut]
    attempt: int
    decided_on: BusinessDate

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ReservationItem:
        """Return a row of the list."""
        return cls(
            id=row["reservation_id"],
            customer_id=row["customer_id"],
            entity_id=row["entity_id"],
            limit_holder_id=row["holder_id"],
            order_ref=row["order_ref"],
            status=row["status"],
            amount=MoneyModel.of(row["amount_minor"], row["currency"]),
            reserved=MoneyModel.of(row["reserved_minor"], row["currency"]),
            delivered=MoneyModel.of(row["delivered_minor"], row["currency"]),
            deliver_on=row["deliver_on"],
            expires_on=row["expires_on"],
            waits_until=row["waits_until"],
            decision=row["decision"],
            reasons=[ReasonOut.of(decode(each, type=Reason)) for each in row["reasons"]],
            attempt=row["attempt"],
            decided_on=row["decided_on"],
        )


class Reservations(Listing[ReservationItem], AsOf):
    """Orders on credit."""
