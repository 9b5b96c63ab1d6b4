"""Creditors, customers with their holds, and new items without their amounts."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from dunning_svc.read_models.cases.fold.items import recorded_on
from dunning_svc.read_models.cases.rows.access import Rows, existing, with_position
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow, address_key
from dunning_svc.read_models.cases.rows.receivables import DraftFieldsRow, ItemRow
from encours.contracts import Recorded
from encours.contracts.common import Address
from encours.contracts.events import customer, entity, field, insolvency, invoice, penalty, reminders
from encours.contracts.events.risk_terms import RiskTermsAnswered, RiskTermsProposed, RiskTermsWithdrawn
from encours.contracts.events.score import ScoreGraded
from encours.contracts.insolvency import VOID, arose_on
from encours.contracts.recipients import PURPOSES


def entity_changed(data: entity.EntityRegistered | entity.EntityAmended, rows: Rows) -> None:
    """Store the creditor. Its country and its time zone are those of the registration."""
    if isinstance(data, entity.EntityRegistered):
        country, zone, accounts = data.country, data.time_zone, list[str]()
    else:
        known = existing(rows, CreditorRow, data.entity_id)
        country, zone, accounts = known.country, known.time_zone, known.accounts
    rows.put(
        CreditorRow(
            entity_id=data.entity_id,
            name=data.name,
            country=country,
            time_zone=zone,
            address=_lines(data.address),
            iban=data.iban,
            siren=data.siren,
            accounts=accounts,
            email=data.letterhead.email if data.letterhead else None,
        )
    )


def bank_account_set(data: entity.BankAccountSet, rows: Rows) -> None:
    """Store the account that customers pay into from a day on, in place of one that was set for the same day."""
    if data.use != "receipts":
        return
    creditor = existing(rows, CreditorRow, data.entity_id)
    key = f"{data.currency} {data.valid_from}"
    kept = [entry for entry in creditor.accounts if not entry.startswith(f"{key}|")]
    entry = "|".join((key, data.iban or "", data.bic or "", data.holder or ""))
    rows.put(replace(creditor, accounts=[*kept, entry]))


def _lines(address: Address | None) -> str | None:
    if address is None:
        return None
    town = f"{address.postal_code} {address.city}".strip()
    return "\n".join(line for line in (*address.lines, town, address.country) if line)


def customer_changed(
    e: Recorded,
    data: customer.CustomerRegistered | customer.CustomerAmended | reminders.HoldPlaced,
    rows: Rows,
) -> None:
    """Store the debtor, with its hold or the one that is placed now."""
    old: DebtorRow | None = None
    match data:
        case customer.CustomerRegistered():
            hold: tuple[date | None, str | None, int] = (None, None, 0)
            entity_id, people, payers = data.entity_id, [], []
        case customer.CustomerAmended():
            old = existing(rows, DebtorRow, data.customer_id)
            hold = (old.hold_until, old.hold_cause, old.hold_position)
            entity_id, people, payers = old.entity_id, old.people, old.payers
        case reminders.HoldPlaced():
            old = existing(rows, DebtorRow, data.customer_id)
            rows.put(replace(old, hold_until=data.until, hold_cause=data.cause, hold_position=e.position))
            return
    rows.put(
        DebtorRow(
            customer_id=data.customer_id,
            entity_id=entity_id,
            name=data.name,
            language=data.language,
            email=data.email,
            phone=data.phone,
            address=_lines(data.address),
            hold_until=hold[0],
            hold_cause=hold[1],
            hold_position=hold[2],
            position=e.position,
            people=people,
            payers=payers,
            country=data.country,
            segment=data.segment,
            salesperson=data.salesperson,
            tags=list(data.tags),
            custom=[] if old is None else old.custom,
            custom_position=0 if old is None else old.custom_position,
            changed_on=None if old is None else _changed_on(e, data, old),
            proceedings=[] if old is None else old.proceedings,
            undeliverable=[] if old is None else _still_undeliverable(data, old),
            grade=None if old is None else old.grade,
            grade_id=None if old is None else old.grade_id,
            grade_position=0 if old is None else old.grade_position,
            graded_on=None if old is None else old.graded_on,
            earlier=[] if old is None else old.earlier,
            earlier_days=0 if old is None else old.earlier_days,
        )
    )


def _still_undeliverable(
    data: customer.CustomerRegistered | customer.CustomerAmended, old: DebtorRow
) -> list[str]:
    """Return the addresses that messages came back from, without one that is entered anew."""
    found = old.undeliverable
    for now, before in (
        (data.email, old.email),
        (data.phone, old.phone),
        (_lines(data.address), old.address),
    ):
        if now is not None and now != before:
            found = _without(now, found)
    return found


def _without(address: str, undeliverable: list[str]) -> list[str]:
    return [entry for entry in undeliverable if entry.rpartition(" ")[0] != address_key(address)]


def _changed_on(
    e: Recorded, data: customer.CustomerRegistered | customer.CustomerAmended, old: DebtorRow
) -> date | None:
    asked_before = old.country, old.segment, old.salesperson, old.tags
    asked_now = data.country, data.segment, data.salesperson, list(data.tags)
    return old.changed_on if asked_before == asked_now else e.effective_on


def fields_set(e: Recorded, data: customer.FieldsSet, rows: Rows) -> None:
    """Store the values of the debtor's custom fields, all of them."""
    debtor = existing(rows, DebtorRow, data.customer_id)
    custom = [f"{each.field_code} {each.value}" for each in data.fields]
    rows.put(replace(debtor, custom=custom, custom_position=e.position, changed_on=e.effective_on))


def invoice_fields_set(e: Recorded, data: field.InvoiceFieldsSet, rows: Rows) -> None:
    """Store the values of an invoice's custom fields, all of them; those of a draft until its issue."""
    values = [f"{each.field_code} {each.value}" for each in data.fields]
    on, item = e.effective_on, rows.get(ItemRow, data.invoice_id)
    if item is None:
        rows.put(DraftFieldsRow(invoice_id=data.invoice_id, fields=values, position=e.position, set_on=on))
    else:
        rows.put(replace(item, fields=values, fields_position=e.position, fields_on=on))


def roles_assigned(e: Recorded, data: customer.RolesAssigned, rows: Rows) -> None:
    """Store who pays for the debtor, and whose group it is in, from a day on."""
    debtor = existing(rows, DebtorRow, data.customer_id)
    entry = f"{data.valid_from} {e.position} {data.payer_id or ''} {data.group_id or ''}"
    rows.put(replace(debtor, payers=[*debtor.payers, entry]))


def graded(e: Recorded, data: ScoreGraded, rows: Rows) -> None:
    """Store the grade of the debtor."""
    debtor = existing(rows, DebtorRow, data.customer_id)
    rows.put(
        replace(
            debtor,
            grade=data.grade,
            grade_id=data.score_grade_id,
            grade_position=e.position,
            graded_on=e.effective_on,
        )
    )


def terms_from_risk(
    e: Recorded, data: RiskTermsProposed | RiskTermsAnswered | RiskTermsWithdrawn, rows: Rows
) -> None:
    """Store terms by which the reminders of the debtor begin earlier, from their acceptance until they end."""
    debtor = existing(rows, DebtorRow, data.customer_id)
    known = {int(number): (days, at) for number, days, at in (entry.split(" ") for entry in debtor.earlier)}
    match data:
        case RiskTermsProposed():
            if data.kind == "earlier_dunning":
                known[data.proposal_number] = (str(data.days), "0")
        case RiskTermsAnswered():
            if (proposed := known.pop(data.proposal_number, None)) is not None and data.accepted:
                known[data.proposal_number] = (proposed[0], str(e.position))
        case RiskTermsWithdrawn():
            known.pop(data.proposal_number, None)
    earlier = [f"{number} {days} {at}" for number, (days, at) in sorted(known.items())]
    if earlier != debtor.earlier:
        most = max((int(days) for days, at in known.values() if at != "0"), default=0)
        rows.put(replace(debtor, earlier=earlier, earlier_days=most))


def insolvency_changed(
    e: Recorded, data: insolvency.InsolvencyOpened | insolvency.InsolvencyClosed, rows: Rows
) -> None:
    """Store proceedings of the debtor, or remove those that are as if they had never been opened."""
    debtor = existing(rows, DebtorRow, data.customer_id)
    if isinstance(data, insolvency.InsolvencyOpened):
        entry = f"{data.opened_on} {e.position} {data.insolvency_id}"
        rows.put(replace(debtor, proceedings=[*debtor.proceedings, entry]))
    elif data.outcome in VOID:
        kept = [each for each in debtor.proceedings if each.split(" ", 2)[2] != data.insolvency_id]
        rows.put(replace(debtor, proceedings=kept))


def contact_added(e: Recorded, data: customer.CustomerContactAdded, rows: Rows) -> None:
    """Add a contact that reminders may go to; those for other purposes are left out."""
    if not data.email or data.role not in PURPOSES:
        return
    debtor = existing(rows, DebtorRow, data.customer_id)
    entry = f"{data.role} {data.email} {e.position} {data.name}"
    undeliverable = _without(data.email, debtor.undeliverable)
    rows.put(replace(debtor, people=[*debtor.people, entry], undeliverable=undeliverable))


FeeChanged = (
    penalty.PenaltiesClaimed
    | penalty.PenaltiesWaived
    | penalty.PenaltyClaimCancelled
    | penalty.PenaltyWaiverReversed
)


def fee_changed(e: Recorded, data: FeeChanged, rows: Rows) -> None:
    """Take a fee that was claimed or waived off the item, or add it again."""
    item = existing(rows, ItemRow, data.invoice_id)
    taken = isinstance(data, penalty.PenaltiesClaimed | penalty.PenaltiesWaived)
    fee = item.indemnity_minor + (-data.indemnity_minor if taken else data.indemnity_minor)
    events = with_position(item.events, e.position)
    rows.put(replace(item, indemnity_minor=fee, version=e.version, events=events))


def invoice_issued(e: Recorded, data: invoice.InvoiceIssued, rows: Rows) -> None:
    """Store a new item. Its amount follows from the event's movements."""
    draft = rows.get(DraftFieldsRow, data.invoice_id)
    item = ItemRow(
        invoice_id=data.invoice_id,
        customer_id=data.customer_id,
        entity_id=e.entity,
        currency=data.currency,
        number=data.number,
        issued_on=data.issued_on,
        arose_on=arose_on(data.supply_on, data.penalises),
        due_on=data.due_on,
        open_minor=0,
        disputed_minor=0,
        planned_minor=0,
        in_hand_minor=0,
        settled_minor=0,
        instalments=[],
        entered_on=recorded_on(e, rows),
        penalty_rate_bps=data.terms.penalty_rate_bps,
        indemnity_minor=data.terms.indemnity_minor,
        done=[],
        taken=[],
        suppressed=[],
        next_step_on=None,
        version=e.version,
        events="",
        series=data.series,
        nature=data.particulars.nature if data.particulars else None,
        fields=draft.fields if draft else [],
        fields_position=draft.position if draft else 0,
        fields_on=draft.set_on if draft else None,
    )
    rows.put(item)
