"""Guarantees that others give for a customer's debts. Stream: the guarantee. Appended by risk-svc."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event

GuaranteeKind = Literal["bank", "parent_company", "personal", "deposit", "other"]
"""``bank``: guarantee on first demand or standby letter of credit. ``personal``: surety [caution] of a person."""


class GuaranteeTaken(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody answers for debts of the customer up to an amount."""

    TYPE: ClassVar[str] = "guarantee.taken"
    guarantee_id: str
    customer_id: str
    kind: GuaranteeKind
    amount_minor: int
    currency: str
    valid_from: date
    valid_until: date | None
    """Last day on which it can be called; ``None`` without end."""
    reference: str
    """Number or place of the deed."""
    text: str | None
    role: str | None = None
    """Role that the amount needs; ``None`` where the entity's policy asks for none."""
    in_place_of: str | None = None
    """Actor that whoever takes it substitutes."""


class GuaranteeReleased(Event, frozen=True, kw_only=True):
    """The guarantee ends before its last day."""

    TYPE: ClassVar[str] = "guarantee.released"
    guarantee_id: str
    customer_id: str
    text: str
