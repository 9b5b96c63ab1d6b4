"""Collectors and the customers that they own, by :mod:`encours.contracts.portfolios`, as in dunning-svc.

Records and assignments are those of the dates of the question, and so are the customers to which their rules refer.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, ClassVar

from encours.contracts import Recorded, decode, encode
from encours.contracts.events.dunning.collectors import CollectorDefined, CustomersAssigned
from encours.contracts.parties import Survivors
from encours.contracts.portfolios import CustomerFacts, GivenCustomer, Portfolios
from encours.projection.rows import Row
from encours.reading.where import Arguments, ViewWhere
from reporting_svc.read_models.receivables.counted import counted
from reporting_svc.read_models.receivables.portfolio import ATTRIBUTES, portfolio_sql
from reporting_svc.read_models.receivables.query import is_now
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID
from reporting_svc.read_models.receivables.scope import Owners, Scope

if TYPE_CHECKING:
    from encours.reading.moment import View


class CollectorVersion(Row, kw_only=True):
    """A collector's record as an event sets it; ``document`` is its payload."""

    TABLE: ClassVar[str] = "collector"
    KEY: ClassVar[tuple[str, ...]] = ("collector_code", "position")
    collector_code: str
    position: int
    effective_on: date
    document: str

    @classmethod
    def of(cls, e: Recorded, data: CollectorDefined) -> CollectorVersion:
        """Return the row of an event."""
        return cls(
            collector_code=data.collector_code,
            position=e.position,
            effective_on=e.effective_on,
            document=encode(data).decode(),
        )


class GivenCustomerRow(Row, kw_only=True):
    """A customer that was given to a collector from a day on."""

    TABLE: ClassVar[str] = "given_customer"
    KEY: ClassVar[tuple[str, ...]] = ("customer_id", "position")
    customer_id: str
    position: int
    effective_on: date
    valid_from: date
    collector_code: str

    @classmethod
    def of(cls, e: Recorded, data: CustomersAssigned) -> list[GivenCustomerRow]:
        """Return the rows of an event."""
        return [
            cls(
                customer_id=customer_id,
                position=e.position,
                effective_on=e.effective_on,
                valid_from=data.valid_from,
                collector_code=data.collector_code,
            )
            for customer_id in dict.fromkeys(data.customer_ids)
        ]


async def owners_of(view: View, merged: Survivors) -> Owners:
    """Return the owners of all debtors in the caller's grant; one that no portfolio admits has none."""
    portfolios = await _portfolios(view)
    facts = await _facts(view, merged, portfolios)
    given = await _given(view, merged)
    owned = {debtor: portfolios.owner_of(own, given.get(debtor, ())) for debtor, own in facts.items()}
    return Owners(
        {debtor: found.owner for debtor, found in owned.items() if found is not None},
        {code: record.name for code, record in portfolios.records.items()},
    )


def _dated(view: View) -> ViewWhere:
    where = ViewWhere(view, entity=None)
    return where.add(where.counts())


async def _portfolios(view: View) -> Portfolios:
    where = _dated(view)
    rows = await view.conn.fetch(
        f"""select collector_code, document from {view.schema}.collector where {where.sql}
            order by collector_code, position""",
        *where.arguments,
    )
    versions: dict[str, list[CollectorDefined]] = {}
    for row in rows:
        event = decode(CollectorDefined.TYPE, CollectorDefined.VERSION, row["document"].encode())
        assert isinstance(event, CollectorDefined)
        versions.setdefault(row["collector_code"], []).append(event)
    return Portfolios(versions, view.time.as_of)


async def _given(view: View, merged: Survivors) -> dict[str, list[GivenCustomer]]:
    where = _dated(view)
    rows = await view.conn.fetch(
        f"""select customer_id, collector_code, valid_from, position
            from {view.schema}.given_customer where {where.sql}""",
        *where.arguments,
    )
    found: dict[str, list[GivenCustomer]] = {}
    for row in rows:
        given = GivenCustomer(row["collector_code"], row["valid_from"], row["position"])
        found.setdefault(merged.of(row["customer_id"]), []).append(given)
    return found


async def _facts(view: View, merged: Survivors, portfolios: Portfolios) -> dict[str, list[CustomerFacts]]:
    """Return the facts about each debtor: one for each currency in which it owes, or one for none."""
    scopes = [rule.scope for record in portfolios.records.values() for rule in record.portfolio]
    owed: dict[str, dict[str, int]] = {}
    if any(scope.open_amounts or scope.currencies for scope in scopes):
        owed = await _owed(view, merged)
    fields = await _fields(view) if any(scope.fields for scope in scopes) else {}
    where = ViewWhere(view, entity="c.entity")
    own = portfolio_sql(where.arguments, view)
    attributes = ", ".join(f"{own.value(each)} as {each}" for each in ATTRIBUTES)
    rows = await view.conn.fetch(
        f"select {own.customer_id} as customer_id, c.entity, {attributes} from {own.source} where {where.sql}",
        *where.arguments,
    )
    return {
        row["customer_id"]: [
            CustomerFacts(
                customer_ids=tuple(merged.records(row["customer_id"])),
                entity_id=row["entity"],
                currency=currency,
                open_minor=open_minor,
                country=row["country"] or "",
                segment=row["segment"],
                salesperson=row["salesperson"],
                tags=tuple(row["tags"] or ()),
                fields=fields.get(row["customer_id"], frozenset()),
            )
            for currency, open_minor in sorted((owed.get(row["customer_id"]) or {"": 0}).items())
        ]
        for row in rows
        if merged.of(row["customer_id"]) == row["customer_id"]
    }


async def _owed(view: View, merged: Survivors) -> dict[str, dict[str, int]]:
    args = Arguments()
    opened = f"select customer_id, currency, open_minor from {view.schema}.balance where open_minor > 0"
    if not await is_now(view):
        sums = (await counted(args, view, Scope(), "account")).accounts_by_day("due_on", ())
        opened = f"""
            select {CUSTOMER_ID.sql("customer_id")} as customer_id, currency, sum(item_minor)::bigint as open_minor
            from ({sums}) m group by 1, 2 having sum(item_minor) > 0
        """
    rows = await view.conn.fetch(opened, *args)
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        own = found.setdefault(merged.of(row["customer_id"]), {})
        own[row["currency"]] = own.get(row["currency"], 0) + row["open_minor"]
    return found


async def _fields(view: View) -> dict[str, frozenset[tuple[str, str]]]:
    where = _dated(view)
    rows = await view.conn.fetch(
        f"""select distinct on (customer_id) customer_id, field_codes, field_values
            from {view.schema}.fields where {where.sql}
            order by customer_id, effective_on desc, position desc""",
        *where.arguments,
    )
    return {
        row["customer_id"]: frozenset(zip(row["field_codes"], row["field_values"], strict=True))
        for row in rows
    }
