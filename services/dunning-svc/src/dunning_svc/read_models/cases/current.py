"""Current cases: rows of the read model, with the later events of the ledger folded onto them.

The read model may lag behind the ledger, but a message has to be based on all recorded events.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from dunning_svc.read_models.cases.debtors import creditors, with_payers
from dunning_svc.read_models.cases.fold.by_event import project
from dunning_svc.read_models.cases.fold.experiments import experiment_rows
from dunning_svc.read_models.cases.fold.punctuality import year_before
from dunning_svc.read_models.cases.fold.templates import template_rows
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.access import select
from dunning_svc.read_models.cases.rows.experiments import TrialAssignmentRow
from dunning_svc.read_models.cases.rows.legal import PlacementRow, TitleRow
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from dunning_svc.read_models.cases.rows.policies import PolicyRow
from dunning_svc.read_models.cases.rows.receivables import AccountRow, DraftFieldsRow, ItemRow
from encours.contracts import Recorded, names_of
from encours.contracts.books import movements, moving
from encours.contracts.events import (
    customer,
    entity,
    experiment,
    field,
    insolvency,
    placements,
    plan,
    policy,
    promises,
    reminders,
    replies,
    risk_terms,
    score,
    template,
    titles,
)
from encours.contracts.parties import Merging, related
from encours.ledger import Ledger
from encours.projection.read_model import Conn
from encours.reading.merges import MergeRow
from encours.reading.read_db import ReadDb

BEHIND_MAX = 2_000
"""Most events that are folded onto the rows; a read model that lags further has to catch up first."""
FOLDED = moving() | names_of(
    customer.CustomerAmended,
    customer.CustomerContactAdded,
    customer.CustomerRegistered,
    customer.FieldsSet,
    customer.RolesAssigned,
    customer.CustomerMerged,
    customer.CustomerMergeReversed,
    field.InvoiceFieldsSet,
    insolvency.InsolvencyClosed,
    insolvency.InsolvencyOpened,
    reminders.HoldPlaced,
    entity.BankAccountSet,
    promises.PromiseMade,
    placements.InvoicesPlaced,
    placements.InvoicesRecalled,
    titles.TitleEnded,
    titles.TitleRequested,
    promises.PromiseWithdrawn,
    replies.ReminderBounced,
    replies.ReminderTracked,
    risk_terms.RiskTermsProposed,
    risk_terms.RiskTermsAnswered,
    risk_terms.RiskTermsWithdrawn,
    score.ScoreGraded,
    entity.EntityAmended,
    plan.InvoiceRescheduled,
    policy.PolicyActivated,
    policy.PolicyCreated,
    policy.PolicyRetired,
    policy.PolicyVersionAdded,
    experiment.ExperimentCustomerAssigned,
    experiment.ExperimentStarted,
    experiment.ExperimentStopped,
    template.TemplateReset,
    template.TemplateVersionSaved,
)
"""Events that a message depends on; decisions and outcomes of other reminders do not change it."""

_OF_ALL = (
    entity.BankAccountSet,
    entity.EntityAmended,
    policy.PolicyActivated,
    policy.PolicyCreated,
    policy.PolicyRetired,
    policy.PolicyVersionAdded,
    experiment.ExperimentStarted,
    experiment.ExperimentStopped,
    template.TemplateReset,
    template.TemplateVersionSaved,
)


class CasesBehind(Exception):
    """The read model lags too far behind the ledger for a current case."""


async def current_cases(
    ledger: Ledger, db: ReadDb, name: str, invoices: Mapping[str, Collection[str]], today: date
) -> tuple[MemoryRows, int]:
    """Return creditors, debtors, accounts, items and templates at the ledger's head, and the position of the last
    event that may concern them.

    ``invoices`` of each customer are included even if nothing is open on them. Raises
    :class:`CasesBehind`.
    """
    async with db.snapshot(MODEL, name) as (conn, schema, position):
        since = await ledger.read_types(name, FOLDED, position, BEHIND_MAX)
        last = since[-1].position if since else position
        if len(since) == BEHIND_MAX:
            raise CasesBehind(f"{MODEL} is at position {position}, {BEHIND_MAX} events or more behind")
        known = await select(conn, schema, MergeRow, "")
        later = [MergeRow.of(e, e.data) for e in since if isinstance(e.data, Merging)]
        ids = sorted(related(invoices, [row.merge for row in (*known, *later)]))
        debtors = await with_payers(conn, schema, ids)
        assigned = [e.data for e in since if isinstance(e.data, customer.RolesAssigned)]
        newly = {each for roles in assigned for each in (roles.payer_id, roles.group_id) if each}
        debtors |= await with_payers(conn, schema, sorted(newly))
        since = [e for e in since if _concerns(e, {*invoices, *debtors})]
        wanted = {invoice_id for each in invoices.values() for invoice_id in each} | _touched(since)
        rows = await _stored(conn, schema, known, debtors, ids, wanted, today)
    for e in since:
        project(e, rows)
    return rows, last


async def stored_cases(
    conn: Conn, schema: str, invoices: Mapping[str, Collection[str]], today: date
) -> MemoryRows:
    """Return the same as the read model has it, without later events."""
    known = await select(conn, schema, MergeRow, "")
    ids = sorted(related(invoices, [row.merge for row in known]))
    wanted = {invoice_id for each in invoices.values() for invoice_id in each}
    return await _stored(conn, schema, known, await with_payers(conn, schema, ids), ids, wanted, today)


async def _stored(
    conn: Conn,
    schema: str,
    known: Sequence[MergeRow],
    debtors: Mapping[str, DebtorRow],
    ids: Sequence[str],
    wanted: Collection[str],
    today: date,
) -> MemoryRows:
    rows = MemoryRows()
    for row in (*known, *debtors.values()):
        rows.put(row)
    for creditor in (await creditors(conn, schema)).values():
        rows.put(creditor)
    for each in await select(conn, schema, PolicyRow, ""):
        rows.put(each)
    for trial in await experiment_rows(conn, schema):
        rows.put(trial)
    for assigned in await select(conn, schema, TrialAssignmentRow, "where customer_id = any($1)", ids):
        rows.put(assigned)
    for text in await template_rows(conn, schema):
        rows.put(text)
    for account in await select(conn, schema, AccountRow, "where customer_id = any($1)", ids):
        rows.put(account)
    for draft in await select(conn, schema, DraftFieldsRow, "where invoice_id = any($1)", list(wanted)):
        rows.put(draft)
    for placement in await select(conn, schema, PlacementRow, "where customer_id = any($1)", ids):
        rows.put(placement)
    for title in await select(conn, schema, TitleRow, "where customer_id = any($1)", ids):
        rows.put(title)
    judged = year_before(today) if rows.policies().by_behaviour else None
    items = """where (customer_id = any($1) and (open_minor > 0 or due_on >= $3)) or invoice_id = any($2)"""
    for item in await select(conn, schema, ItemRow, items, ids, list(wanted), judged):
        rows.put(item)
    return rows


def _concerns(e: Recorded, customer_ids: Collection[str]) -> bool:
    if isinstance(e.data, _OF_ALL):
        return True
    return any(entry.customer_id in customer_ids for entry in movements(e)) or (
        getattr(e.data, "customer_id", None) in customer_ids
    )


def _touched(events: Collection[Recorded]) -> set[str]:
    moved = {entry.invoice_id for e in events for entry in movements(e) if entry.invoice_id is not None}
    named = {
        each
        for e in events
        if isinstance(e.data, promises.PromiseMade | promises.PromiseWithdrawn)
        for each in e.data.invoice_ids
    }
    for e in events:
        if isinstance(e.data, placements.InvoicesPlaced | titles.TitleRequested):
            named |= {each.invoice_id for each in e.data.invoices}
        elif isinstance(e.data, placements.InvoicesRecalled | titles.TitleEnded):
            named |= {*e.data.invoice_ids}
    of_invoice = plan.InvoiceRescheduled | field.InvoiceFieldsSet
    return moved | named | {e.stream for e in events if isinstance(e.data, of_invoice)}
