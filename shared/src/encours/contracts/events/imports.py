"""Takeover of history. Stream: the import id. Appended by invoice-svc."""

from __future__ import annotations

from typing import ClassVar

from encours.contracts.base import Event


class ImportReceived(Event, frozen=True, kw_only=True):
    """A file was received; its lines become events of their own."""

    TYPE: ClassVar[str] = "import.received"
    import_id: str
    file_name: str
    sha256: str
    size_bytes: int
    format: str
    generated: bool
    """Made by a model rather than observed, such as the payments of the demo."""


class ImportCompleted(Event, frozen=True, kw_only=True):
    """Every line has its verdict."""

    TYPE: ClassVar[str] = "import.completed"
    import_id: str
    lines: int
    accepted: int
    duplicates: int
    rejected: int
