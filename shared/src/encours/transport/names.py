"""Names of JetStream streams, subjects and inboxes."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit


def stream_name(ledger: str) -> str:
    """The JetStream stream of a ledger."""
    return f"LEDGER_{ledger}"


def subjects(ledger: str) -> str:
    """Every subject of a ledger's stream."""
    return f"ledger.{ledger}.>"


def subject(ledger: str, entity: str, type_name: str) -> str:
    """The subject of one event."""
    return f"ledger.{ledger}.{entity or '_'}.{type_name}"


def wakeup_subject(ledger: str) -> str:
    """Core NATS subject of the message "the ledger has grown"; its body is the ledger's head."""
    return f"encours.poke.{ledger}"


def wanted_subject(ledger: str, model: str) -> str:
    """Core NATS subject of the message "a reader waits for this read model"; ``*`` for any model."""
    return f"encours.poke.{ledger}.{model}"


def inbox_prefix(url: str) -> str:
    """Prefix of the replies to a NATS user, which no other user may listen to."""
    user = urlsplit(url).username
    return f"_INBOX.{unquote(user)}" if user else "_INBOX"
