"""Request bodies of waivers of penalties."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from encours.http.models import Body, BusinessDate, Id, PositiveMoney, ShortText
from encours.kernel.money import Money
from invoice_svc.domain.interest.waiver import ReinstatePenalties, Waived, WaivePenalties

WaiverId = Annotated[str, Id("wvr"), Field(examples=["wvr_0195e0a4c1187ebc837d95283b6791e9"])]


class WaiverBody(Body):
    """A waiver of what is due for late payment and not claimed by a document."""

    reason: ShortText = Field(examples=["Long-standing customer, first delay"])
    what: Waived = Field(default="all", description="Interest, the flat fee (`indemnity`), or both.")
    amount: PositiveMoney | None = Field(
        default=None, description="Part of the interest, with `what` interest; all of it if not given."
    )
    until: BusinessDate | None = Field(
        default=None, description="Last day whose interest is waived; today if not given."
    )

    def to_command(self, invoice_id: str, waiver_id: str) -> WaivePenalties:
        """Return the command."""
        amount = None if self.amount is None else Money(self.amount.minor, self.amount.currency)
        return WaivePenalties(invoice_id, waiver_id, self.reason, self.what, amount, self.until)


class ReinstatementBody(Body):
    """Reversal of waivers: their amounts can be claimed again."""

    reason: ShortText = Field(examples=["Promise was broken"])
    waiver_id: WaiverId | None = Field(default=None, description="All that stand if not given.")

    def to_command(self, invoice_id: str) -> ReinstatePenalties:
        """Return the command."""
        return ReinstatePenalties(invoice_id, self.reason, self.waiver_id)
