"""Queries of early warnings: lists, episodes that are open, and customers as the rules see them on a day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from encours.contracts.events.credit_warning import CreditWarningEnded, CreditWarningRaised, DriftRule
from encours.contracts.parties import Survivors
from encours.reading.merges import records_of, survivors
from encours.reading.moment import View
from encours.reading.pages import Page
from encours.reading.where import ViewWhere
from risk_svc.domain.exposure import ExposureItem
from risk_svc.domain.picture import Picture
from risk_svc.domain.score.outcomes import outcome
from risk_svc.domain.warning.rules import (
    BrokenPromise,
    OpenShare,
    WarnedCustomer,
    WarnedInvoice,
    months_before,
    share_bps,
)
from risk_svc.read_models.credit.account_query import FUNDS
from risk_svc.read_models.credit.query import pictures
from risk_svc.read_models.insurance.query import Moment

_CANDIDATES = """
select customer_id from {s}.customer c
where entity_id = $1 and customer_id > $2 and from_position <= $3 and (
    exists (select from {s}.exposure x where x.customer_id = c.customer_id)
    or exists (select from {s}.credit_warning w where w.customer_id = c.customer_id)
    or exists (select from {s}.limit_request l where l.customer_id = c.customer_id)
    or exists (select from {s}.merge m where m.into_id = c.customer_id)
)
order by customer_id limit $4
"""
_BROKEN = """
select customer_id, promised_on, position from (
    select distinct on (customer_id, promise_id) customer_id, promised_on, position, broken
    from {s}.promise_outcome
    where customer_id = any($1) and position <= $2 and effective_on <= $3
    order by customer_id, promise_id, position desc
) last where broken order by position
"""
_DISPUTES = """
select invoice_id, effective_on, position from {s}.movement
where customer_id = any($1) and position <= $2 and effective_on <= $3 and disputed_minor > 0 and conceded_minor = 0
order by position, line
"""
_OPEN = """
select currency, sum(open_minor)::bigint as all_minor, count(*) as debtors from (
    select coalesce(m.survivor_id, d.customer_id) as debtor, d.currency,
           sum(d.open_minor - d.conceded_minor) as open_minor
    from {s}.movement d join {s}.customer c using (customer_id)
    left join unnest($4::text[], $5::text[]) as m(customer_id, survivor_id) on m.customer_id = d.customer_id
    where c.entity_id = $1 and d.position <= $2 and d.effective_on <= $3
    group by 1, 2
) debtors where open_minor > 0 group by currency
"""
_EPISODES = """
select credit_warning_id, customer_id, kind, episode, ended_position is null as is_open from {s}.credit_warning
where customer_id = any($1) order by episode
"""
_EPISODES_BEFORE = """
select count(*) from {s}.credit_warning where customer_id = $1 and kind = $2 and raised_position < $3
"""


@dataclass(frozen=True, slots=True)
class Episodes:
    """Episodes of a customer: ids of the open ones by kind, and how many there have been of each."""

    open_ids: Mapping[str, str]
    counts: Mapping[str, int]

    def with_steps(self, steps: Iterable[CreditWarningRaised | CreditWarningEnded]) -> Episodes:
        """Return the episodes after more steps of them."""
        open_ids, counts = dict(self.open_ids), dict(self.counts)
        for step in steps:
            if isinstance(step, CreditWarningRaised):
                open_ids[step.kind], counts[step.kind] = step.credit_warning_id, step.episode
            else:
                open_ids = {kind: each for kind, each in open_ids.items() if each != step.credit_warning_id}
        return Episodes(open_ids, counts)


@dataclass(frozen=True, slots=True)
class WarnedPage:
    """Customers of an entity, with their episodes."""

    customers: Sequence[WarnedCustomer]
    episodes: Mapping[str, Episodes]


@dataclass(frozen=True, slots=True)
class WarnedBook:
    """Open amounts of an entity by currency, and its merges, at a moment."""

    merged: Survivors
    open_minor: Mapping[str, int]
    debtors: Mapping[str, int]


async def warned_book(moment: Moment, entity_id: str, *, amounts: bool = True) -> WarnedBook:
    """Return the open amounts of all debtors of an entity, and its merges; without ``amounts`` these alone."""
    merged = await survivors(moment.conn, moment.schema, moment.as_of, moment.position)
    if not amounts:
        return WarnedBook(merged, {}, {})
    rows = await moment.conn.fetch(
        _OPEN.format(s=moment.schema),
        entity_id,
        moment.position,
        moment.as_of,
        list(merged.merged),
        list(merged.merged.values()),
    )
    return WarnedBook(
        merged,
        {row["currency"]: row["all_minor"] for row in rows},
        {row["currency"]: row["debtors"] for row in rows},
    )


async def warned_ids(moment: Moment, entity_id: str, *, after: str, limit: int) -> list[str]:
    """Return the next customers of an entity whom its rules may be about, in the order of their ids."""
    statement = _CANDIDATES.format(s=moment.schema)
    rows = await moment.conn.fetch(statement, entity_id, after, moment.position, limit)
    return [row["customer_id"] for row in rows]


async def warned_page(
    moment: Moment, book: WarnedBook, drift: DriftRule | None, customers: Sequence[str]
) -> WarnedPage:
    """Return customers of an entity as the rules see them at the moment, with the episodes known now."""
    conn, schema = moment.conn, moment.schema
    seen = await warned_customers(
        moment, book, drift, [each for each in customers if each not in book.merged.merged]
    )
    open_ids: defaultdict[str, dict[str, str]] = defaultdict(dict)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in await conn.fetch(_EPISODES.format(s=schema), list(customers)):
        counts[row["customer_id"]][row["kind"]] = row["episode"]
        if row["is_open"]:
            open_ids[row["customer_id"]][row["kind"]] = row["credit_warning_id"]
    merged = [WarnedCustomer(each) for each in customers if each in book.merged.merged]
    return WarnedPage(
        [*seen, *merged],
        {each: Episodes(open_ids[each], counts[each]) for each in customers},
    )


async def episodes_before(moment: Moment, customer_id: str, kind: str, position: int) -> int:
    """Return the number of episodes of a kind that a customer had before a position."""
    statement = _EPISODES_BEFORE.format(s=moment.schema)
    (row,) = await moment.fetch(statement, customer_id, kind, position)
    return int(row["count"])


async def warned_customers(
    moment: Moment, book: WarnedBook, drift: DriftRule | None, debtors: Sequence[str]
) -> list[WarnedCustomer]:
    """Return debtors as the rules see them at the moment."""
    conn, schema = moment.conn, moment.schema
    records = [record for each in debtors for record in book.merged.records(each)]
    asked = (records, moment.position, moment.as_of)
    shown = await pictures(conn, schema, debtors, as_of=moment.as_of, position=moment.position)
    money = _money(await moment.fetch(FUNDS.format(s=schema), *asked))
    disputes: defaultdict[str, list[tuple[date, int]]] = defaultdict(list)
    for row in await conn.fetch(_DISPUTES.format(s=schema), *asked):
        disputes[row["invoice_id"]].append((row["effective_on"], row["position"]))
    broken: defaultdict[str, list[BrokenPromise]] = defaultdict(list)
    for row in await conn.fetch(_BROKEN.format(s=schema), *asked):
        promise = BrokenPromise(row["promised_on"], row["position"])
        broken[book.merged.of(row["customer_id"])].append(promise)
    usage = await _usage(moment, debtors, shown, drift)
    return [
        WarnedCustomer(
            each,
            _invoices(shown[each], moment.as_of, money, disputes),
            tuple(broken[each]),
            usage.get(each, ()),
            _shares(shown[each], book, moment.as_of),
        )
        for each in debtors
        if each in shown
    ]


async def _usage(
    moment: Moment, debtors: Sequence[str], now: Mapping[str, Picture], drift: DriftRule | None
) -> Mapping[str, tuple[int | None, ...]]:
    """Return the use of limits month by month, of those who hold one."""
    holding = [each for each in debtors if each in now and _holds(now[each])]
    if drift is None or not holding:
        return {}
    found: dict[str, list[int | None]] = {each: [] for each in holding}
    for day in months_before(moment.as_of, drift.months):
        then = now
        if day != moment.as_of:
            then = await pictures(moment.conn, moment.schema, holding, as_of=day, position=moment.position)
        for each in holding:
            found[each].append(usage_bps(then[each], day) if each in then else None)
    return {each: tuple(used) for each, used in found.items()}


def _holds(picture: Picture) -> bool:
    return picture.limit is not None and picture.limit_holder_id == picture.customer_id


def usage_bps(picture: Picture, day: date) -> int | None:
    """Return the use of limit and guarantees; ``None`` without a limit in force on the day, or without a rate."""
    limit = picture.limit
    if limit is None or limit.expired(day):
        return None
    whole = picture.whole(limit.currency, day)
    allowed = limit.amount_minor + whole.known.guaranteed_minor
    return None if whole.missing or allowed <= 0 else share_bps(max(0, whole.known.total_minor), allowed)


def _shares(picture: Picture, book: WarnedBook, day: date) -> tuple[OpenShare, ...]:
    """Return the shares of a group at its head, and of a customer that shares no limit."""
    if picture.limit_holder_id != picture.customer_id:
        return ()
    found = []
    for currency in picture.currencies:
        seen = picture.exposure(currency, day)
        own = seen.not_due_minor + seen.overdue_minor
        if own and currency in book.open_minor:
            found.append(OpenShare(currency, own, book.open_minor[currency], book.debtors[currency]))
    return tuple(found)


Money = Mapping[str, Mapping[date, int]]
"""Money of each invoice by the day on which its funds were available."""


def _money(rows: Sequence[Mapping[str, Any]]) -> Money:
    available = {row["payment_id"]: row["available_on"] for row in rows if row["available_on"] is not None}
    found: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for row in rows:
        if row["invoice_id"] and row["applied_minor"] > 0 and row["payment_id"] in available:
            found[row["invoice_id"]][available[row["payment_id"]]] += row["applied_minor"]
    return found


def _invoices(
    picture: Picture, day: date, money: Money, disputes: Mapping[str, Sequence[tuple[date, int]]]
) -> tuple[WarnedInvoice, ...]:
    found = [
        _invoice(item, day, money.get(item.invoice_id, {}), disputes.get(item.invoice_id, ()))
        for item in picture.all_items()
    ]
    return tuple(sorted(found, key=lambda each: (_place(each), each.invoice_id)))


def _place(each: WarnedInvoice) -> tuple[int, int, bool, int]:
    return each.outcome.place if each.outcome else (0, 0, False, 0)


def _invoice(
    item: ExposureItem, day: date, paid: Mapping[date, int], disputes: Sequence[tuple[date, int]]
) -> WarnedInvoice:
    first = min(paid, default=None)
    in_parts = first is not None and not item.instalments and (len(paid) > 1 or item.uncovered_minor > 0)
    return WarnedInvoice(item.invoice_id, item.due_on, outcome(item, day), first, in_parts, tuple(disputes))


async def warnings_listed(
    view: View, page: Page, *, customer_id: str | None, kind: str | None, state: str | None
) -> list[Any]:
    """Return one page of warnings with ``state_then``, their state at the dates of the view."""
    where = ViewWhere(view).equal("kind", kind).equal("state_then", state)
    where.one_of("customer_id", await records_of(view, customer_id))

    def then(step: str) -> str:
        return f"{step}_position <= {where.position} and {step}_on <= {where.as_of}"

    seen = (
        f"(select w.*, {then('acknowledged')} as seen_then,"
        f" case when {then('ended')} then 'ended' when {then('acknowledged')} then 'acknowledged'"
        f" else 'raised' end as state_then"
        f" from {view.schema}.credit_warning w where {then('raised')}) seen"
    )
    return await where.page(page, "*", seen)
