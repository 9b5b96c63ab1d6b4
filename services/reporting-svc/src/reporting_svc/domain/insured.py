"""Insured parts of open invoices, as they were counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InsuredParts:
    """Insured part of each open invoice, and their sums by entity and currency; minor units."""

    by_invoice: Mapping[str, int]
    sums: Mapping[tuple[str, str], int]

    def within(self, granted: Collection[str] | None, entity_id: str | None, currency: str) -> int:
        """Return the sum of an entity, or of all that the caller may see (``None``: of any), in a currency."""
        return sum(
            minor
            for (entity, of), minor in self.sums.items()
            if of == currency and entity_id in (None, entity) and (granted is None or entity in granted)
        )
