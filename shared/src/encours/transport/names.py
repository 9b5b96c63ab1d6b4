"""Names of JetStream streams, subjects and inboxes."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit


def stream_name(ledger: str) -> str:
    """Return the name of a ledger's JetStream stream."""
    return f"LEDGER_{ledger}"


def subjects(ledger: str) -> str:
    """Return the pattern of all subjects of a ledger's stream."""
    return f"ledger.{ledger}.>"


def subject(ledger: str, entity: str, type_name: str) -> str:
    """Return the subject of an event."""
    return f"ledger.{ledger}.{entity or '_'}.{type_name}"


def wakeup_subject(ledger: str) -> str:
    """Return the core NATS subject of the message "the ledger has grown"; its body is the ledger's head."""
    return f"encours.poke.{ledger}"


def wanted_subject(ledger: str, model: str) -> str:
    """Return the core NATS subject of the message "a reader waits for this read model"; ``*`` for any model."""
    return f"encours.poke.{ledger}.{model}"


def inbox_prefix(url: str) -> str:
    """Return the prefix of the subjects for replies to a NATS user, which no other user may subscribe to."""
    user = urlsplit(url).username
    return f"_INBOX.{unquote(user)}" if user else "_INBOX"
