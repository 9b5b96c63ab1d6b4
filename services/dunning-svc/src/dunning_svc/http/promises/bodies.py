"""Bodies of promises."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dunning_svc.domain.promise.commands import MakePromise, WithdrawPromise
from dunning_svc.http.identifiers import InvoiceId
from encours.http.models import Body, BusinessDate, LongText, PositiveMoney

_INVOICES_MAX = 500


class PromiseBody(Body):
    """A promise of a debtor."""

    invoice_ids: Annotated[list[InvoiceId], Field(min_length=1, max_length=_INVOICES_MAX)] = Field(
        description="Invoices of one customer, one creditor and one currency."
    )
    amount: PositiveMoney = Field(description="The open amount of the invoices at most.")
    promised_on: BusinessDate = Field(description="Last day on which the debtor pays.")
    source: Literal["call", "portal", "other"] = Field(
        default="call", description="Way in which the debtor promised."
    )
    text: LongText | None = Field(default=None, examples=["Mrs Martin waits for her bank's approval."])

    def to_command(self, promise_id: str) -> MakePromise:
        """Return the command."""
        return MakePromise(
            promise_id,
            tuple(dict.fromkeys(self.invoice_ids)),
            self.amount.currency,
            self.amount.minor,
            self.promised_on,
            self.source,
            self.text,
        )


class WithdrawPromiseBody(Body):
    """The reason for which the promise does not count."""

    reason: LongText = Field(examples=["Taken for the wrong customer"])

    def to_command(self, promise_id: str) -> WithdrawPromise:
        """Return the command."""
        return WithdrawPromise(promise_id, self.reason)
