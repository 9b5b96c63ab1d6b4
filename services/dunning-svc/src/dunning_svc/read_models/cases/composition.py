"""State that a decision is based on, from rows: of today, of a preview or of the past."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from operator import attrgetter

from dunning_svc.domain.ladder.state import Case, FormalNotice, LadderItem, PastMessage, Standing
from dunning_svc.domain.policy.arms import AssignedArm
from dunning_svc.domain.policy.choice import InvoiceFacts, MonthDue, Profile
from dunning_svc.read_models.cases.debtors import Joined
from dunning_svc.read_models.cases.fold.items import open_parts, steps_taken
from dunning_svc.read_models.cases.rows.access import positions
from dunning_svc.read_models.cases.rows.parties import DebtorRow, OpenedProceedings
from dunning_svc.read_models.cases.rows.receivables import AccountRow, ItemRow
from encours.contracts.events.dunning.reminders import LateTerms
from encours.contracts.recipients import recipient

Group = tuple[str, str, str]
"""Customer, creditor and currency of one message."""


def case_of(
    customer: DebtorRow,
    payer: DebtorRow,
    accounts: Sequence[AccountRow],
    items: Sequence[ItemRow],
    group: Group,
    formal_notice: FormalNotice | None,
    joined: Joined,
    contacts: Sequence[PastMessage],
    moved_on: date | None = None,
    punctuality: Sequence[MonthDue] = (),
    assigned: Sequence[AssignedArm] = (),
    *,
    joint: bool = False,
) -> Case:
    """Return the state that a decision about one group is based on; ``payer`` is reminded, a hold of either counts.

    ``joint``: to be decided together with others, which rests on the customer's roles even if it pays for itself.

    ``moved_on``: last day on which the amount of an item moved that is not among ``items``.

    Records that are merged into the customer's add their items and their cash, and their holds and insolvency
    proceedings count too; those of a payer who is not the debtor stay nothing.
    """
    # However they were found: of several causes not to send a message, the first one is recorded.
    items = sorted(items, key=attrgetter("invoice_id"))
    inputs = {roles.position for roles in customer.roles if joint or payer is not customer}.union(
        joined.merges
    )
    to = recipient(payer, "dunning")
    parties = (customer, payer, *joined.records)
    for party in parties:
        inputs.add(party.position)
        if party.custom_position and party is customer:
            inputs.add(party.custom_position)
        if party.hold_position:
            inputs.add(party.hold_position)
    inputs |= {entry.position for entry in payer.contacts if to.role}
    insolvencies = [each for party in (customer, *joined.records) for each in party.insolvencies]
    inputs |= {each.position for each in insolvencies}
    back = {each: payer.came_back(each) for each in (to.email, payer.address, payer.phone) if each}
    inputs |= {position for position in back.values() if position}
    holds = [party.hold_until for party in parties if party.hold_until]
    for account in accounts:
        if account.unapplied_minor:
            inputs.update(positions(account.events))
    return Case(
        customer_id=customer.customer_id,
        entity_id=group[1],
        currency=group[2],
        addressee_id=payer.customer_id,
        language=payer.language,
        email=None if back.get(to.email or "") else to.email,
        address=None if back.get(payer.address or "") else payer.address,
        phone=None if back.get(payer.phone or "") else payer.phone,
        hold_until=max(holds, default=None),
        decided_on=max((each.decided_on for each in accounts if each.decided_on), default=None),
        credit_minor=sum(each.unapplied_minor for each in accounts),
        items=tuple(item_of(row, insolvencies) for row in items if row.open_minor > 0),
        events=tuple(sorted(inputs)),
        formal_notice=formal_notice,
        country=payer.country,
        name=customer.name,
        contacts=tuple(sorted(contacts, key=lambda each: each.position)),
        standing=standing_of(
            group,
            customer,
            accounts,
            items,
            [each.customer_id for each in joined.records],
            moved_on,
            punctuality,
            assigned,
        ),
    )


def standing_of(
    group: Group,
    customer: DebtorRow,
    accounts: Sequence[AccountRow],
    items: Sequence[ItemRow],
    joined: Sequence[str] = (),
    moved_on: date | None = None,
    punctuality: Sequence[MonthDue] = (),
    assigned: Sequence[AssignedArm] = (),
) -> Standing:
    """Return the facts by which the policy of a group is chosen. Criteria ask for the debtor, not for its payer."""
    decided = [each for each in accounts if each.policy_id and each.decided_on]
    last = max(decided, key=lambda each: (each.decided_on or date.min, each.customer_id), default=None)
    return Standing(
        profile_of(
            customer,
            group[1],
            group[2],
            [facts_of(row) for row in items if row.open_minor > 0],
            joined,
            punctuality,
            assigned,
        ),
        before=None if last is None else (last.policy_id, last.policy_version),
        since=None if last is None else last.policy_since,
        changed_on=customer.changed_on,
        moved_on=max(filter(None, (moved_on, *(row.moved_on for row in items))), default=None),
        fields_on=max((row.fields_on for row in items if row.fields_on and row.open_minor > 0), default=None),
        graded_on=customer.graded_on,
    )


def profile_of(
    customer: DebtorRow,
    entity_id: str,
    currency: str,
    invoices: Sequence[InvoiceFacts],
    joined: Sequence[str] = (),
    punctuality: Sequence[MonthDue] = (),
    assigned: Sequence[AssignedArm] = (),
) -> Profile:
    """Return the facts that criteria ask for; ``joined`` are the records merged into the customer's."""
    return Profile(
        customer_ids=(customer.customer_id, *joined),
        entity_id=entity_id,
        currency=currency,
        open_minor=sum(each.open_minor for each in invoices),
        country=customer.country,
        segment=customer.segment,
        salesperson=customer.salesperson,
        tags=tuple(customer.tags),
        fields=frozenset(_field(entry) for entry in customer.custom),
        invoices=tuple(invoices),
        punctuality=tuple(punctuality),
        assigned=tuple(assigned),
        grade=customer.grade,
        grade_position=customer.grade_position,
        earlier_days=customer.earlier_days,
        earlier_position=customer.earlier_position,
    )


def facts_of(row: ItemRow) -> InvoiceFacts:
    """Return the facts about an invoice that criteria ask for."""
    return InvoiceFacts(
        row.open_minor,
        row.series,
        row.nature,
        frozenset(_field(entry) for entry in row.fields),
        row.fields_position,
    )


def _field(entry: str) -> tuple[str, str]:
    code, _, value = entry.partition(" ")
    return code, value


def item_of(row: ItemRow, insolvencies: Iterable[OpenedProceedings] = ()) -> LadderItem:
    """Return the item of a row; ``insolvencies`` are those of the debtor."""
    return LadderItem(
        invoice_id=row.invoice_id,
        version=row.version,
        number=row.number,
        due_on=row.due_on,
        open_minor=row.open_minor,
        disputed_minor=row.disputed_minor,
        planned_minor=row.planned_minor,
        in_hand_minor=row.in_hand_minor,
        parts=open_parts(row),
        entered_on=row.entered_on,
        done=tuple(row.done),
        suppressed=tuple(row.suppressed),
        taken=steps_taken(row),
        promised_until=row.promised_until,
        placed=row.placement_id is not None or row.title_id is not None,
        terms=LateTerms(penalty_rate_bps=row.penalty_rate_bps, indemnity_minor=row.indemnity_minor),
        events=positions(row.events),
        stayed=any(row.arose_on < each.opened_on for each in insolvencies),
    )
