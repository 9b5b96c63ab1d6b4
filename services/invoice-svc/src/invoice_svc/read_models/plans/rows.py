"""Tables of the list of payment plans."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.projection.rows import Row


class PlanRow(Row, kw_only=True):
    """A payment plan as of now. ``instalments`` as ``<date> <amount>``; ``settled_minor`` was covered before them."""

    TABLE: ClassVar[str] = "plan"
    KEY: ClassVar[tuple[str, ...]] = ("plan_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id, plan_id)", "(status) where status = 'in_force'")
    plan_id: str
    entity_id: str
    customer_id: str
    currency: str
    agreed_on: date
    from_position: int
    total_minor: int
    grace_days: int
    settled_minor: int = 0
    instalments: list[str]
    status: str = "in_force"


class PlanStatusRow(Row):
    """Status of a plan from an event on."""

    TABLE: ClassVar[str] = "plan_status"
    KEY: ClassVar[tuple[str, ...]] = ("plan_id", "position")
    plan_id: str
    position: int
    effective_on: date
    status: str


class PlanInvoiceRow(Row):
    """Invoice on a plan, with its amount when the plan was agreed."""

    TABLE: ClassVar[str] = "plan_invoice"
    KEY: ClassVar[tuple[str, ...]] = ("plan_id", "invoice_id")
    INDEXES: ClassVar[tuple[str, ...]] = ("(invoice_id)",)
    plan_id: str
    invoice_id: str
    amount_minor: int
