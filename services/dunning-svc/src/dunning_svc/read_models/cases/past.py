"""Cases of the past: the fold of the read model, over the streams up to a position.

The read model only lists the streams; their events are read from the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from msgspec.structs import replace

from dunning_svc.domain.hold.state import hold_stream
from dunning_svc.domain.ladder.state import Case, FormalNotice, PastMessage
from dunning_svc.domain.policy.arms import assignment_id
from dunning_svc.domain.policy.choice import Policies
from dunning_svc.domain.policy.policy import Joint
from dunning_svc.read_models.cases.composition import Group, case_of
from dunning_svc.read_models.cases.debtors import (
    all_in,
    components,
    held_by,
    holder_in,
    joined_to,
    with_payers,
    with_roles,
)
from dunning_svc.read_models.cases.due import STANDING, last_notice
from dunning_svc.read_models.cases.fold.by_event import project
from dunning_svc.read_models.cases.fold.experiments import assigned, experiment_rows
from dunning_svc.read_models.cases.fold.policies import groups_customers, policies_of, policy_rows
from dunning_svc.read_models.cases.fold.punctuality import months_of
from dunning_svc.read_models.cases.model import Cases
from dunning_svc.read_models.cases.rows.access import R, positions
from dunning_svc.read_models.cases.rows.experiments import ExperimentRow, TrialAssignmentRow
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from dunning_svc.read_models.cases.rows.policies import PolicyRow
from dunning_svc.read_models.cases.rows.receivables import AccountRow, ItemRow
from dunning_svc.read_models.cases.rows.reminders import ReminderRow
from encours.contracts import Recorded, names_of
from encours.contracts.events import customer, entity
from encours.contracts.events.dunning.reminders import ReminderRequested
from encours.contracts.parties import Merge, Survivors, related
from encours.ledger import Ledger
from encours.projection.read_model import Conn
from encours.projection.rows import Row, table_of
from encours.reading.merges import MergeRow, merges

_REGISTRATIONS = names_of(customer.CustomerRegistered, entity.EntityRegistered)


def stands(row: ReminderRow) -> bool:
    """Return True for a reminder that has reached the customer, or may yet."""
    return row.status in STANDING and not row.bounced


@dataclass(frozen=True, slots=True)
class _Held:
    """Records that each payer and head of a group stands for on a day, and the messages about all of them."""

    day: date | None = None
    records: dict[Joint, dict[str, list[str]]] = field(default_factory=dict)
    messages: dict[tuple[Joint, str, str, str], dict[str, Any]] = field(default_factory=dict)


class MemoryRows:
    """Rows in a dictionary, with the interface that `project` needs.

    Accounts and open items are also kept by group, reminders by customer: a case is found without a look at the others.
    """

    def __init__(self) -> None:
        self.tables: dict[type[Row], dict[tuple[Any, ...], Row]] = {}
        self._accounts: dict[Group, AccountRow] = {}
        self._open: dict[str, dict[Group, dict[str, ItemRow]]] = {}
        self._settled: dict[Group, ItemRow] = {}
        self._closed: dict[Group, dict[str, ItemRow]] = {}
        self._known_policies: Policies | None = None
        self._reminders: dict[str, dict[str, ReminderRow]] = {}
        self._debtors: dict[str, DebtorRow] = {}
        self._held = _Held()

    def get(self, kind: type[R], *key: Any) -> R | None:
        """Return the row, or ``None``. Rows are replaced, never changed in place."""
        row = self.tables.get(kind, {}).get(key)
        return row if isinstance(row, kind) else None

    def put(self, row: Row) -> None:
        """Insert or replace the row."""
        key = table_of(type(row)).key_of(row)
        self.tables.setdefault(type(row), {})[key] = row
        match row:
            case ItemRow():
                self._put_item(row)
            case AccountRow():
                self._accounts[row.customer_id, row.entity_id, row.currency] = row
            case ReminderRow():
                for concerned in (row.customer_id, *row.debtor_ids):
                    self._reminders.setdefault(concerned, {})[row.reminder_id] = row
                self._held = _Held()
            case DebtorRow():
                self._debtors[row.customer_id] = row
                self._held = _Held()
            case MergeRow():
                self._held = _Held()
            case PolicyRow() | ExperimentRow():
                self._known_policies = None
            case _:
                pass

    def _put_item(self, row: ItemRow) -> None:
        group = (row.customer_id, row.entity_id, row.currency)
        groups = self._open.setdefault(row.customer_id, {})
        if row.open_minor > 0:
            groups.setdefault(group, {})[row.invoice_id] = row
            self._closed.get(group, {}).pop(row.invoice_id, None)
            return
        items = groups.get(group, {})
        items.pop(row.invoice_id, None)
        if not items:
            groups.pop(group, None)
        self._closed.setdefault(group, {})[row.invoice_id] = row
        last = self._settled.get(group)
        if last is None or (last.moved_on or date.min) <= (row.moved_on or date.min):
            self._settled[group] = row

    def all(self, kind: type[R]) -> list[R]:
        """Return every row of a kind, in the order of insertion."""
        return [row for row in self.tables.get(kind, {}).values() if isinstance(row, kind)]

    def case(
        self, group: Group, day: date = date.max, *, by_role: bool = True, merged: Survivors | None = None
    ) -> Case | None:
        """Return the state that a decision about one group on a day was based on.

        Not ``by_role`` without payers and contacts, as decisions under earlier policies were taken. ``merged``: the
        merges in force on the day, if they are at hand.
        """
        known = self.merges()
        merged = merged or Survivors(known, day)
        group = (merged.of(group[0]), group[1], group[2])
        customers: Mapping[str, DebtorRow] = self._debtors
        if group[0] not in customers:
            return None
        if not by_role:
            customers = {**customers, group[0]: replace(customers[group[0]], people=[], payers=[])}
        records = merged.records(group[0])
        own = [(record, group[1], group[2]) for record in records]
        composed = partial(
            case_of,
            customers[group[0]],
            accounts=[self._accounts[each] for each in sorted(own) if each in self._accounts],
            items=[*self.open_items(*own), *(self._settled[each] for each in own if each in self._settled)],
            group=group,
            joined=joined_to(group[0], customers, known, merged),
            punctuality=months_of(self._all_items(own)) if self.policies().by_behaviour else (),
            assigned=[
                assigned(row)
                for each in self.all(ExperimentRow)
                for record in records
                if (row := self.get(TrialAssignmentRow, each.experiment_id, record)) is not None
            ],
        )
        case = composed(
            payer=holder_in(customers, group[0], "payer", day, merged), **self._messages(records, group)
        )
        for joint in self.policies().joint if by_role else ():
            holder = holder_in(customers, group[0], joint, day, merged)
            messages = self._messages_of(joint, holder.customer_id, group, day, merged)
            case.together[joint] = composed(payer=holder, joint=True, **messages)
        return case

    def _messages_of(
        self, joint: Joint, holder_id: str, group: Group, day: date, merged: Survivors
    ) -> dict[str, Any]:
        """Return the messages about all customers of a payer or a group, looked up once for all of their cases."""
        if self._held.day != day:
            self._held = _Held(day)
        held, found = self._held.records, self._held.messages
        if joint not in held:
            held[joint] = held_by(self._debtors, joint, day, merged)
        key = joint, holder_id, group[1], group[2]
        if key not in found:
            found[key] = self._messages(held[joint][holder_id], group)
        return found[key]

    def _messages(self, records: Sequence[str], group: Group) -> dict[str, Any]:
        """Return the last formal notice to some records for a creditor and a currency, and all messages to them."""
        rows = {key: row for each in records for key, row in self._reminders.get(each, {}).items()}
        sent = [row for row in rows.values() if stands(row)]
        return {
            "formal_notice": last_notice(
                FormalNotice(row.approved_on or row.day, row.position)
                for row in sent
                if row.channel == "registered_letter" and (row.entity_id, row.currency) == group[1:]
            ),
            "contacts": [PastMessage(row.approved_on or row.day, row.position, row.contact) for row in sent],
        }

    def cases_with(
        self, groups: Iterable[Group], day: date, *, merged: Survivors | None = None
    ) -> list[Case]:
        """Return the cases of groups, and those that may be decided together with one on a day, or in its name."""
        merged = merged or self.survivors(day)
        found = {(merged.of(each[0]), *each[1:]) for each in groups}
        if self.policies().joint:
            wanted = {each for own in found for each in self._holders(own, day, merged)}
            wanted |= {(joint, *own) for own in found for joint in self.policies().joint}
            others = {(merged.of(each[0]), *each[1:]) for each in self.groups()} - found
            found |= {each for each in others if not wanted.isdisjoint(self._holders(each, day, merged))}
        cases = (self.case(each, day, merged=merged) for each in sorted(found))
        return [case for case in cases if case is not None]

    def cases_of(
        self, reminder: ReminderRequested, entity_id: str, day: date, *, by_role: bool = True
    ) -> dict[str, Case] | None:
        """Return the cases whose items a message lists, by customer; ``None`` if one is unknown."""
        found: dict[str, Case] = {}
        for customer_id in dict.fromkeys(item.customer_id or reminder.customer_id for item in reminder.items):
            case = self.case((customer_id, entity_id, reminder.currency), day, by_role=by_role)
            if case is None:
                return None
            found[customer_id] = case
        return found

    def _holders(self, group: Group, day: date, merged: Survivors) -> set[tuple[Joint, str, str, str]]:
        if group[0] not in self._debtors:
            return set()
        return {
            (joint, holder_in(self._debtors, group[0], joint, day, merged).customer_id, group[1], group[2])
            for joint in self.policies().joint
        }

    def _all_items(self, groups: Sequence[Group]) -> list[ItemRow]:
        closed = (row for group in groups for row in self._closed.get(group, {}).values())
        return [*self.open_items(*groups), *closed]

    def inputs_of(self, case: Case, invoice_ids: Iterable[str]) -> set[int]:
        """Return the positions of the events that a case and these invoices rest on, open or not, and its policy."""
        found = set(case.events)
        for invoice_id in invoice_ids:
            if item := self.get(ItemRow, invoice_id):
                found.update(positions(item.events), {item.fields_position} - {0})
        if case.standing is not None and self.policies().by_grade:
            found |= {case.standing.profile.grade_position} - {0}
        return (
            found
            | {row.changed_position for row in self.all(PolicyRow)}
            | {row.position for row in self.all(ExperimentRow)}
        )

    def groups(self, customer_ids: Iterable[str] | None = None) -> set[Group]:
        """Return the groups in which these customers, or all, have an open item."""
        chosen = self._open if customer_ids is None else customer_ids
        return {group for each in chosen for group in self._open.get(each, ())}

    def open_items(self, *groups: Group) -> list[ItemRow]:
        """Return the open items of groups."""
        return [row for group in groups for row in self._open.get(group[0], {}).get(group, {}).values()]

    def policies(self) -> Policies:
        """Return the policies of the ledger."""
        if self._known_policies is None:
            experiments = sorted(self.all(ExperimentRow), key=lambda row: row.position)
            known = sorted(self.all(PolicyRow), key=lambda row: row.policy_id)
            self._known_policies = policies_of(known, experiments)
        return self._known_policies

    def survivors(self, day: date) -> Survivors:
        """Return the merges in force on a day."""
        return Survivors(self.merges(), day)

    def merges(self) -> list[Merge]:
        """Return every merge of customers, and every reversal of one."""
        return [row.merge for row in self.all(MergeRow)]


def folded(streams: Mapping[str, Sequence[Recorded]], as_of: date | None = None) -> MemoryRows:
    """Fold streams in the order of the ledger; with ``as_of`` only the events effective by that date.

    Registrations count at any date: a customer taken over today owed its invoices before it was registered.
    """
    rows = MemoryRows()
    events = sorted((e for stream in streams.values() for e in stream), key=lambda e: e.position)
    for e in events:
        in_force = as_of is None or e.effective_on <= as_of or e.type in _REGISTRATIONS
        if not in_force:
            continue
        try:
            fold(e, rows)
        except LookupError:
            if as_of is None:
                raise
            # At that business date the item does not exist: a payment may precede the invoice that it settles.
    return rows


def fold(e: Recorded, rows: MemoryRows) -> None:
    """Fold one event as the read model does. Raises ``LookupError``."""
    if e.type in Cases.applies:
        project(e, rows)


async def cases_at(
    ledger: Ledger,
    conn: Conn,
    schema: str,
    name: str,
    customer_ids: Sequence[str],
    position: int,
    as_of: date | None = None,
) -> MemoryRows:
    """Return the cases of these customers at a position, and of all whose records are folded with theirs."""
    streams = await streams_of(conn, schema, customer_ids)
    return folded(await ledger.read_streams(name, streams, upto=position), as_of)


async def streams_of(
    conn: Conn, schema: str, customer_ids: Sequence[str], *, together: bool = True
) -> list[str]:
    """Return the streams that the cases of these customers are folded from, at any position of the read model.

    Those of all records that were ever merged with theirs, of their payers, of the creditors and of the policies; under
    policies that group customers, and ``together``, also of all that may be decided together with them.
    """
    if together:
        customer_ids = await _with_related(conn, schema, customer_ids)
    own = sorted(related(customer_ids, await merges(conn, schema)))
    records = await conn.fetch(
        f"""select invoice_id from {schema}.item where customer_id = any($1)
            union all select payment_id from {schema}.payment where customer_id = any($1)
            union all select reminder_id from {schema}.reminder where customer_id = any($1)
            union all select task_id from {schema}.task where customer_id = any($1)
            union all select promise_id from {schema}.promise where customer_id = any($1)
            union all select placement_id from {schema}.placement where customer_id = any($1)
            union all select plan_id from {schema}.payment_plan where customer_id = any($1)
            union all select title_id from {schema}.title where customer_id = any($1)
            union all select entity_id from {schema}.entity
            union all select policy_id from {schema}.policy
            union all select experiment_id from {schema}.experiment""",
        own,
    )
    parties = await with_payers(conn, schema, customer_ids)
    tried = [row.experiment_id for row in await experiment_rows(conn, schema)]
    assignments = [assignment_id(each, customer) for each in tried for customer in own]
    return (
        assignments
        + [record[0] for record in records]
        + [each for p in parties for each in (p, hold_stream(p))]
        + [row.grade_id for row in parties.values() if row.grade_id]
    )


async def _with_related(conn: Conn, schema: str, customer_ids: Sequence[str]) -> Sequence[str]:
    """Return the customers, with all whose cases may be decided together with theirs under a version of a policy."""
    if not groups_customers(await policy_rows(conn, schema)):
        return customer_ids
    found = components(await with_roles(conn, schema), await merges(conn, schema))
    return sorted(all_in(customer_ids, found).union(customer_ids))
