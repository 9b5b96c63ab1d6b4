"""Tables of the review: those of its findings that other lists do not hold."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from encours.projection.rows import Id, Row

TWIN = Id("twn")


class FirstTwinRow(Row):
    """The first invoice of a customer with a likeness (:mod:`invoice_svc.read_models.reviews.likeness`)."""

    TABLE: ClassVar[str] = "first_twin"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "pattern")
    customer_id: str
    pattern: Annotated[str, TWIN]
    invoice_id: str
    basis: str
    period: str
    several: bool


class TwinRow(Row):
    """An invoice whose likeness others of its customer have too."""

    TABLE: ClassVar[str] = "twin"
    KEY: ClassVar[tuple[str, ...]] = ("pattern", "invoice_id")
    pattern: Annotated[str, TWIN]
    invoice_id: str
    customer_id: str
    basis: str
    period: str


class LateIssueRow(Row):
    """An invoice that was issued after the last day of the law."""

    TABLE: ClassVar[str] = "late_issue"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id",)
    invoice_id: str
    entity_id: str
    customer_id: str
    currency: str
    total_minor: int
    number: str
    supplied_on: date
    last_day: date
    issued_on: date
    source: str
    position: int


class DismissalRow(Row):
    """The dismissal of a finding with the facts that it had."""

    TABLE: ClassVar[str] = "dismissal"
    KEY: ClassVar[tuple[str, ...]] = ("finding_id", "position")
    finding_id: str
    position: int
    dismissed_on: date
    facts: str
    cause: str
    actor: str
