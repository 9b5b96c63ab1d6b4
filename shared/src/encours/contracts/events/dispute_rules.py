"""A creditor's rules for disputes, dated. Stream: the id of the rules, one for each entity. Appended by invoice-svc."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts.base import Event
from encours.contracts.events.dispute import Category


class DeductionCodeMapped(Event, frozen=True, kw_only=True):
    """A debtor's reason code stands for a category from a day on, until a later mapping of the same code."""

    TYPE: ClassVar[str] = "dispute_rules.code_mapped"
    rules_id: str
    entity_id: str
    debtor_id: str | None
    """Customer who uses the code so; ``None``: every customer of the entity."""
    code: str
    """In capitals."""
    category: Category
    label: str | None
    """The debtor's words for it."""
    valid_from: date


class DisputeCategorySet(Event, frozen=True, kw_only=True):
    """Owner and deadline of the disputes of a category that are opened from a day on."""

    TYPE: ClassVar[str] = "dispute_rules.category_set"
    rules_id: str
    entity_id: str
    category: Category
    owner: str | None
    """Person or role in charge."""
    answer_days: int | None
    """Calendar days from the opening to the deadline; ``None``: no deadline."""
    alert_days: int
    """Business days before the deadline on which it is near."""
    valid_from: date
