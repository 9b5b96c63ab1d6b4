"""Commands on the rules of disputes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts.events.sales.dispute import Category
from encours.kernel.ids import derived_id


def rules_id(entity_id: str) -> str:
    """Return the id of an entity's rules."""
    return derived_id("dsr", entity_id)


@dataclass(frozen=True, slots=True)
class MapCode:
    """A debtor's reason code stands for a category, for one customer or all. ``valid_from`` is today if not given."""

    entity_id: str
    customer_id: str | None
    code: str
    category: Category
    label: str | None
    valid_from: date | None


@dataclass(frozen=True, slots=True)
class SetCategory:
    """Owner and deadline of disputes of a category. ``valid_from`` is today if not given."""

    entity_id: str
    category: Category
    owner: str | None
    answer_days: int | None
    alert_days: int
    valid_from: date | None
