"""Collectors at any date and position, and the owners of customers.

Portfolios ask for the customer as it is at the position of the read model: its tags, its segment and what it owes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from dunning_svc.domain.collector.ownership import Team
from dunning_svc.domain.collector.state import Collector
from dunning_svc.domain.policy.choice import InvoiceFacts, Profile
from dunning_svc.read_models.cases.composition import profile_of
from dunning_svc.read_models.cases.debtors import customers_of
from dunning_svc.read_models.cases.rows.access import select
from dunning_svc.read_models.cases.rows.collectors import AssignmentRow, CollectorRow
from dunning_svc.read_models.cases.rows.parties import DebtorRow
from encours.contracts import decode
from encours.contracts.events.dunning.collectors import CollectorDefined
from encours.contracts.portfolios import GivenCustomer, Ownership
from encours.reading.merges import survivors_at
from encours.reading.moment import View


async def collectors(view: View) -> dict[str, Collector]:
    """Return the collectors of the ledger at the dates of the view, by code."""
    rows = await select(
        view.conn,
        view.schema,
        CollectorRow,
        "where position <= $1 and recorded_on <= $2 order by collector_code, position",
        view.time.position,
        view.time.as_of,
    )
    found: dict[str, Collector] = {}
    for row in rows:
        known = found.get(row.collector_code, Collector())
        found[row.collector_code] = Collector((*known.versions, _record(row)))
    return found


def _record(row: CollectorRow) -> CollectorDefined:
    event = decode(CollectorDefined.TYPE, CollectorDefined.VERSION, row.document.encode())
    assert isinstance(event, CollectorDefined)
    return event


async def team_on(view: View, day: date) -> Team:
    """Return the collectors who work on a day, by what is known at the dates of the view."""
    return Team(await collectors(view), day)


async def owners(view: View, team: Team, customer_ids: Iterable[str]) -> dict[str, Ownership | None]:
    """Return the owner of each customer; a merged record has the owner of the one that stands for it."""
    merged = await survivors_at(view)
    survivors = {each: merged.of(each) for each in customer_ids}
    records = {each: merged.records(each) for each in set(survivors.values())}
    ids = sorted({record for each in records.values() for record in each})
    customers = await customers_of(view.conn, view.schema, ids)
    owed = await _owed(view, ids)
    given = await _given(view, ids)
    found = {
        each: team.owner_of(
            _profiles(customers[each], own, owed), [one for record in own for one in given.get(record, ())]
        )
        for each, own in records.items()
        if each in customers
    }
    return {each: found.get(survivor) for each, survivor in survivors.items()}


def _profiles(customer: DebtorRow, records: Sequence[str], owed: dict[str, dict[str, int]]) -> list[Profile]:
    """Return the facts about a customer for each currency in which it owes; for none if it owes nothing."""
    open_minor: dict[str, int] = {}
    for record in records:
        for currency, amount_minor in owed.get(record, {}).items():
            open_minor[currency] = open_minor.get(currency, 0) + amount_minor
    return [
        profile_of(customer, customer.entity_id, currency, [InvoiceFacts(amount_minor)], records[1:])
        for currency, amount_minor in sorted((open_minor or {"": 0}).items())
    ]


async def _owed(view: View, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    rows = await view.conn.fetch(
        f"""select customer_id, currency, sum(open_minor)::bigint from {view.schema}.item
             where customer_id = any($1) and open_minor > 0 group by 1, 2""",
        ids,
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row[0], {})[row[1]] = row[2]
    return found


async def _given(view: View, ids: Sequence[str]) -> dict[str, list[GivenCustomer]]:
    rows = await select(
        view.conn,
        view.schema,
        AssignmentRow,
        "where customer_id = any($1) and position <= $2 and recorded_on <= $3",
        ids,
        view.time.position,
        view.time.as_of,
    )
    found: dict[str, list[GivenCustomer]] = {}
    for row in rows:
        found.setdefault(row.customer_id, []).append(
            GivenCustomer(row.collector_code, row.valid_from, row.position)
        )
    return found
