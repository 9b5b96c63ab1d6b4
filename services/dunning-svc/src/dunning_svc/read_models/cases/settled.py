"""Settled invoices of a case, from rows: of the run of a day, of the ledger's head, or of a back-test."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from dunning_svc.domain.policy.policy import is_reminder
from dunning_svc.domain.thanks.decide import SettledCase
from dunning_svc.read_models.cases.composition import Group, facts_of
from dunning_svc.read_models.cases.fold.items import all_steps_taken
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.access import positions
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from dunning_svc.read_models.cases.rows.receivables import ItemRow
from encours.contracts.events.dunning.thanks import SettledInvoice


def settled_of(rows: MemoryRows, group: Group, day: date, invoice_ids: Iterable[str]) -> SettledCase | None:
    """Return the settled ones of these invoices with their case on a day; ``None`` without a known customer."""
    case = rows.case(group, day)
    if case is None:
        return None
    items = [item for each in invoice_ids if (item := rows.get(ItemRow, each)) is not None]
    settled = [(item, settled_invoice(item)) for item in items if item.settled_at]
    records = rows.survivors(day).records(case.customer_id)
    debtors = [row for each in records if (row := rows.get(DebtorRow, each)) is not None]
    groups = [(each, group[1], group[2]) for each in records]
    placed = [item for item in (*items, *rows.open_items(*groups)) if item.placement_id or item.title_id]
    return SettledCase(
        case=case,
        invoices=tuple(each for _, each in settled),
        insolvent=any(debtor.insolvencies for debtor in debtors),
        placed=bool(placed),
        facts=tuple(replace(facts_of(item), open_minor=each.paid_minor) for item, each in settled),
        events=tuple(sorted({at for item in (*items, *placed) for at in positions(item.events)})),
    )


def settled_invoice(item: ItemRow) -> SettledInvoice:
    """Return a settled invoice with the funds that were allocated to it."""
    assert item.paid_on is not None
    reached = [taken.step for taken in all_steps_taken(item) if taken.reached and taken.step]
    return SettledInvoice(
        invoice_id=item.invoice_id,
        number=item.number,
        due_on=item.due_on,
        paid_on=item.paid_on,
        paid_minor=sum(int(entry.split(" ")[1]) for entry in item.funds),
        settled_at=item.settled_at,
        reminders=sum(is_reminder(step.act, step.offset_days) for step in reached),
    )
