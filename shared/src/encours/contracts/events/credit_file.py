"""Field information about a customer, and comments on its credit. Streams: facts and comments of the customer.

Appended by risk-svc.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value

CreditFactKind = Literal[
    "observation", "payment_incident", "company_status", "insolvency_notice", "accounts_filed",
    "register_notice", "insurer_opinion",
]  # fmt: skip
CreditFactSource = Literal["sales", "branch", "register", "insurer", "other"]


class CreditFactValue(Value, frozen=True, kw_only=True):
    """Value of a fact in its written form, such as ``state`` ``closed`` or ``closed_on`` ``2025-12-31``."""

    name: str
    value: str


class CreditFactContent(Value, frozen=True, kw_only=True):
    """Content of a fact."""

    kind: CreditFactKind
    source: CreditFactSource
    observed_on: date
    valid_from: date | None
    valid_until: date | None
    text: str
    values: tuple[CreditFactValue, ...]
    evidence_sha256: tuple[str, ...]
    """Hashes of the documents that show it; the documents stay where they are."""
    reference: str | None
    """Id of a register's record; the same record is one fact."""


class CreditFactRecorded(Event, frozen=True, kw_only=True):
    """Somebody or a register has told something about a customer."""

    TYPE: ClassVar[str] = "credit_fact.recorded"
    credit_facts_id: str
    customer_id: str
    fact_number: int
    """Number of the fact among those of the customer, from 1."""
    content: CreditFactContent

    @property
    def kind(self) -> CreditFactKind:
        """Kind of the fact."""
        return self.content.kind

    @property
    def source(self) -> CreditFactSource:
        """Source of the fact."""
        return self.content.source

    @property
    def text(self) -> str:
        """Text of the fact."""
        return self.content.text


class CreditFactCorrected(Event, frozen=True, kw_only=True):
    """The fact is as told here; all of it."""

    TYPE: ClassVar[str] = "credit_fact.corrected"
    credit_facts_id: str
    customer_id: str
    fact_number: int
    content: CreditFactContent
    text: str
    """Reason of the correction."""


class CreditFactWithdrawn(Event, frozen=True, kw_only=True):
    """The fact was recorded in error."""

    TYPE: ClassVar[str] = "credit_fact.withdrawn"
    credit_facts_id: str
    customer_id: str
    fact_number: int
    text: str


class CreditCommentMade(Event, frozen=True, kw_only=True):
    """A person comments on a customer's credit; the event's actor is the author."""

    TYPE: ClassVar[str] = "credit_comment.made"
    credit_comments_id: str
    customer_id: str
    comment_number: int
    text: str
    visible_to: tuple[str, ...]
    """Roles of the credit policy that may read it; empty: all who may read the file."""


class CreditCommentCorrected(Event, frozen=True, kw_only=True):
    """The author has put a comment in other words; the earlier ones stay in the ledger."""

    TYPE: ClassVar[str] = "credit_comment.corrected"
    credit_comments_id: str
    customer_id: str
    comment_number: int
    text: str
    visible_to: tuple[str, ...]
