"""Ids derived from the business keys of a file, so that a line gives the same ids in every import."""

from __future__ import annotations

from uuid import UUID

from encours.kernel.ids import derived_id, derived_uuid


def own_entity(ledger: str) -> str:
    """Return the entity id of imports that name no entity."""
    return derived_id("ent", "import", ledger)


def invoice_id(entity_id: str, number: str) -> str:
    """Return the id of the invoice with that number."""
    return derived_id("inv", "import", entity_id, number)


def dispute_id(entity_id: str, ref: str) -> str:
    """Return the id of the dispute with that reference."""
    return derived_id("dis", "import", entity_id, ref)


def credit_note_id(entity_id: str, number: str) -> str:
    """Return the id of the credit note with that number."""
    return derived_id("cre", "import", entity_id, number)


def command_id(ledger: str, entity_id: str, key: str, content: bytes) -> UUID:
    """Return the command id of an event; equal key and content give the same id from any file."""
    return derived_uuid("import", ledger, entity_id, key, content.hex())


def correlation_id(import_id: str) -> UUID:
    """Return the correlation id of an import's events: the hex digits of the import's id."""
    return UUID(hex=import_id.partition("_")[2])
