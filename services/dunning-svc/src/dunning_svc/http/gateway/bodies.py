"""Body of an event from the gateway."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dunning_svc.domain.gateway.commands import TrackMessage
from encours.contracts.events.dunning.replies import CarriedState, ReturnReason
from encours.http.models import Body, BusinessDate, Id, ShortText


class MessageStateBody(Body):
    """State of one message."""

    id: Annotated[str, Id("rem")] = Field(description="Id of the order, which is that of the reminder.")
    state: CarriedState
    on: BusinessDate | None = Field(
        default=None, description="Day of the state at the carrier; the day of the ledger if not given."
    )
    returned_for: ReturnReason | None = Field(
        default=None, description="For `returned` alone. `undeliverable` opens the step again."
    )
    carrier_reference: ShortText | None = Field(default=None, description="Number of the consignment.")
    detail: ShortText | None = None

    @model_validator(mode="after")
    def _reason_belongs_to_a_return(self) -> MessageStateBody:
        if (self.state == "returned") != (self.returned_for is not None):
            raise ValueError("Give returned_for with the state returned, and with no other.")
        return self


class GatewayEventBody(Body):
    """Event from the gateway."""

    type: Literal["message.state"]
    data: MessageStateBody

    def to_command(self, event_id: str, content_sha256: str) -> TrackMessage:
        """Return the command of the event with this ``webhook-id``."""
        told = self.data
        return TrackMessage(
            reminder_id=told.id,
            state=told.state,
            on=told.on,
            returned_for=told.returned_for,
            carrier_reference=told.carrier_reference,
            detail=told.detail,
            gateway_event_id=event_id,
            content_sha256=content_sha256,
        )
