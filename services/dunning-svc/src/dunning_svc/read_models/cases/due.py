"""Cases with a due step, in pages of customers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TypeVar

from dunning_svc.domain.ladder.state import Case, FormalNotice, PastMessage
from dunning_svc.domain.policy.choice import Policies
from dunning_svc.domain.policy.policy import Joint
from dunning_svc.read_models.cases.composition import Group, case_of
from dunning_svc.read_models.cases.debtors import (
    all_in,
    components,
    creditors,
    held_by,
    holder_in,
    joined_to,
    with_payers,
    with_roles,
)
from dunning_svc.read_models.cases.fold.experiments import assigned_to
from dunning_svc.read_models.cases.fold.policies import policies_in
from dunning_svc.read_models.cases.fold.punctuality import joined_months, months_due, year_before
from dunning_svc.read_models.cases.rows.access import select
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.read_models.cases.rows.receivables import AccountRow, ItemRow
from encours.contracts.parties import Survivors
from encours.projection.read_model import Conn
from encours.reading.merges import merges

G = TypeVar("G", AccountRow, ItemRow)
_PAGE = 500
"""Customers whose cases are in memory at once."""
STANDING = frozenset({"proposed", "requested", "sent", "unconfirmed"})
"""Status of reminders that have reached the customer, or may yet."""


@dataclass(frozen=True, slots=True)
class Unserved:
    """Customer about whom nothing can be decided, and the fault."""

    customer_id: str
    entity_id: str
    currency: str
    cause: str

    @classmethod
    def of(cls, group: Group, error: Exception, about: str = "") -> Unserved:
        """Return the customer of a group with the fault that an exception names."""
        return cls(*group, f"{about}{type(error).__name__}: {error}"[:400])


@dataclass(frozen=True, slots=True)
class DueCases:
    """Some cases with a due step, and the debtors and creditors that their messages need."""

    cases: Sequence[Case]
    customers: Mapping[str, DebtorRow]
    creditors: Mapping[str, CreditorRow]
    policies: Policies
    unreadable: Sequence[Unserved] = ()
    """Customers whose rows make no case."""


async def due_pages(
    conn: Conn, schema: str, day: date, policies: Policies | None = None
) -> AsyncIterator[DueCases]:
    """Yield every case with a due step, including all its open items, in pages of customers: a ledger may have more
    open items than fit into memory. ``policies``: others than the ledger's.

    With policies of its own a ledger has steps on other days than the default ones: all cases with an item that a step
    may be due for.
    """
    policies = policies or await policies_in(conn, schema)
    first = policies.first_offset_days
    known = await merges(conn, schema)
    merged = Survivors(known, day)
    found = await conn.fetch(
        f"""select distinct customer_id, entity_id, currency from {schema}.item
             where next_step_on <= $1 or (open_minor > 0 and due_on <= $2) or (
                 open_minor > 0 and due_on < $1
                 and customer_id in (select customer_id from {schema}.customer where earlier_days > 0))""",
        day,
        None if first is None else day - timedelta(days=first),
    )
    groups: dict[str, list[Group]] = {}
    for group in sorted({(merged.of(row[0]), row[1], row[2]) for row in found}):
        groups.setdefault(group[0], []).append(group)
    if not groups:
        return
    related = components(await with_roles(conn, schema), known) if policies.joint else {}
    for group in sorted(await _open_groups(conn, schema, merged, related, groups)):
        if group not in groups.setdefault(group[0], []):
            groups[group[0]].append(group)
    known_creditors = await creditors(conn, schema)
    for page in _pages(sorted(groups), related):
        ids = [record for debtor in page for record in merged.records(debtor)]
        ids = sorted(all_in(page, related).union(ids))
        customers = await with_payers(conn, schema, ids)
        accounts = _by_group(
            await select(conn, schema, AccountRow, "where customer_id = any($1) order by customer_id", ids),
            merged,
        )
        notices = await _formal_notices(conn, schema, ids)
        contacts = await _contacts(conn, schema, ids, day - timedelta(days=policies.contact_days))
        items = _by_group(
            await select(conn, schema, ItemRow, "where customer_id = any($1) and open_minor > 0", ids), merged
        )
        moved = await _moved_on(conn, schema, ids) if policies.by_invoices or policies.by_behaviour else {}
        months = await months_due(conn, schema, ids, year_before(day)) if policies.by_behaviour else {}
        assigned = await assigned_to(conn, schema, ids) if policies.experiments else {}
        cases: list[Case] = []
        unreadable: list[Unserved] = []
        held = {joint: held_by(customers, joint, day, merged) for joint in policies.joint}
        messages: dict[tuple[Joint, str, str, str], tuple[FormalNotice | None, list[PastMessage]]] = {}
        for group in (each for debtor in page for each in groups[debtor] if each[0] in customers):
            try:
                composed = partial(
                    case_of,
                    customers[group[0]],
                    accounts=accounts.get(group, []),
                    items=items.get(group, []),
                    group=group,
                    joined=joined_to(group[0], customers, known, merged),
                    moved_on=max(
                        (moved[each] for each in _own_groups(group, merged) if each in moved), default=None
                    ),
                    punctuality=joined_months(months.get(each, ()) for each in _own_groups(group, merged)),
                    assigned=[
                        each for record in merged.records(group[0]) for each in assigned.get(record, ())
                    ],
                )
                own = merged.records(group[0])
                case = composed(
                    payer=holder_in(customers, group[0], "payer", day, merged),
                    formal_notice=_notice(notices, own, group),
                    contacts=_contacted(contacts, own),
                )
                for joint, records_of in held.items():
                    holder = holder_in(customers, group[0], joint, day, merged)
                    key = joint, holder.customer_id, group[1], group[2]
                    if key not in messages:
                        theirs = records_of[holder.customer_id]
                        messages[key] = _notice(notices, theirs, group), _contacted(contacts, theirs)
                    notice, written_to = messages[key]
                    case.together[joint] = composed(
                        payer=holder, joint=True, formal_notice=notice, contacts=written_to
                    )
            except Exception as error:  # one customer that cannot be served never stops the others
                unreadable.append(Unserved.of(group, error))
            else:
                cases.append(case)
        yield DueCases(cases, customers, known_creditors, policies, unreadable)


async def _open_groups(
    conn: Conn,
    schema: str,
    merged: Survivors,
    related: Mapping[str, frozenset[str]],
    customer_ids: Iterable[str],
) -> set[Group]:
    """Return the groups with an open item of all customers whose cases may be decided together with these."""
    ids = sorted(all_in(customer_ids, related))
    if not ids:
        return set()
    rows = await conn.fetch(
        f"""select distinct customer_id, entity_id, currency from {schema}.item
             where customer_id = any($1) and open_minor > 0""",
        ids,
    )
    return {(merged.of(row[0]), row[1], row[2]) for row in rows}


def _pages(debtors: Iterable[str], related: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """Yield debtors in pages; those whose cases may be decided together are in one page."""
    page: list[str] = []
    seen: set[str] = set()
    wanted = list(debtors)
    among = set(wanted)
    for debtor in wanted:
        if debtor in seen:
            continue
        own = sorted(among.intersection(related.get(debtor, ())) | {debtor})
        seen.update(own)
        page += own
        if len(page) >= _PAGE:
            yield page
            page = []
    if page:
        yield page


def _notice(
    notices: Mapping[Group, FormalNotice], records: Iterable[str], group: Group
) -> FormalNotice | None:
    own = ((record, group[1], group[2]) for record in records)
    return last_notice(notices[each] for each in own if each in notices)


def _contacted(contacts: Mapping[str, Sequence[PastMessage]], records: Iterable[str]) -> list[PastMessage]:
    """Return the messages to any of these records, each once."""
    return list({each.position: each for record in records for each in contacts.get(record, ())}.values())


def _by_group(rows: Iterable[G], merged: Survivors) -> dict[Group, list[G]]:
    found: dict[Group, list[G]] = {}
    for row in rows:
        found.setdefault((merged.of(row.customer_id), row.entity_id, row.currency), []).append(row)
    return found


def _own_groups(group: Group, merged: Survivors) -> list[Group]:
    return [(record, group[1], group[2]) for record in merged.records(group[0])]


def last_notice(notices: Iterable[FormalNotice]) -> FormalNotice | None:
    """Return the last of several formal notices."""
    return max(notices, key=lambda notice: (notice.on, notice.position), default=None)


async def _contacts(conn: Conn, schema: str, ids: Sequence[str], after: date) -> dict[str, list[PastMessage]]:
    """Return the messages to each customer after a day that were neither suppressed nor refused by their channel."""
    rows = await conn.fetch(
        f"""select concerned, coalesce(approved_on, day), position, contact
              from {schema}.reminder, unnest(customer_id || debtor_ids) concerned
             where (customer_id = any($1) or debtor_ids && $1) and coalesce(approved_on, day) > $2
               and status = any($3) and not bounced
             order by position""",
        ids,
        after,
        list(STANDING),
    )
    found: dict[str, list[PastMessage]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(PastMessage(*row[1:]))
    return found


async def _moved_on(conn: Conn, schema: str, ids: Sequence[str]) -> dict[Group, date]:
    """Return the last day on which an amount of each group moved, also of items that are settled by it."""
    rows = await conn.fetch(
        f"""select customer_id, entity_id, currency, max(moved_on) from {schema}.item
             where customer_id = any($1) and moved_on is not null group by 1, 2, 3""",
        ids,
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


async def _formal_notices(conn: Conn, schema: str, ids: Sequence[str]) -> dict[Group, FormalNotice]:
    """Return the last formal notice of each group that was neither suppressed nor refused by its channel."""
    rows = await conn.fetch(
        f"""select distinct on (concerned, entity_id, currency) concerned, entity_id, currency,
                   coalesce(approved_on, day) as day, position
              from {schema}.reminder, unnest(customer_id || debtor_ids) concerned
             where (customer_id = any($1) or debtor_ids && $1) and channel = 'registered_letter' and status = any($2)
             order by concerned, entity_id, currency, coalesce(approved_on, day) desc, position desc""",
        ids,
        list(STANDING),
    )
    return {(row[0], row[1], row[2]): FormalNotice(row[3], row[4]) for row in rows}
