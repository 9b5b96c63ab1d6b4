"""Names that both ends must spell the same: schemas, streams, subjects, advisory locks."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit

_PLAIN = re.compile(r"[a-z0-9_]{1,24}")
_MODEL = re.compile(r"[a-z][a-z0-9_]{0,30}")

CONTROL = "encours"
"""Schema of the checkpoints, in each service's database."""


def schema_of(model: str, ledger: str) -> str:
    """The quoted schema of a model's tables for one ledger, such as ``"open_items_demo"``."""
    return f'"{_schema(model, ledger)}"'


def shadow_of(model: str, ledger: str) -> str:
    """The quoted schema that a rebuild writes before it takes the place of :func:`schema_of`."""
    return f'"{_schema(model, ledger)}__next"'


def unquoted(schema: str) -> str:
    """A schema name as the catalogue has it."""
    return schema.strip('"')


def _schema(model: str, ledger: str) -> str:
    if not _MODEL.fullmatch(model):
        raise ValueError(
            f"{model!r} is not a read model's name: lower-case letters, digits, _ and 31 at most"
        )
    if _PLAIN.fullmatch(ledger):
        return f"{model}_{ledger}"
    # "a-b" and "a_b" are two ledgers and PostgreSQL cuts names at 63 bytes: what was changed carries a digest.
    digest = hashlib.sha256(ledger.encode()).hexdigest()[:8]
    return f"{model}_{re.sub(r'[^a-z0-9]', '_', ledger)[:15]}_{digest}"


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


def lock_key(*parts: str) -> int:
    """A PostgreSQL advisory lock key (signed 64 bits) for a name made of parts."""
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
