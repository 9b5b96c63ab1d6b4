"""Identity of a payment that a bank or a gateway gives a reference."""

from __future__ import annotations

from encours.kernel.ids import derived_id


def payment_id_of(entity_id: str, reference: str) -> str:
    """Return the id of the entity's payment with that reference, however it arrives: HTTP, import or statement."""
    return derived_id("pay", "import", entity_id, reference)
