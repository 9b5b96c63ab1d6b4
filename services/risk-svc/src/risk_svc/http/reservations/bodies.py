"""Bodies of orders on credit."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from encours.http.models import Body, BusinessDate, Id, LongText, PositiveMoney, ShortText
from risk_svc.domain.reservation.commands import (
    ConsumeReservation,
    DeliverReservation,
    OverrideReservation,
    ReleaseReservation,
    ReserveCredit,
)
from risk_svc.domain.reservation.decide import EXPIRES_AFTER_DAYS


class ReservationBody(Body):
    """An order to decide, and to reserve if it is accepted."""

    customer_id: Annotated[str, Id("cus")]
    amount: PositiveMoney
    order_ref: ShortText = Field(
        description="The order in the caller's system, or its id in Encours.", examples=["WEB-20418"]
    )
    deliver_on: BusinessDate | None = Field(
        default=None, description="Day of delivery, on which the limit must be in force; today if not given."
    )
    expires_on: BusinessDate | None = Field(
        default=None,
        description=f"Last day of the reservation; {EXPIRES_AFTER_DAYS} days after the delivery if not given.",
    )

    def to_command(self, reservation_id: str) -> ReserveCredit:
        """Return the command."""
        return ReserveCredit(
            reservation_id=reservation_id,
            customer_id=self.customer_id,
            order_ref=self.order_ref,
            amount_minor=self.amount.minor,
            currency=self.amount.currency,
            deliver_on=self.deliver_on,
            expires_on=self.expires_on,
        )


class ConsumeBody(Body):
    """A delivery or an invoice of the order: name one of the three."""

    amount: PositiveMoney | None = Field(
        default=None,
        description="All that is left if not given, at most what the invoice or the delivery in Encours has left.",
    )
    invoice_id: Annotated[str, Id("inv")] | None = Field(
        default=None, description="Draft or invoice that bills the goods: it counts by itself from now on."
    )
    delivery_id: Annotated[str, Id("dlv")] | None = Field(
        default=None,
        description="Delivery of the order in Encours that order_ref names: it counts by itself, once.",
    )
    delivery_ref: ShortText | None = Field(
        default=None,
        description="Delivery that Encours does not know: the amount counts as delivered until an invoice is named.",
        examples=["BL-5512"],
    )

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if sum(each is not None for each in (self.invoice_id, self.delivery_id, self.delivery_ref)) != 1:
            raise PydanticCustomError(
                "one_document", "Name an invoice_id, a delivery_id or a delivery_ref, and only one of them."
            )
        return self

    def to_command(self, reservation_id: str) -> ConsumeReservation | DeliverReservation:
        """Return the command."""
        minor = None if self.amount is None else self.amount.minor
        currency = None if self.amount is None else self.amount.currency
        if self.delivery_ref is not None:
            return DeliverReservation(reservation_id, self.delivery_ref, minor, currency)
        return ConsumeReservation(reservation_id, self.invoice_id, self.delivery_id, minor, currency)


class ReleaseOrderBody(Body):
    """Release of a reservation, or end of a blocked order."""

    text: LongText | None = Field(
        default=None,
        description="Reason; needed to close a blocked order.",
        examples=["Cancelled by the customer"],
    )

    def to_command(self, reservation_id: str, *, may_approve: bool) -> ReleaseReservation:
        """Return the command."""
        return ReleaseReservation(reservation_id, self.text, may_approve)


class OverrideBody(Body):
    """Reason for accepting a blocked order."""

    text: LongText = Field(examples=["Payment is announced for Monday, bank confirms"])

    def to_command(self, reservation_id: str) -> OverrideReservation:
        """Return the command."""
        return OverrideReservation(reservation_id, self.text)
