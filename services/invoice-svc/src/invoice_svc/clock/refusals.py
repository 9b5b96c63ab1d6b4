"""Refusals to set a clock."""

from __future__ import annotations

from encours.kernel.errors import Refusal


class NotASandbox(Refusal):
    """The clock of a live ledger is the wall clock."""

    code = "not-a-sandbox"
    title = "Ledger is not a sandbox"
    remedy = "Create a ledger of kind sandbox: only the clock of a sandbox can be set."


class ClockGoingBack(Refusal):
    """A sandbox's clock moves forward only."""

    code = "clock-going-back"
    title = "Clock cannot be set back"
    status = 422
    remedy = "Use the ledger's current date or a later one."
