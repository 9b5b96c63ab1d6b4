"""Answers about cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from pydantic import BaseModel, Field

from dunning_svc.domain.ladder.decide import policy_of
from dunning_svc.domain.ladder.state import Case
from dunning_svc.domain.policy.choice import ChosenPolicy, Policies
from dunning_svc.domain.policy.schedule import upcoming
from dunning_svc.domain.policy.working_days import working_day_from
from dunning_svc.read_models.cases.debtors import holder_in
from dunning_svc.read_models.cases.fold.items import steps_taken
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from dunning_svc.read_models.cases.rows.receivables import AccountRow, ItemRow
from encours.contracts.recipients import recipient
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf


class HoldSeen(BaseModel):
    """A hold in force."""

    until: date
    reason: str | None

    @classmethod
    def of(cls, records: Iterable[DebtorRow], as_of: date) -> HoldSeen | None:
        """Return the longest hold on a record of the customer if one is in force on the day, else ``None``."""
        held = [
            (row.hold_until, row.hold_cause) for row in records if row.hold_until and row.hold_until >= as_of
        ]
        return max((cls(until=until, reason=cause) for until, cause in held), key=_until, default=None)


def _until(hold: HoldSeen) -> date:
    return hold.until


class CreditOut(BaseModel):
    """Unapplied payments in one currency."""

    entity_id: str
    unapplied: MoneyModel

    @classmethod
    def of(cls, accounts: Iterable[AccountRow]) -> list[CreditOut]:
        """Return the sums of accounts, by creditor and currency."""
        sums: dict[tuple[str, str], int] = {}
        for row in accounts:
            key = row.entity_id, row.currency
            sums[key] = sums.get(key, 0) + row.unapplied_minor
        return [
            cls(entity_id=entity_id, unapplied=MoneyModel.of(minor, currency))
            for (entity_id, currency), minor in sums.items()
            if minor
        ]


class NextStep(BaseModel):
    """The next step of an item, and the first day on which it may be taken."""

    code: str
    on: date


class PolicyApplied(BaseModel):
    """The policy that is applied to an item."""

    id: str
    version: int
    name: str

    @classmethod
    def of(cls, applied: ChosenPolicy) -> PolicyApplied:
        """Return a policy."""
        policy = applied.policy
        return cls(id=policy.policy_id, version=policy.version, name=policy.name)


class CaseItem(BaseModel):
    """An open invoice on the ladder."""

    invoice_id: str
    entity_id: str
    number: str
    due_on: date
    days_past_due: int
    open: MoneyModel
    disputed: MoneyModel
    on_plan: MoneyModel = Field(description="Part on a payment plan in force, for which nobody asks.")
    in_hand: MoneyModel = Field(
        description="Part of the rest for which cheques, bills and notes are in hand: nobody asks for it yet."
    )
    later: MoneyModel = Field(description="Instalments that are not due yet.")
    stayed: MoneyModel = Field(
        description="Rest that insolvency proceedings of the debtor stay; it has no next step."
    )
    placement_id: str | None = Field(
        description="Placement with a third party that collects it; it has no next step meanwhile."
    )
    level: str | None = Field(description="The highest step taken.")
    suppressed: list[str] = Field(description="Steps whose reminder was suppressed.")
    proposed: list[str] = Field(description="Steps that wait for an approval.")
    declined: list[str] = Field(
        description="Steps that were not approved; the invoice goes on with the next one."
    )
    promised_until: date | None = Field(
        description="Last day without dunning by a promise to pay in force, days of grace included."
    )
    policy: PolicyApplied
    addressee_id: str = Field(
        description="Customer to whom reminders for it go: the head of the group if its policy groups by group, else "
        "the payer."
    )
    addressee_email: str | None = Field(description="Address that e-mails for it go to.")
    next_step: NextStep | None

    @classmethod
    def of(cls, row: ItemRow, as_of: date, case: Case, policies: Policies) -> CaseItem:
        """Return an item of a case as of a day."""
        taken = steps_taken(row)
        item = next(each for each in case.items if each.invoice_id == row.invoice_id)
        applied, since, _ = policy_of(case, as_of, policies)
        policy, grouping = applied.policy, applied.policy.grouping
        to = case.together[grouping] if grouping == "payer" or grouping == "group" else case
        step = upcoming(policy, as_of, due_on=row.due_on, entered_on=row.entered_on, taken=taken, since=since)
        if step is not None and policy.business_days:
            step = step[0], working_day_from(to.country, step[1])
        return cls(
            invoice_id=row.invoice_id,
            entity_id=row.entity_id,
            number=row.number,
            due_on=row.due_on,
            days_past_due=(as_of - row.due_on).days,
            open=MoneyModel.of(row.open_minor, row.currency),
            disputed=MoneyModel.of(item.contested_minor, row.currency),
            on_plan=MoneyModel.of(item.on_plan_minor, row.currency),
            in_hand=MoneyModel.of(item.covered_minor, row.currency),
            later=MoneyModel.of(item.on(as_of).later_minor, row.currency),
            stayed=MoneyModel.of(item.on(as_of).stayed_minor, row.currency),
            placement_id=row.placement_id,
            level=next((each.code for each in reversed(taken) if each.reached), None),
            proposed=[each.code for each in taken if each.mark == "proposed"],
            declined=[each.code for each in taken if each.mark == "declined"],
            suppressed=row.suppressed,
            promised_until=row.promised_until if item.promised(as_of) else None,
            policy=PolicyApplied.of(applied),
            addressee_id=to.addressee_id,
            addressee_email=to.email,
            next_step=None
            if step is None or item.stayed or item.placed
            else NextStep(code=step[0].code, on=step[1]),
        )


class CaseOut(BaseModel):
    """A customer's dunning case."""

    customer_id: str
    entity_id: str
    name: str
    language: str
    payer_id: str = Field(description="Customer that pays on the date; each item names its addressee.")
    email: str | None = Field(description="Address of the payer for reminders.")
    hold: HoldSeen | None
    credits: list[CreditOut]
    broken_promises: int = Field(description="Promises that were not kept, or in part only.")
    items: list[CaseItem]

    @classmethod
    def of(cls, rows: MemoryRows, customer_id: str, as_of: date, broken: Mapping[str, int]) -> CaseOut | None:
        """Return the customer's case; ``None`` for a customer without open items. ``broken``: promises by record."""
        merged = rows.survivors(as_of)
        own = merged.records(customer_id)
        customers = {row.customer_id: row for row in rows.all(DebtorRow)}
        items = [row for row in rows.all(ItemRow) if row.customer_id in own and row.open_minor > 0]
        if own[0] != customer_id or customer_id not in customers or not items:
            return None
        customer, payer = customers[customer_id], holder_in(customers, customer_id, "payer", as_of, merged)
        cases = {
            (row.entity_id, row.currency): rows.case((customer_id, row.entity_id, row.currency), as_of)
            for row in items
        }
        policies = rows.policies()
        accounts = [row for row in rows.all(AccountRow) if row.customer_id in own]
        return cls(
            customer_id=customer_id,
            entity_id=customer.entity_id,
            name=customer.name,
            language=payer.language,
            payer_id=payer.customer_id,
            email=recipient(payer, "dunning").email,
            hold=HoldSeen.of((customers[each] for each in own if each in customers), as_of),
            credits=CreditOut.of(accounts),
            broken_promises=sum(broken.get(each, 0) for each in own),
            items=[
                CaseItem.of(row, as_of, case, policies)
                for row in sorted(items, key=lambda row: (row.due_on, row.number))
                if (case := cases[row.entity_id, row.currency]) is not None
            ],
        )


class CaseList(Listing[CaseOut], AsOf):
    """Cases of customers with open items."""
