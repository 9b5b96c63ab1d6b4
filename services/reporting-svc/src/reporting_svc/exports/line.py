"""Line of an exported journal: all that any layout shows of it."""

from __future__ import annotations

from datetime import date

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
