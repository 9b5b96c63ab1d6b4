"""Table of the list of customers."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class CustomerRow(Row):
    """A debtor. ``name_key`` is the lower-case name, for searches by its beginning."""

    TABLE: ClassVar[str] = "customer"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(entity_id, customer_id)", "(name_key)", "(external_ref)")
    customer_id: str
    entity_id: str
    name_key: str
    external_ref: str | None
    from_on: date
    from_position: int
