"""Table of the list of customers."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class CustomerRow(Row):
    """A debtor. ``name_key`` is the lower-case name, for searches by its beginning; ``plain_name`` the name as banks
    state it. ``changed_position`` is that of its last description.

    ``likeness``: the marks of :mod:`invoice_svc.domain.customer.likeness`, for the search for duplicates.
    ``fields``: values of custom fields as ``<code>:<value>``.
    """

    TABLE: ClassVar[str] = "customer"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(entity_id, customer_id)",
        "(name_key)",
        "(plain_name)",
        "(changed_position)",
        "(external_ref)",
        "using gin (likeness)",
        "using gin (fields)",
    )
    customer_id: str
    entity_id: str
    name: str
    name_key: str
    plain_name: str
    external_ref: str | None
    from_on: date
    from_position: int
    changed_position: int
    salesperson: str | None
    tags: list[str]
    segment: str | None
    country: str
    likeness: list[str]
    fields: list[str]


class RolesRow(Row):
    """An assignment of roles around a customer, never changed again (``contracts/parties.py`` resolves them).

    Of several for one day the last recorded counts, so no two are in force on a day, at any position.
    """

    TABLE: ClassVar[str] = "roles"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    INDEXES: ClassVar[tuple[str, ...]] = ("(payer_id)", "(group_id)", "(position)")
    customer_id: str
    position: int
    valid_from: date
    payer_id: str | None
    billed_id: str | None
    delivered_id: str | None
    group_id: str | None
