"""Request bodies of disputes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from encours.contracts.common import KeptEvidence
from encours.contracts.events.sales.dispute import (
    Category,
    DisputeKind,
    DisputeOutcome,
    Outcome,
    ResolvedPart,
)
from encours.http.models import Body, BusinessDate, LongText, PositiveMoney, ShortText
from encours.kernel.errors import Invalid
from invoice_svc.domain.dispute.commands import (
    AssignDispute,
    CommentDispute,
    OpenDispute,
    RaiseDispute,
    ResolveDispute,
)
from invoice_svc.domain.refusals import require_currency
from invoice_svc.http.common import DisputeId, PaymentId
from invoice_svc.http.evidence import EvidenceBody
from invoice_svc.http.invoices.bodies import CreditBody

MAX_DOCUMENTS = 10
Documents = Annotated[list[EvidenceBody], Field(max_length=MAX_DOCUMENTS)]


class DisputeBody(Body):
    """Amount that the customer contests, and why; or that it has deducted from its payment (`kind`)."""

    kind: DisputeKind = Field(
        default="dispute", description="`deduction`: the debtor has paid short already."
    )
    category: Category | None = Field(
        default=None,
        description="If not given, that of the debtor's code (`PUT /v1/deduction-codes/{code}`), `other` for a code "
        "that is not mapped.",
    )
    code: ShortText | None = Field(default=None, description="The debtor's reason code.", examples=["PR-04"])
    amount: PositiveMoney | None = Field(default=None, description="All that is outstanding if not given.")
    text: LongText = Field(examples=["Two of four tyres were damaged."])
    owner: ShortText | None = Field(
        default=None, description="Person or role in charge; that of the category if not given."
    )
    answer_by: BusinessDate | None = Field(
        default=None, description="Last day for the answer; that of the category if not given."
    )
    opened_on: BusinessDate | None = Field(default=None, description="Today if not given.")
    payment_id: PaymentId | None = Field(
        default=None, description="Payment on the invoice that the debtor made short by the amount."
    )
    follows: DisputeId | None = Field(
        default=None, description="Resolved dispute on the invoice that the debtor raises again."
    )
    evidence: Documents = Field(default=[])

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
            kind=self.kind,
            code=self.code,
            answer_by=self.answer_by,
            payment_id=self.payment_id,
            follows=self.follows,
            evidence=_evidence(self.evidence),
        )


class AssignBody(Body):
    """Owner or deadline from now on; what is not given stays."""

    owner: ShortText | None = Field(default=None, examples=["Claire Martin"])
    answer_by: BusinessDate | None = None
    text: LongText | None = Field(default=None, description="Reason of the change.")

    def to_command(self, dispute_id: str) -> AssignDispute:
        """Return the command."""
        return AssignDispute(dispute_id, self.owner, self.answer_by, self.text)


class DisputeCommentBody(Body):
    """A remark, with any documents."""

    text: LongText = Field(examples=["The carrier confirms the damage."])
    evidence: Documents = Field(default=[])

    def to_command(self, dispute_id: str) -> CommentDispute:
        """Return the command."""
        return CommentDispute(dispute_id, self.text, _evidence(self.evidence))


class RaiseBody(Body):
    """More of the invoice that the customer contests."""

    amount: PositiveMoney = Field(description="Amount that is added to what is contested.")
    text: LongText = Field(examples=["A third tyre is damaged."])
    on: BusinessDate | None = Field(default=None, description="Today if not given.")

    def to_command(self, dispute_id: str) -> RaiseDispute:
        """Return the command."""
        return RaiseDispute(dispute_id, self.amount.minor, self.amount.currency, self.text, self.on)


class SplitPartBody(Body):
    """A part of the contested amount, and the reason of its outcome."""

    amount: PositiveMoney
    text: LongText | None = None

    def to_part(self, outcome: Outcome, currency: str) -> ResolvedPart:
        """Return the part. Raises ``currency-mismatch`` for another currency than that of the other part."""
        require_currency(self.amount.currency, currency, f"/{outcome}/amount")
        return ResolvedPart(outcome=outcome, amount_minor=self.amount.minor, text=self.text)


class ResolveBody(Body):
    """End of a dispute. `credited`: you accept the claim and nobody asks for it; its credit note comes now or later.

    `split`: you accept a part (`credited`) and reject the rest (`rejected`).
    """

    outcome: DisputeOutcome
    amount: PositiveMoney | None = Field(
        default=None,
        description="Part of what is contested that has this outcome; the rest stays contested. All if not given.",
    )
    credited: SplitPartBody | None = Field(default=None, description="Of a `split`.")
    rejected: SplitPartBody | None = Field(
        default=None, description="Of a `split`; both parts together are what is contested."
    )
    text: LongText | None = None
    on: BusinessDate | None = Field(default=None, description="Today if not given.")
    credit_note: bool | CreditBody = Field(
        default=False,
        description="Make the credit note in the same step: `true`, or its content. Without an amount it is over what "
        "earlier credit notes have left of the claim; where they have answered all of it, none is made.",
    )

    def to_command(self, dispute_id: str, credit_note_id: str) -> ResolveDispute:
        """Return the command."""
        parts, currency = self._parts()
        credit = self.credit_note
        if credit is True:
            accepted = self.credited.text if self.credited else None
            credit = CreditBody(reason=accepted or self.text or "Accepted claim")
        return ResolveDispute(
            dispute_id,
            self.outcome,
            self.on,
            self.text,
            None if credit is False else credit.to_command("", credit_note_id),
            amount_minor=self.amount.minor if self.amount else None,
            currency=self.amount.currency if self.amount else currency,
            parts=parts,
        )

    def _parts(self) -> tuple[tuple[ResolvedPart, ...], str | None]:
        """Return the parts of a split, and their currency."""
        if self.outcome != "split":
            if self.credited or self.rejected:
                raise Invalid("Parts belong to the outcome split.", "/outcome")
            return (), None
        if self.credited is None or self.rejected is None:
            raise Invalid(
                "A split has both parts, credited and rejected.",
                "/rejected" if self.credited else "/credited",
            )
        if self.amount is not None:
            raise Invalid("A split is of all that is contested: leave the amount out.", "/amount")
        currency = self.credited.amount.currency
        parts = (
            self.credited.to_part("credited", currency),
            self.rejected.to_part("rejected", currency),
        )
        return parts, currency


def _evidence(bodies: Sequence[EvidenceBody]) -> tuple[KeptEvidence, ...]:
    return tuple(body.to_evidence(f"/evidence/{i}") for i, body in enumerate(bodies))
