"""Ids that follow from the business keys of a file, so that the same line is the same thing wherever it is read."""

from __future__ import annotations

from uuid import UUID

from encours.kernel.ids import derived_id, derived_uuid


def own_entity(ledger: str) -> str:
    """The entity of imports that name none."""
    return derived_id("ent", "import", ledger)


def customer_id(entity_id: str, ref: str) -> str:
    """The customer with that code."""
    return derived_id("cus", "import", entity_id, ref)


def invoice_id(entity_id: str, number: str) -> str:
    """The invoice with that number."""
    return derived_id("inv", "import", entity_id, number)


def payment_id(entity_id: str, ref: str) -> str:
    """The payment with that reference."""
    return derived_id("pay", "import", entity_id, ref)


def dispute_id(entity_id: str, ref: str) -> str:
    """The dispute with that reference."""
    return derived_id("dis", "import", entity_id, ref)


def credit_note_id(entity_id: str, number: str) -> str:
    """The credit note with that number."""
    return derived_id("cre", "import", entity_id, number)


def command_id(ledger: str, entity_id: str, key: str, content: bytes) -> UUID:
    """The command of an event: the same key and content are the same command, from whichever file."""
    return derived_uuid("import", ledger, entity_id, key, content.hex())


def correlation_id(import_id: str) -> UUID:
    """What ties events to the file they came from: the digits of the import's id."""
    return UUID(hex=import_id.partition("_")[2])
