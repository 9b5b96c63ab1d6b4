"""Request bodies of disputes."""

from __future__ import annotations

from pydantic import Field

from encours.contracts.events.dispute import Category, Outcome
from encours.http.models import Body, BusinessDate, LongText, PositiveMoney, ShortText
from invoice_svc.domain.dispute.commands import OpenDispute, ResolveDispute
from invoice_svc.http.invoices.bodies import CreditBody


class DisputeBody(Body):
    """Amount that the customer contests, and why."""

    category: Category
    amount: PositiveMoney | None = Field(default=None, description="All that is outstanding if not given.")
    text: LongText = Field(examples=["Two of four tyres were damaged."])
    owner: ShortText | None = Field(default=None, description="Person in charge of the dispute.")
    opened_on: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, dispute_id: str, invoice_id: str) -> OpenDispute:
        """Return the command."""
        return OpenDispute(
            dispute_id=dispute_id,
            invoice_id=invoice_id,
            category=self.category,
            amount_minor=self.amount.minor if self.amount else None,
            text=self.text,
            owner=self.owner,
            opened_on=self.opened_on,
            currency=self.amount.currency if self.amount else None,
        )


class ResolveBody(Body):
    """End of a dispute. `credited`: you accept the claim and nobody asks for it; its credit note comes now or later."""

    outcome: Outcome
    text: LongText | None = None
    on: BusinessDate | None = Field(default=None, description="Today if not given.")
    credit_note: bool | CreditBody = Field(
        default=False,
        description="Make the credit note in the same step: `true`, or its content. Without an amount it is over what "
        "earlier credit notes have left of the claim; where they have answered all of it, none is made.",
    )

    def to_command(self, dispute_id: str, credit_note_id: str) -> ResolveDispute:
        """Return the command."""
        credit = self.credit_note
        if credit is True:
            credit = CreditBody(reason=self.text or "Accepted claim")
        return ResolveDispute(
            dispute_id,
            self.outcome,
            self.on,
            self.text,
            None if credit is False else credit.to_command("", credit_note_id),
        )
