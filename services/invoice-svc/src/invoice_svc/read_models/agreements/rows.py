"""Tables of the terms agreed with customers, by the days on which they are in force."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row

STANDING = 2**63 - 1
"""``to_position`` of an agreement that nothing has replaced."""


class AgreementRow(Row):
    """Terms for invoices issued on ``valid_from`` and later, before ``valid_until``; known from a position to another.

    A later agreement ends an earlier one: the row is closed at its position, and a row with the new end opened.
    ``terms`` is JSON of :class:`encours.contracts.common.Terms`.
    """

    TABLE: ClassVar[str] = "agreement"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "valid_from", "from_position")
    TEMPORAL: ClassVar[tuple[str, ...]] = ("customer_id", "to_position", "valid_from", "valid_until")
    customer_id: str
    entity_id: str
    valid_from: date
    valid_until: date | None
    agreed_on: date
    """Business date of the agreement."""
    terms: str
    from_position: int
    to_position: int


class StandingAgreements(Row):
    """The standing agreements of a customer, ascending by day: one entry of each list for each row of them."""

    TABLE: ClassVar[str] = "standing_agreements"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id",)
    customer_id: str
    first_days: list[str]
    agreed_on: list[str]
    terms: list[str]
    positions: list[str]
