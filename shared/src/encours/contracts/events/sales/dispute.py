"""A dispute [litige] on an amount of an invoice, and the creditor's dated rules for disputes. Appended by invoice-svc.

Streams: the dispute id; the id of the rules, one for each entity.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Upcaster, Value
from encours.contracts.common import KeptEvidence

Category = Literal[
    "price",
    "quantity",
    "quality",
    "delivery",
    "service",
    "administrative",
    "duplicate",
    "promotion",
    "discount",
    "goods_returned",
    "penalty",
    "other",
]
"""``promotion``: agreed allowances. ``discount``: early payment. ``penalty``: a charge of the debtor for a delivery."""
Outcome = Literal["credited", "rejected", "withdrawn"]
DisputeOutcome = Literal["credited", "rejected", "withdrawn", "split"]
"""``split``: parts of the amount have different outcomes."""
DisputeKind = Literal["dispute", "deduction"]
"""``deduction``: the debtor has paid short and kept the amount."""


class DisputeOpened(Event, frozen=True, kw_only=True):
    """The customer contests an amount, for a reason; no payment closes this by itself."""

    TYPE: ClassVar[str] = "dispute.opened"
    VERSION: ClassVar[int] = 2
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: lambda fields: fields}
    dispute_id: str
    invoice_id: str
    customer_id: str
    category: Category
    amount_minor: int
    currency: str
    text: str
    owner: str | None
    """Person or role in charge."""
    kind: DisputeKind = "dispute"
    code: str | None = None
    """The debtor's reason code, as it writes it."""
    code_mapped: bool = False
    """The category follows from the code."""
    answer_by: date | None = None
    """Last day on which the creditor means to answer."""
    alert_on: date | None = None
    """Day from which that deadline is near."""
    payment_id: str | None = None
    """Payment that the debtor made short by the amount."""
    follows: str | None = None
    """Earlier dispute that was resolved and that the debtor raises again."""
    evidence: tuple[KeptEvidence, ...] = ()


class DisputeAssigned(Event, frozen=True, kw_only=True):
    """Owner and deadline of the dispute from now on."""

    TYPE: ClassVar[str] = "dispute.assigned"
    dispute_id: str
    invoice_id: str
    customer_id: str
    owner: str | None
    answer_by: date | None
    alert_on: date | None
    text: str | None


class DisputeCommented(Event, frozen=True, kw_only=True):
    """A remark on the dispute, with any documents; the event tells who made it and when."""

    TYPE: ClassVar[str] = "dispute.commented"
    dispute_id: str
    invoice_id: str
    customer_id: str
    text: str
    evidence: tuple[KeptEvidence, ...]


class DisputeRaised(Event, frozen=True, kw_only=True):
    """The customer contests more of the invoice."""

    TYPE: ClassVar[str] = "dispute.raised"
    dispute_id: str
    invoice_id: str
    customer_id: str
    amount_minor: int
    """Amount that is added."""
    open_minor: int
    """Amount that is contested with it."""
    currency: str
    text: str


class DisputePartResolved(Event, frozen=True, kw_only=True):
    """A part of the contested amount has its outcome; the rest stays contested."""

    TYPE: ClassVar[str] = "dispute.part_resolved"
    dispute_id: str
    invoice_id: str
    customer_id: str
    outcome: Outcome
    amount_minor: int
    open_minor: int
    """Amount that stays contested."""
    currency: str
    text: str | None


class ResolvedPart(Value, frozen=True, kw_only=True):
    """Outcome of a part of the amount, and its reason."""

    outcome: Outcome
    amount_minor: int
    text: str | None


class DisputeResolved(Event, frozen=True, kw_only=True):
    """The dispute has ended, with one outcome for all that was still contested or with its parts."""

    TYPE: ClassVar[str] = "dispute.resolved"
    VERSION: ClassVar[int] = 2
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {1: lambda fields: fields}
    dispute_id: str
    invoice_id: str
    customer_id: str
    outcome: DisputeOutcome
    amount_minor: int
    currency: str
    text: str | None
    parts: tuple[ResolvedPart, ...] = ()
    """Of a ``split``."""


class DisputeDeadlineNear(Event, frozen=True, kw_only=True):
    """The deadline of an open dispute is near; once for each deadline."""

    TYPE: ClassVar[str] = "dispute.deadline_near"
    dispute_id: str
    invoice_id: str
    customer_id: str
    answer_by: date
    owner: str | None


class DisputeDeadlineMissed(Event, frozen=True, kw_only=True):
    """The deadline of an open dispute has passed; once for each deadline."""

    TYPE: ClassVar[str] = "dispute.deadline_missed"
    dispute_id: str
    invoice_id: str
    customer_id: str
    answer_by: date
    owner: str | None


class DeductionCodeMapped(Event, frozen=True, kw_only=True):
    """A debtor's reason code stands for a category from a day on, until a later mapping of the same code."""

    TYPE: ClassVar[str] = "dispute_rules.code_mapped"
    rules_id: str
    entity_id: str
    debtor_id: str | None
    """Customer who uses the code so; ``None``: every customer of the entity."""
    code: str
    """In capitals."""
    category: Category
    label: str | None
    """The debtor's words for it."""
    valid_from: date


class DisputeCategorySet(Event, frozen=True, kw_only=True):
    """Owner and deadline of the disputes of a category that are opened from a day on."""

    TYPE: ClassVar[str] = "dispute_rules.category_set"
    rules_id: str
    entity_id: str
    category: Category
    owner: str | None
    """Person or role in charge."""
    answer_days: int | None
    """Calendar days from the opening to the deadline; ``None``: no deadline."""
    alert_days: int
    """Business days before the deadline on which it is near."""
    valid_from: date
