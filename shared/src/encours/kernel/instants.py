"""Instants as text."""

from __future__ import annotations

from datetime import datetime


def instant_text(instant: datetime) -> str:
    """Return an instant as RFC 3339 writes it, with ``Z`` for UTC."""
    return instant.isoformat().replace("+00:00", "Z")
