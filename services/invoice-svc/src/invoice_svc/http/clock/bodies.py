"""Request body of /v1/ledgers/{name}/clock."""

from __future__ import annotations

from pydantic import Field

from encours.http.models import Body, BusinessDate
from invoice_svc.clock.setting import SetClock


class ClockBody(Body):
    """Target of the clock."""

    to: BusinessDate = Field(
        description="The target date. Each day up to and including it is opened; none is skipped."
    )

    confirm: BusinessDate | None = Field(
        default=None,
        description="The target date again, for one that is more than 400 days ahead: `far-target` asks for it.",
    )

    def to_command(self, ledger: str) -> SetClock:
        """Return the command."""
        return SetClock(ledger, self.to, self.confirm)
