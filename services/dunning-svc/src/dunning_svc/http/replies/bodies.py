"""Bodies of replies."""

from __future__ import annotations

from pydantic import Field

from dunning_svc.domain.reply.commands import ConfirmFinding, RejectFinding
from encours.http.models import Body, BusinessDate, Count, ShortText


class ConfirmFindingBody(Body):
    """A finding that is right."""

    finding: Count = Field(description="Number of the finding.", examples=[1])
    on: BusinessDate | None = Field(default=None, description="Day of the payment, if another one is meant.")
    note: ShortText | None = None

    def to_command(self, reply_id: str) -> ConfirmFinding:
        """Return the command."""
        return ConfirmFinding(reply_id, self.finding, self.on, self.note)


class RejectFindingBody(Body):
    """A finding that is wrong, or a message from which nothing follows."""

    finding: Count | None = Field(
        default=None, description="Number of the finding; without it, the message is closed."
    )
    note: ShortText | None = None

    def to_command(self, reply_id: str) -> RejectFinding:
        """Return the command."""
        return RejectFinding(reply_id, self.finding, self.note)
