"""Bodies of holds."""

from __future__ import annotations

from pydantic import Field

from dunning_svc.domain.hold.commands import PlaceHold
from encours.http.models import Body, BusinessDate, ShortText


class HoldBody(Body):
    """Suspension of dunning."""

    until: BusinessDate = Field(description="Last day of the hold; a day in the past ends it.")
    reason: ShortText

    def to_command(self, customer_id: str) -> PlaceHold:
        """Return the command."""
        return PlaceHold(customer_id, self.until, self.reason)
