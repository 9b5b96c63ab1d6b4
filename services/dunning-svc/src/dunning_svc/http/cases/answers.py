"""Answers about cases."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from dunning_svc.domain.policy.policy import DEFAULT_POLICY
from dunning_svc.domain.policy.schedule import upcoming
from dunning_svc.read_models.cases.due import item_of
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows import AccountRow, DebtorRow, ItemRow, steps_taken
from encours.contracts.recipients import recipient
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf


class HoldSeen(BaseModel):
    """A hold in force."""

    until: date
    reason: str | None

    @classmethod
    def of(cls, customer: DebtorRow, as_of: date) -> HoldSeen | None:
        """Return the customer's hold if one is in force on the day, else ``None``."""
        if customer.hold_until is None or customer.hold_until < as_of:
            return None
        return cls(until=customer.hold_until, reason=customer.hold_cause)


class CreditOut(BaseModel):
    """Unapplied payments in one currency."""

    entity_id: str
    unapplied: MoneyModel

    @classmethod
    def of(cls, row: AccountRow) -> CreditOut:
        """Return an account."""
        return cls(entity_id=row.entity_id, unapplied=MoneyModel.of(row.unapplied_minor, row.currency))


class NextStep(BaseModel):
    """The next step of an item, and the first day on which it may be taken."""

    code: str
    on: date


class CaseItem(BaseModel):
    """An open invoice on the ladder."""

    invoice_id: str
    entity_id: str
    number: str
    due_on: date
    days_past_due: int
    open: MoneyModel
    disputed: MoneyModel
    level: str | None = Field(description="The highest step taken.")
    suppressed: list[str] = Field(description="Steps whose reminder was suppressed.")
    next_step: NextStep | None

    @classmethod
    def of(cls, row: ItemRow, as_of: date) -> CaseItem:
        """Return an item as of a day."""
        taken = steps_taken(row)
        step = upcoming(DEFAULT_POLICY, as_of, due_on=row.due_on, entered_on=row.entered_on, taken=taken)
        return cls(
            invoice_id=row.invoice_id,
            entity_id=row.entity_id,
            number=row.number,
            due_on=row.due_on,
            days_past_due=(as_of - row.due_on).days,
            open=MoneyModel.of(row.open_minor, row.currency),
            disputed=MoneyModel.of(item_of(row).contested_minor, row.currency),
            level=taken[-1].code if taken else None,
            suppressed=row.suppressed,
            next_step=None if step is None else NextStep(code=step[0].code, on=step[1]),
        )


class CaseOut(BaseModel):
    """A customer's dunning case."""

    customer_id: str
    entity_id: str
    name: str
    language: str
    payer_id: str = Field(description="Customer that pays on the date, to whom reminders go.")
    email: str | None = Field(description="Address that reminders go to.")
    hold: HoldSeen | None
    credits: list[CreditOut]
    items: list[CaseItem]

    @classmethod
    def of(cls, rows: MemoryRows, customer_id: str, as_of: date) -> CaseOut | None:
        """Return the customer's case; ``None`` for a customer without open items."""
        customer = rows.get(DebtorRow, customer_id)
        items = [row for row in rows.all(ItemRow) if row.customer_id == customer_id and row.open_minor > 0]
        if customer is None or not items:
            return None
        payer = rows.get(DebtorRow, customer.payer_on(as_of)) or customer
        accounts = [row for row in rows.all(AccountRow) if row.customer_id == customer_id]
        return cls(
            customer_id=customer_id,
            entity_id=customer.entity_id,
            name=customer.name,
            language=payer.language,
            payer_id=payer.customer_id,
            email=recipient(payer, "dunning").email,
            hold=HoldSeen.of(customer, as_of),
            credits=[CreditOut.of(row) for row in accounts if row.unapplied_minor],
            items=[
                CaseItem.of(row, as_of) for row in sorted(items, key=lambda row: (row.due_on, row.number))
            ],
        )


class CaseList(Listing[CaseOut], AsOf):
    """Cases of customers with open items."""
