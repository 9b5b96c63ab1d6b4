"""Refusals to move a clock."""

from __future__ import annotations

from encours.kernel.errors import Refusal


class NotASandbox(Refusal):
    """The clock of a live ledger is the wall clock."""

    code = "not-a-sandbox"
    title = "Ledger is not a sandbox"
    remedy = "Make a ledger of kind sandbox: only its clock can be set."


class ClockGoingBack(Refusal):
    """A sandbox's clock moves forward only."""

    code = "clock-going-back"
    title = "Clock cannot go back"
    status = 422
    remedy = "Use the ledger's day or a later one."
