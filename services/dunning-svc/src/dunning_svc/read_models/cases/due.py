"""Cases with a due step, in pages of customers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from dunning_svc.domain.ladder.state import Case, FormalNotice, PastMessage
from dunning_svc.domain.policy.choice import Policies
from dunning_svc.read_models.cases.composition import Group, case_of
from dunning_svc.read_models.cases.debtors import creditors, joined_to, payer_in, with_payers
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
             where next_step_on <= $1 or (open_minor > 0 and due_on <= $2)""",
        day,
        None if first is None else day - timedelta(days=first),
    )
    groups: dict[str, list[Group]] = {}
    for group in sorted({(merged.of(row[0]), row[1], row[2]) for row in found}):
        groups.setdefault(group[0], []).append(group)
    if not groups:
        return
    known_creditors = await creditors(conn, schema)
    debtors = list(groups)
    for start in range(0, len(debtors), _PAGE):
        page = debtors[start : start + _PAGE]
        ids = [record for debtor in page for record in merged.records(debtor)]
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
        for group in (each for debtor in page for each in groups[debtor] if each[0] in customers):
            try:
                case = case_of(
                    customers[group[0]],
                    payer_in(customers, group[0], day, merged),
                    accounts.get(group, []),
                    items.get(group, []),
                    group,
                    last_notice(notices[each] for each in _own_groups(group, merged) if each in notices),
                    joined_to(group[0], customers, known, merged),
                    [contact for each in merged.records(group[0]) for contact in contacts.get(each, [])],
                    max((moved[each] for each in _own_groups(group, merged) if each in moved), default=None),
                    joined_months(months.get(each, ()) for each in _own_groups(group, merged)),
                    [each for record in merged.records(group[0]) for each in assigned.get(record, ())],
                )
            except Exception as error:  # one customer that cannot be served never stops the others
                unreadable.append(Unserved.of(group, error))
            else:
                cases.append(case)
        yield DueCases(cases, customers, known_creditors, policies, unreadable)


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
        f"""select customer_id, coalesce(approved_on, day), position from {schema}.reminder
             where customer_id = any($1) and coalesce(approved_on, day) > $2 and status = any($3) and not bounced
             order by position""",
        ids,
        after,
        list(STANDING),
    )
    found: dict[str, list[PastMessage]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(PastMessage(row[1], row[2]))
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
        f"""select distinct on (customer_id, entity_id, currency) customer_id, entity_id, currency,
                   coalesce(approved_on, day) as day, position
              from {schema}.reminder
             where customer_id = any($1) and channel = 'registered_letter' and status = any($2)
             order by customer_id, entity_id, currency, coalesce(approved_on, day) desc, position desc""",
        ids,
        list(STANDING),
    )
    return {(row[0], row[1], row[2]): FormalNotice(row[3], row[4]) for row in rows}
