"""Tables that are searched: the words of each invoice, the names of each customer.

``edition`` 0 is what they are now; an earlier content is kept under the position at which it was replaced.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row

CURRENT = 0
WORDS = "array_to_tsvector(string_to_array(words, ' '))"
"""SQL: the words of an invoice as the index holds them."""


class InvoiceWordsRow(Row, kw_only=True):
    """Content of an invoice from a position on: its marked words (:mod:`.words`) and its total."""

    TABLE: ClassVar[str] = "invoice_words"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id", "edition")
    INDEXES: ClassVar[tuple[str, ...]] = (
        # A short list of pending entries: each search reads it whole.
        f"using gin ({WORDS}) with (gin_pending_list_limit = 256)",
        "(customer_id, invoice_id)",
        "(total_minor, invoice_id)",
    )
    invoice_id: str
    edition: int = CURRENT
    customer_id: str
    from_position: int
    from_on: date
    currency: str
    total_minor: int
    words: str


class CustomerNameRow(Row, kw_only=True):
    """Name of a customer from a position on, folded. A name has no business date."""

    TABLE: ClassVar[str] = "customer_name"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "edition")
    INDEXES: ClassVar[tuple[str, ...]] = ("using gin (name_key gin_trgm_ops)",)
    EXTENSIONS: ClassVar[tuple[str, ...]] = ("pg_trgm",)
    customer_id: str
    edition: int = CURRENT
    entity_id: str
    from_position: int
    name_key: str
