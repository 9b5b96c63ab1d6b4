"""Queries of ``credit``: figures of customers, their ranking, limit requests."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from encours.contracts.events.score import ScoreGraded
from encours.contracts.insured.share import InsuredShare
from encours.contracts.parties import Roles, Survivors, group_of, limit_holder_of, payer_of
from encours.ledger import Ledger
from encours.projection.read_model import Conn
from encours.reading.insured import insurance_of, insured_invoices, openings_of
from encours.reading.merges import merged_sql, records_of, survivors_at
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.rates import rates_of
from encours.reading.read_db import ReadDb
from encours.reading.where import Arguments, ViewWhere
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import ExposureScope, Picture, SeenPicture
from risk_svc.domain.score.model import OPEN_SEGMENT
from risk_svc.read_models.credit.accounts import Sums, accounts_of
from risk_svc.read_models.credit.deposit_query import deposits_named
from risk_svc.read_models.credit.gathered import Gathered, gather, gather_now
from risk_svc.read_models.credit.guarantees import ending_of, guaranteed_of
from risk_svc.read_models.credit.holds import held
from risk_svc.read_models.credit.model import Credit
from risk_svc.read_models.insurance.query import shares_of

HeadOf = Callable[[str, Iterable[Roles], date, int], str]
"""Rule that gives the customer whom others are counted with, by the roles in force: of a limit its holder."""
_HEADS: Mapping[ExposureScope, HeadOf] = {"payer": payer_of, "group": group_of}
FRESHNESS_WAIT_S = 1.0
NEAR_EVENTS = 1_000
"""Most events that are looked through for one that changes a figure, instead of waiting for all of them."""
_CHANGES = sorted(Credit.applies - {ScoreGraded.TYPE})
"""Types that change figures. Grades do not: an activation records one for each customer."""


async def pictures(
    conn: Conn,
    schema: str,
    customers: Sequence[str],
    *,
    as_of: date,
    position: int,
    head_of: HeadOf = limit_holder_of,
) -> dict[str, Picture]:
    """Return the figures of the customers that were registered at the position; the others are left out.

    Each with the limit that holds for it and the others whose exposure counts against it (``contracts/parties.py``).
    The limit may have expired; the caller has to check it. The figures of a merged customer are those of the record
    that stands for it, which counts the invoices and the money of all its records.
    """

    async def ask(records: Sequence[str]) -> tuple[int, Gathered]:
        return position, await gather(conn, schema, records, as_of=as_of, position=position)

    return (await _pictures(ask, customers, as_of, head_of))[1]


async def _pictures(
    ask: Callable[[Sequence[str]], Awaitable[tuple[int, Gathered]]],
    customers: Sequence[str],
    as_of: date,
    head_of: HeadOf = limit_holder_of,
) -> tuple[int, dict[str, Picture]]:
    """Return the figures at the position of the last answer, which has the rows of all that count."""
    asked = sorted(set(customers))
    while True:
        position, gathered = await ask(asked)
        merged = Survivors(gathered.merges, as_of, position)
        holders = _holders(gathered, customers, merged, head_of, as_of, position)
        records = {record for each in {*holders, *holders.values()} for record in merged.records(each)}
        if records.issubset(asked):
            return position, _found(gathered, customers, holders, merged, as_of)
        asked = sorted({*asked, *records})


async def picture_in_scope(view: View, picture: Picture, scope: ExposureScope) -> Picture:
    """Return the figures of a customer with those who have its payer, its group or its limit, or with no others."""
    if scope == "limit":
        return picture
    if scope == "customer":
        return picture.alone
    time, customer = view.time, picture.customer_id
    found = await pictures(
        view.conn,
        view.schema,
        [customer],
        as_of=time.as_of,
        position=time.position,
        head_of=_HEADS[scope],
    )
    return found[customer]


def _holders(
    gathered: Gathered,
    customers: Sequence[str],
    merged: Survivors,
    head_of: HeadOf,
    as_of: date,
    position: int,
) -> dict[str, str]:
    """Return the heads of customers, such as those whose limits hold, and of all others with the same heads."""
    assigned: dict[str, list[Roles]] = {}
    for row in gathered.roles:
        roles = Roles(row["valid_from"], row["position"], row["payer_id"], group_id=row["group_id"])
        assigned.setdefault(row["customer_id"], []).append(roles)

    def head(customer: str) -> str:
        return merged.of(head_of(customer, assigned.get(customer, ()), as_of, position))

    own = {each: head(each) for each in dict.fromkeys(map(merged.of, customers))}
    wanted = set(own.values())
    others = {each: head(each) for each in sorted({*assigned, *wanted} - {*own, *merged.merged})}
    return own | {each: holder for each, holder in others.items() if holder in wanted}


def _found(
    gathered: Gathered,
    customers: Sequence[str],
    holders: Mapping[str, str],
    merged: Survivors,
    as_of: date,
) -> dict[str, Picture]:
    own = _own_pictures(gathered, sorted({*holders, *holders.values()}), merged, as_of)
    rates = rates_of(gathered.rates)
    found = {}
    for debtor in set(map(merged.of, customers)) & set(own):
        holder = holders[debtor]
        others = tuple(own[each] for each in holders if holders[each] == holder and each in own)
        found[debtor] = replace(
            own[debtor],
            limit=own[holder].limit if holder in own else None,
            limit_holder_id=holder,
            holder_holds=own[holder].holds if holder != debtor and holder in own else (),
            others=tuple(each for each in others if each.customer_id != debtor),
            rates=rates.get(own[debtor].entity_id, ()),
        )
    return {customer: found[merged.of(customer)] for customer in customers if merged.of(customer) in found}


def _own_pictures(
    gathered: Gathered, customers: Sequence[str], merged: Survivors, as_of: date
) -> dict[str, Picture]:
    rows = {row["customer_id"]: row for row in gathered.customers}
    accounts = accounts_of(gathered.items, gathered.funds, gathered.schedules, merged)
    opened = openings_of(gathered.openings, merged)
    insured = _insured(gathered, merged, opened, as_of)
    holds = held(gathered.holds)
    limits = {row["customer_id"]: _limit(row) for row in gathered.limits}
    unopened = {row["customer_id"] for row in gathered.unopened}
    return {
        customer: Picture(
            customer_id=customer,
            entity_id=row["entity_id"],
            name=row["name"],
            items=tuple(
                (currency, item)
                for currency, account in accounts.get(customer, {}).items()
                for item in account.items
            ),
            drafts=_component("drafts", customer, gathered.orders, merged),
            unapplied={
                currency: account.unapplied_minor
                for currency, account in accounts.get(customer, {}).items()
                if account.unapplied_minor
            },
            limit=limits.get(customer),
            insolvent=customer in opened,
            reserved=_component("reserved", customer, gathered.orders, merged),
            delivered=_component("delivered", customer, gathered.orders, merged),
            guaranteed=guaranteed_of(customer, gathered.guarantees, merged),
            ending=ending_of(customer, gathered.guarantees, merged),
            holds=tuple(hold for each in merged.records(customer) for hold in holds.get(each, ())),
            unopened=customer in unopened,
            segment=row["segment"] or OPEN_SEGMENT,
            insured=insured.get(customer, ()),
            merged_records=tuple(each for each in merged.records(customer) if each != customer),
        )
        for customer in customers
        if (row := rows.get(customer)) is not None
    }


def _insured(
    gathered: Gathered, merged: Survivors, opened: Mapping[str, date], as_of: date
) -> Mapping[str, tuple[InsuredShare, ...]]:
    if not gathered.insurance:
        return {}
    cash: Counter[tuple[str, str]] = Counter()
    for row in gathered.funds:
        cash[merged.of(row["customer_id"]), row["currency"]] += row["unapplied_minor"]
    schedules: dict[str, list[Sums]] = {}
    for part in gathered.schedules:
        schedules.setdefault(part["invoice_id"], []).append(part)
    invoices = insured_invoices(
        (
            {**row, "open_minor": row["open_minor"] - row["conceded_minor"],
             "disputed_minor": row["disputed_minor"] - row["conceded_minor"]}
            for row in gathered.items
            if not row["is_penalty"] and row["open_minor"] > row["conceded_minor"]
        ),
        cash,
        {invoice: _last_schedule(parts) for invoice, parts in schedules.items()},
        merged,
    )  # fmt: skip
    return shares_of(insurance_of(gathered.insurance, merged).books(invoices, opened), as_of)


def _last_schedule(parts: Sequence[Sums]) -> Sums:
    """Return the schedule that was agreed last: its day, first and last due date."""
    last = [part for part in parts if part["position"] == parts[-1]["position"]]
    return {
        "effective_on": last[0]["effective_on"],
        "first_due": last[0]["due_on"],
        "last_due": last[-1]["due_on"],
    }


def _component(name: str, customer: str, rows: Sequence[Sums], merged: Survivors) -> Mapping[str, int]:
    """Return a component of the exposure by currency, of all records of a customer; none that is zero."""
    found: Counter[str] = Counter()
    for row in rows:
        if merged.of(row["customer_id"]) == customer:
            found[row["currency"]] += row[name]
    return {currency: minor for currency, minor in found.items() if minor}


@dataclass(frozen=True, slots=True)
class LatestPictures:
    """Query for the figures of one customer; it waits a second at most for the read model.

    It does not wait for events that change no figures, such as other checks: without them the figures are the same.
    Figures are read while the ledger is asked for its head, and read again if they lack a change up to it.
    """

    db: ReadDb
    ledger: Ledger

    async def of(self, ledger: str, customer_id: str, day: date) -> SeenPicture:
        """Return the figures at the ledger's head; empty for a customer that the read model does not have there."""
        known = self.db.position("credit", ledger)
        looked = self.ledger.head_and_last(ledger, _CHANGES, after=known or 0, limit=NEAR_EVENTS)
        position, found = -1, dict[str, Picture]()
        if known is None:  # the model may have to be built first
            head, changed = await looked
        else:
            (head, changed), (position, found) = await asyncio.gather(
                looked, self._now(ledger, customer_id, day)
            )
        least = max(changed, known or 0)
        if position < least:
            await self.db.wait_for("credit", ledger, changed, timeout=FRESHNESS_WAIT_S)
            position, found = await self._now(ledger, customer_id, day)
        # A read model that was put back answers with less than it was known to have.
        if position >= least:
            position = max(position, head)
        picture = found.get(customer_id, Picture(customer_id, "", ""))
        lag = max(0, head - position)
        return SeenPicture(picture, position, lag, behind=lag > 0)

    async def deposits_for(self, ledger: str, entity_id: str, order_number: str, position: int) -> list[str]:
        """Return ids of an entity's deposit invoices issued up to a position whose reference is an order's number."""
        async with self.db.snapshot("credit", ledger) as (conn, schema, _):
            return await deposits_named(conn, schema, entity_id, order_number, position)

    async def _now(self, ledger: str, customer_id: str, day: date) -> tuple[int, dict[str, Picture]]:
        """Return the position of the read model and figures at it, by one statement unless others count too."""

        def ask(records: Sequence[str]) -> Awaitable[tuple[int, Gathered]]:
            return gather_now(self.db, ledger, records, as_of=day)

        return await _pictures(ask, [customer_id], day)


_EXPOSURE_THEN = """(
    select customer_id, currency, sum(
        open_minor - conceded_minor + draft_minor - unapplied_minor + reserved_minor + delivered_minor
    )::bigint as exposure_minor
    from {s}.movement where position <= {position} and effective_on <= {as_of} group by customer_id, currency
)"""


async def ranking(
    view: View, page: Page, currency: str | None, *, then: bool
) -> tuple[list[Any], dict[str, Picture]]:
    """Return one page of customers in the order of their exposure, and their pictures at the dates of the view.

    The exposure is that of now, which an index has in order, or with ``then`` that at the dates of the view.

    The order is that of one currency, and only customers that ever had exposure in it are ranked: amounts of different
    currencies are not compared. Without a currency the page is not ordered by exposure, and lists every customer.
    """
    where = ViewWhere(view)
    merged = await survivors_at(view)
    source = f"{view.schema}.customer"
    if currency is not None:
        ranked = where.arguments.add(currency)
        exposure = f"{view.schema}.exposure"
        if then:
            exposure = _EXPOSURE_THEN.format(s=view.schema, position=where.position, as_of=where.as_of)
        if merged.merged:
            exposure = _of_debtors(exposure, merged, where.arguments)
        source = f"""(
            select customer_id, c.entity_id, c.name, c.from_position, x.exposure_minor
            from {exposure} x join {view.schema}.customer c using (customer_id)
            where x.currency = {ranked}::text
        ) ranked"""
    where.add(f"from_position <= {where.position}")
    if merged.merged:
        where.add("customer_id not in (select unnest({}::text[]))", list(merged.merged))
    rows = await where.page(page, "*", source)
    shown = [row["customer_id"] for row in rows[: page.limit]]
    found = await pictures(view.conn, view.schema, shown, as_of=view.time.as_of, position=view.time.position)
    return rows, {customer: picture.alone for customer, picture in found.items()}


def _of_debtors(exposure: str, merged: Survivors, arguments: Arguments) -> str:
    """SQL: exposures by debtor: those of merged records are added to that of the record that stands for them."""
    # A subquery is hashed once, under every plan; a comparison with the elements of an array is not.
    touched = f"(select unnest({arguments.add(sorted({*merged.merged, *merged.merged.values()}))}::text[]))"
    return f"""(
        select customer_id, currency, exposure_minor from {exposure} x where customer_id not in {touched}
        union all
        select coalesce(m.survivor_id, e.customer_id), e.currency, sum(e.exposure_minor)::bigint
        from {exposure} e left join {merged_sql(merged, arguments)} m using (customer_id)
        where e.customer_id in {touched} group by 1, 2
    )"""


async def currencies(view: View) -> list[str]:
    """Return the currencies in which customers of the caller's entities have had exposure."""
    where = ViewWhere(view)
    rows = await view.conn.fetch(
        f"""select currency from {view.schema}.exposure x join {view.schema}.customer c using (customer_id)
            where {where.sql} group by currency order by currency""",
        *where.arguments,
    )
    return [row["currency"] for row in rows]


async def limit_requests(view: View, page: Page, *, customer_id: str | None, state: str | None) -> list[Any]:
    """Return one page of limit requests with ``state_then``, their state at the dates of the view."""
    where = ViewWhere(view).equal("state_then", state)
    where.one_of("customer_id", await records_of(view, customer_id))
    decided = f"decided_position <= {where.position} and decided_on <= {where.as_of}"
    seen = (
        f"(select r.*, case when {decided} then state else 'requested' end as state_then"
        f" from {view.schema}.limit_request r"
        f" where requested_position <= {where.position} and requested_on <= {where.as_of}) seen"
    )
    return await where.page(page, "*", seen)


def _limit(row: Sums) -> ApprovedLimit:
    return ApprovedLimit(
        limit_id=row["limit_id"],
        amount_minor=row["approved_minor"],
        currency=row["currency"],
        max_days_past_due=row["approved_max_days"],
        valid_until=row["valid_until"],
    )
