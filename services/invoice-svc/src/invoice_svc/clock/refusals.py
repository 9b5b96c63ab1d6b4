"""Refusals to set a clock."""

from __future__ import annotations

from datetime import date

from encours.kernel.errors import Refusal

FAR_DAYS = 400
"""Days that a clock advances without confirmation, from what is at hand: its date, imported events, the present."""


class NotASandbox(Refusal):
    """The clock of a live ledger is the wall clock."""

    code = "not-a-sandbox"
    title = "Ledger is not a sandbox"
    remedy = "Create a ledger of kind sandbox: only the clock of a sandbox can be set."


class ClockNotGranted(Refusal):
    """A ledger's clock moves all of its entities at once."""

    code = "clock-not-granted"
    title = "API key does not cover every entity of the ledger"
    status = 403
    remedy = "Use a key that covers all entities of the ledger: its clock moves all of them."

    def __init__(self) -> None:
        super().__init__(
            "The clock moves every entity of the ledger, and this API key does not cover all of them."
        )


class FarTarget(Refusal):
    """A target so far ahead that it may be a typing error. Recorded days are never removed."""

    code = "far-target"
    title = "Target is far ahead"
    status = 422
    remedy = "Check the date. If it is meant, send it again as `confirm`."

    def __init__(self, to: date, usual: date) -> None:
        super().__init__(
            f"{to} is more than {FAR_DAYS} days after {usual}, and recorded days are never removed. "
            f'If it is meant, add "confirm": "{to}".',
            "/confirm",
        )


class ClockGoingBack(Refusal):
    """A sandbox's clock moves forward only."""

    code = "clock-going-back"
    title = "Clock cannot be set back"
    status = 422
    remedy = "Use the ledger's current date or a later one."
