"""Line of an exported journal with all that a layout shows of it, and the interface of layouts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

import msgspec


class ExportLine(msgspec.Struct, gc=False):
    """Amounts are minor units; one of ``debit_minor`` and ``credit_minor`` is above 0, the other is 0.

    ``currency`` is that of the document, with the signed amount in it, where it is not that of the books; else None.
    """

    journal: str
    journal_label: str
    number: int
    booked_on: date
    account: str
    account_label: str
    auxiliary: str
    auxiliary_label: str
    piece: str
    label: str
    debit_minor: int
    credit_minor: int
    letter: str
    lettered_on: date | None
    validated_on: date
    foreign_minor: int
    currency: str | None


class TextLayout(Protocol):
    """Layout of a text file, which is written line by line."""

    def head(self) -> bytes:
        """Return the beginning of the file."""

    def body(self, lines: Iterable[ExportLine]) -> bytes:
        """Return lines of the file."""
