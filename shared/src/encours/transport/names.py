"""Names of JetStream streams, subjects and inboxes."""

from __future__ import annotations

from urllib.parse import urlsplit


def stream_name(ledger: str) -> str:
    """The JetStream stream of a ledger."""
    return f"LEDGER_{ledger}"


def subjects(ledger: str) -> str:
    """Every subject of a ledger's stream."""
    return f"ledger.{ledger}.>"


def subject(ledger: str, entity: str, type_name: str) -> str:
    """The subject of one event."""
    return f"ledger.{ledger}.{entity or '_'}.{type_name}"


def poke_subject(ledger: str) -> str:
    """Core NATS subject that says: something was appended."""
    return f"encours.poke.{ledger}"


def inbox_prefix(url: str) -> bytes:
    """Where replies to a NATS user arrive: its own subjects, which no other user may listen to."""
    user = urlsplit(url).username
    return f"_INBOX.{user}".encode() if user else b"_INBOX"
