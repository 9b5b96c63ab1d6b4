"""Bodies of facts about a customer, of registers' answers and of comments."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from encours.contracts.events.credit_file import (
    CreditFactContent,
    CreditFactKind,
    CreditFactSource,
    CreditFactValue,
)
from encours.http.models import Body, BusinessDate, LongText, ShortText
from risk_svc.domain.file.comments import CorrectComment, MakeComment
from risk_svc.domain.file.facts import CorrectFact, RecordFacts, WithdrawFact
from risk_svc.domain.file.registers import Register
from risk_svc.http.standing.bodies import RoleCode
from risk_svc.use_cases.file.facts import FileExtract

EvidenceHash = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(examples=["9f86d081884c7d65" * 4])
]
ValueName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class FactBody(Body):
    """A fact about a customer."""

    kind: CreditFactKind = Field(
        description="A `company_status` has the value `state` (`active`, `closed`), `accounts_filed` has `closed_on`."
    )
    source: CreditFactSource
    observed_on: BusinessDate
    valid_from: BusinessDate | None = Field(
        default=None, description="First day; that of the observation if not given."
    )
    valid_until: BusinessDate | None = Field(default=None, description="Last day; without end if not given.")
    text: LongText = Field(examples=["Half of the yard is empty, two vans are for sale"])
    values: Annotated[dict[ValueName, ShortText], Field(max_length=30)] = Field(
        default_factory=dict, examples=[{"employees": "12"}]
    )
    evidence_sha256: Annotated[list[EvidenceHash], Field(max_length=20)] = Field(
        default_factory=list, description="Hashes of the documents that show it."
    )

    def to_content(self) -> CreditFactContent:
        """Return the content as the event holds it."""
        return CreditFactContent(
            kind=self.kind,
            source=self.source,
            observed_on=self.observed_on,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            text=self.text,
            values=tuple(CreditFactValue(name=name, value=value) for name, value in self.values.items()),
            evidence_sha256=tuple(self.evidence_sha256),
            reference=None,
        )

    def to_command(self, customer_id: str) -> RecordFacts:
        """Return the command."""
        return RecordFacts(customer_id, (self.to_content(),))


class FactCorrectionBody(Body):
    """Correction of a fact."""

    fact: FactBody = Field(description="All of its content.")
    text: LongText = Field(description="Reason.", examples=["It was the yard of the neighbour"])

    def to_command(self, customer_id: str, number: int) -> CorrectFact:
        """Return the command."""
        return CorrectFact(customer_id, number, self.fact.to_content(), self.text)


class FactWithdrawalBody(Body):
    """Withdrawal of a fact that was recorded in error."""

    text: LongText = Field(examples=["Another customer was meant"])

    def to_command(self, customer_id: str, number: int) -> WithdrawFact:
        """Return the command."""
        return WithdrawFact(customer_id, number, self.text)


class ExtractBody(Body):
    """Answer of a company register, as it came."""

    register_: Register = Field(alias="register")
    document: dict[str, Any]

    def to_command(self, customer_id: str) -> FileExtract:
        """Return the command."""
        return FileExtract(customer_id, self.register_, self.document)


class CreditCommentBody(Body):
    """Comment on a customer's credit."""

    text: LongText = Field(examples=["Pays late in summer, always has"])
    visible_to: Annotated[list[RoleCode], Field(max_length=20)] = Field(
        default_factory=list,
        description="Roles of the credit policy that may read it, beside the author; all readers of the file if empty.",
    )

    def to_make(self, customer_id: str) -> MakeComment:
        """Return the command that adds it."""
        return MakeComment(customer_id, self.text, tuple(self.visible_to))

    def to_correct(self, customer_id: str, number: int) -> CorrectComment:
        """Return the command that corrects one."""
        return CorrectComment(customer_id, number, self.text, tuple(self.visible_to))
