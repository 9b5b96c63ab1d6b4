"""Accounts and items of debtors."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from msgspec import field

from dunning_svc.read_models.cases.rows.promises import PromiseEntry
from encours.projection.rows import Row


class AccountRow(Row, kw_only=True):
    """A customer's account at one creditor in one currency: its unapplied cash and its last decided day.

    ``policy_id``: the policy that its last decision applied, since ``policy_since``; empty without a decision.
    ``events``: payment events since the cash was last zero; ``command_id``: the command of the last of them.
    """

    TABLE: ClassVar[str] = "account"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "entity_id", "currency")

    customer_id: str
    entity_id: str
    currency: str
    unapplied_minor: int
    events: str
    command_id: str
    decided_on: date | None
    policy_id: str = ""
    policy_version: int = 0
    policy_since: date | None = None


class DebtorPaymentRow(Row, kw_only=True):
    """A customer's payment, one of the streams that an account of the past is folded from."""

    TABLE: ClassVar[str] = "payment"
    KEY: ClassVar[tuple[str, ...]] = ("payment_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)",)

    payment_id: str
    customer_id: str


class DraftFieldsRow(Row, kw_only=True):
    """Custom fields of an invoice that were set before its issue, as in :class:`ItemRow`."""

    TABLE: ClassVar[str] = "draft_fields"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id",)

    invoice_id: str
    fields: list[str]
    position: int
    set_on: date


class ItemRow(Row, kw_only=True):
    """An issued invoice. ``next_step_on`` is set while an amount is open and a step remains.

    ``instalments`` as ``<date> <sum up to it>``; ``due_on`` is the first that ``settled_minor`` leaves open.

    ``done``: steps taken or superseded. ``taken``: steps taken, in their order, as ``<code> <day> <act> <offset>``,
    with ``proposed`` for one whose message waits for an approval, ``declined`` for one that was not approved.
    ``moved_on``: last day, at the creditor's place, on which a movement of an amount was recorded. ``arose_on``: day on
    which the claim arose.
    """

    TABLE: ClassVar[str] = "item"
    KEY: ClassVar[tuple[str, ...]] = ("invoice_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(customer_id, due_on)",
        "(next_step_on) where next_step_on is not null",
        "(placed_news) where placement_id is not null",
        "(settled_at) where settled_at > 0",
    )

    invoice_id: str
    customer_id: str
    entity_id: str
    currency: str
    number: str
    issued_on: date
    arose_on: date
    due_on: date
    open_minor: int
    disputed_minor: int
    planned_minor: int
    in_hand_minor: int
    settled_minor: int
    instalments: list[str]
    entered_on: date
    penalty_rate_bps: int | None
    indemnity_minor: int
    """Recovery fee that is neither waived nor claimed by a penalty document."""
    done: list[str]
    taken: list[str]
    suppressed: list[str]
    next_step_on: date | None
    version: int
    events: str
    moved_on: date | None = None
    funds: list[str] = field(default_factory=list)
    """Funds allocated to it, as ``<day of availability> <amount> <payment>``."""
    lost_minor: int = 0
    """Amount written off."""
    paid_on: date | None = None
    """Day from which the funds cover it; ``None`` while an amount is open or written off."""
    settled_at: int = 0
    """Position of the event by which payments settled it; 0 if a credit note or a write-off did, or nothing yet."""
    disputed_on: date | None = None
    """Day of its first dispute."""
    placement_id: str | None = None
    """Placement with a third party that collects it."""
    title_id: str | None = None
    """Procedure for a title while nothing else is sent."""
    placed_news: int = 0
    """Position of the last event since then that the third party has to know; 0 without any."""
    promises: list[str] = field(default_factory=list)
    """Promises for it that were not withdrawn, as ``<promise> <last day without dunning>``; ``-`` once replaced."""
    series: str | None = None
    nature: str | None = None
    fields: list[str] = field(default_factory=list)
    """Custom fields, as ``<code> <value>``; ``fields_position`` and ``fields_on``: of the event that set them."""
    fields_position: int = 0
    fields_on: date | None = None
    settled_parts: list[str] = field(default_factory=list)
    """Of an item with a promise, as ``<position> <day of availability> <payment> <amount>``."""

    @property
    def promised_until(self) -> date | None:
        """Return the last day on which dunning rests because of a promise."""
        found = (PromiseEntry.of(each).until for each in self.promises)
        return max((until for until in found if until is not None), default=None)


class DebtPlanRow(Row, kw_only=True):
    """A payment plan: ``instalments`` as ``<date> <sum up to it>``.

    While it is in force, what is left of it is the ``planned_minor`` of its invoices.
    """

    TABLE: ClassVar[str] = "payment_plan"
    KEY: ClassVar[tuple[str, ...]] = ("plan_id",)
    INDEXES: ClassVar[tuple[str, ...]] = ("(customer_id)", "(entity_id) where in_force")

    plan_id: str
    customer_id: str
    entity_id: str
    currency: str
    invoice_ids: list[str]
    instalments: list[str]
    in_force: bool = True
