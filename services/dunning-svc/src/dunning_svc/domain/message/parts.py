"""Parts of a message, by which a letter is laid out: paragraphs and tables."""

from __future__ import annotations

from encours.contracts.base import Value


class Paragraph(Value, frozen=True, kw_only=True, tag="paragraph"):
    """Lines of text; ``strong`` for the total."""

    lines: tuple[str, ...]
    strong: bool = False


class ItemLine(Value, frozen=True, kw_only=True):
    """Row of a table. ``note``: share of the invoice that is not claimed."""

    cells: tuple[str, ...]
    note: str


class ItemTable(Value, frozen=True, kw_only=True, tag="table"):
    """Table of invoices with its head."""

    head: tuple[str, ...]
    rows: tuple[ItemLine, ...]


Part = Paragraph | ItemTable
