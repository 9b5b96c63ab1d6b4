"""Body of a command to a clock."""

from __future__ import annotations

from pydantic import Field

from encours.http.models import Body, BusinessDate
from invoice_svc.clock.setting import SetClock


class ClockBody(Body):
    """Where the clock is to go."""

    to: BusinessDate = Field(description="Each day up to this one is opened, none skipped.")

    def to_command(self, ledger: str) -> SetClock:
        """Return the command."""
        return SetClock(ledger, self.to)
