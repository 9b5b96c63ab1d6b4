"""Queries of the list of invoices, at a business date and a position, and the open invoices that a payment may settle.

No event has a future date. So for today and all that is known the answer is the sums in ``invoice``; for any other
pair of dates it is the sum of ``movement``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from encours.contracts.books import CREDIT_NOTES, OWING
from encours.contracts.common import Purpose
from encours.contracts.parties import Survivors
from encours.reading.merges import merges, records_of
from encours.reading.pages import MalformedCursor
from encours.reading.where import ViewWhere
from invoice_svc.domain.invoice.status import BusinessLabel
from invoice_svc.domain.payment.indication import digits_in, keys_in, naming, number_key
from invoice_svc.read_models.customers.query import paid_by
from invoice_svc.read_models.invoices.rows import PAID
from invoice_svc.read_models.invoices.statuses import (
    BUSINESS,
    CRM,
    DATE,
    STATUS,
    CrmLabel,
    InvoiceStatus,
)
from invoice_svc.read_models.promises.query import KNOWN, KNOWN_END, PROMISED_UNTIL
from invoice_svc.read_models.search.query import Way, of_content, ways

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page

MAX_CANDIDATES = 500
MAX_SEARCHED = 5_000
"""Most open invoices of a customer that are compared with a bank text."""
_LEAST_DIGITS = 4


def _kinds(kinds: Sequence[str]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


_COLUMNS = """
    invoice_id, entity_id, customer_id, number, number_key, reference_key, due_on, issued_on, total_minor, purpose
"""
_SHOWN = "invoice_id, number, due_on, issued_on, total_minor, relevance, matched"
_PROMISED_NOW = PROMISED_UNTIL.format(schema="{schema}", invoice_id="invoice.invoice_id", known="", ended="")
_PROMISED_THEN = PROMISED_UNTIL.format(
    schema="{schema}", invoice_id="then_.invoice_id", known=KNOWN, ended=KNOWN_END
)
_NOW = f"""
    select {_COLUMNS}, payable_on, credited_minor, paid_minor, disputed_minor, planned_minor, in_hand_minor,
        outstanding_minor, approval, {_PROMISED_NOW} as promised_until,
        case when cancelled_on is not null then 'cancelled' when issued_on is null then 'draft' else 'issued' end
            as document
    from {{schema}}.invoice
"""
_THEN = f"""
    select {_COLUMNS}, payable_on, document, approval, credited_minor, paid_minor, disputed_minor, planned_minor,
        in_hand_minor, case when document = 'issued' then total_minor + moved_minor else 0 end as outstanding_minor,
        {_PROMISED_THEN} as promised_until
    from (
        select i.invoice_id, i.entity_id, i.customer_id, i.reference_key, i.total_minor, i.purpose,
            case when s.issued then i.number end as number, case when s.issued then i.number_key end as number_key,
            case when s.issued then i.due_on end as due_on,
            case when s.issued then coalesce((
                select coalesce(min(p.due_on) filter (where p.upto_minor > coalesce(m.settled_minor, 0)), max(p.due_on))
                from {{schema}}.invoice_instalment p
                where p.invoice_id = i.invoice_id and p.position = (
                    select max(l.position) from {{schema}}.invoice_instalment l
                    where l.invoice_id = i.invoice_id and l.position <= {{position}} and l.effective_on <= {{as_of}})
            ), i.due_on) end as payable_on,
            case when s.issued then i.issued_on end as issued_on,
            case when s.issued then 'issued'
                when i.cancelled_position <= {{position}} and i.cancelled_on <= {{as_of}} then 'cancelled'
                else 'draft' end as document,
            coalesce((
                select a.approval from {{schema}}.approval a
                where a.invoice_id = i.invoice_id and a.position <= {{position}} and a.effective_on <= {{as_of}}
                order by a.position desc limit 1
            ), 'none') as approval,
            coalesce(m.moved_minor, 0) as moved_minor, coalesce(m.credited_minor, 0) as credited_minor,
            coalesce(m.paid_minor, 0) as paid_minor, coalesce(m.disputed_minor, 0) as disputed_minor,
            coalesce(m.planned_minor, 0) as planned_minor, coalesce(m.in_hand_minor, 0) as in_hand_minor
        from {{schema}}.invoice i
        cross join lateral (
            select coalesce(i.issued_position <= {{position}} and i.issued_on <= {{as_of}}, false) as issued
        ) s
        left join lateral (
            select sum(item_minor)::bigint as moved_minor, sum(contested_minor)::bigint as disputed_minor,
                sum(planned_minor)::bigint as planned_minor, sum(in_hand_minor)::bigint as in_hand_minor,
                -(sum(item_minor) filter (where kind not in ({_kinds(OWING)})))::bigint as settled_minor,
                -(sum(item_minor) filter (where kind in ({_kinds(CREDIT_NOTES)})))::bigint as credited_minor,
                -(sum(item_minor) filter (where kind in ({_kinds(PAID)})))::bigint as paid_minor
            from {{schema}}.movement
            where invoice_id = i.invoice_id and position <= {{position}} and effective_on <= {{as_of}}
        ) m on true
        where i.from_position <= {{position}} and (i.drafted_on <= {{as_of}} or s.issued)
    ) then_
"""


_WITH_FIELDS = """invoice_id in (
    select f.invoice_id from {schema}.invoice_fields f
    where f.fields @> {{}}::text[] and f.position <= {position} and f.effective_on <= {as_of} and not exists (
        select from {schema}.invoice_fields later where later.invoice_id = f.invoice_id
            and later.position > f.position and later.position <= {position} and later.effective_on <= {as_of}))"""


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Restrictions of an invoice list."""

    customer_id: str | None = None
    payer_id: str | None = None
    entity_id: str | None = None
    status: InvoiceStatus | None = None
    business: BusinessLabel | None = None
    crm: CrmLabel | None = None
    due_before: date | None = None
    number: str | None = None
    q: str | None = None
    purpose: Purpose | None = None
    fields: Sequence[str] = ()
    """Values of custom fields, as ``<code>:<value>``, all of which the invoice has."""
    days: Mapping[str, date] = field(default_factory=dict)
    """The day of each entity where it is not the day of the question: its own today."""


async def invoices(view: View, page: Page, wanted: InvoiceFilter, *, now: bool) -> list[Any]:
    """Rows of a page of invoices; ``now`` if the question is for today and all that is known.

    With a text in ``wanted`` each row names the way in which it ``matched``, and has its ``relevance``.
    """
    if wanted.q is not None:
        return await _search(view, page, wanted, await ways(view, wanted.q), now=now)
    where = await _restricted(view, wanted)
    source = f"select *, 0 as relevance, null as matched from ({_listed(view, where, now=now)}) listed"
    return await where.page(page, _SHOWN, f"({source}) listed")


async def _restricted(view: View, wanted: InvoiceFilter) -> ViewWhere:
    where = ViewWhere(view).equal("entity_id", wanted.entity_id).equal("purpose", wanted.purpose)
    where.one_of("customer_id", await records_of(view, wanted.customer_id))
    if wanted.payer_id is not None:
        where.among("customer_id", await paid_by(view, wanted.payer_id))
    if wanted.number is not None:
        where.add("number_key = {} and number = {}", number_key(wanted.number), wanted.number)
    for condition in _of_status(wanted):
        where.add(condition.format(day=_day(where, wanted.days)) if DATE in condition else condition)
    if wanted.fields:
        where.add(
            _WITH_FIELDS.format(schema=view.schema, position=where.position, as_of=where.as_of),
            list(wanted.fields),
        )
    if wanted.due_before is not None:
        where.add("due_on < {}", wanted.due_before)
    return where


def _of_status(wanted: InvoiceFilter) -> list[str]:
    asked = (
        wanted.status and STATUS[wanted.status],
        wanted.business and BUSINESS[wanted.business],
        wanted.crm and CRM[wanted.crm],
    )
    return [condition for condition in asked if condition is not None]


def _day(where: ViewWhere, days: Mapping[str, date]) -> str:
    """Return the business day of an invoice as SQL: that of its entity."""
    cases = "".join(
        f" when {where.arguments.add(entity)} then {where.arguments.add(day)}::date"
        for entity, day in days.items()
    )
    return f"case entity_id{cases} else {where.as_of} end" if cases else where.as_of


def _listed(view: View, where: ViewWhere, *, now: bool) -> str:
    dates = {} if now else {"position": where.position, "as_of": where.as_of}
    return (_NOW if now else _THEN).format(schema=view.schema, **dates)


async def _search(view: View, page: Page, wanted: InvoiceFilter, found: list[Way], *, now: bool) -> list[Any]:
    """Rows of a page of a search; by relevance they are those of the first ways that fill the page."""
    if not found:
        return []
    if page.columns[0] != "relevance" or not page.descending:
        return await _by_ways(view, page, wanted, found, 0, len(found), now=now)
    reached = len(found) if page.last is None else page.last[0]
    if not isinstance(reached, int):
        raise MalformedCursor
    rows: list[Any] = []
    for at in range(len(found)):
        if len(found) - at <= reached:
            rest = replace(page, limit=page.limit - len(rows))
            rows += await _by_ways(view, rest, wanted, found, at, at + 1, now=now)
        if len(rows) > page.limit:
            break
    return rows


async def _by_ways(
    view: View, page: Page, wanted: InvoiceFilter, found: list[Way], first: int, end: int, *, now: bool
) -> list[Any]:
    """Rows of a page of what matches one of the ways from ``first`` up to ``end`` and none before.

    The relevance of the last way is 1.
    """
    where = await _restricted(view, wanted)
    better = [f"not {way.sql(where.arguments)}" for way in found[:first]]
    fits = [way.sql(where.arguments) for way in found[first:end]]
    relevance = _first_of(fits, [str(len(found) - at) for at in range(first, end)])
    matched = _first_of(fits, [f"'{way.matched}'" for way in found[first:end]])
    only = " and ".join([of_content(view, where, now=now), f"({' or '.join(fits)})", *better])
    source = f"""select listed.*, {relevance} as relevance, {matched} as matched
        from ({_listed(view, where, now=now)}) listed
            join {view.schema}.invoice_words content on content.invoice_id = listed.invoice_id
        where {only}"""
    return await where.page(page, _SHOWN, f"({source}) listed")


def _first_of(conditions: Sequence[str], values: Sequence[str]) -> str:
    """Return the value beside the first condition that is met, as SQL."""
    if len(values) == 1:
        return values[0]  # a constant, by which nothing has to be sorted
    return "case " + " ".join(map("when {} then {}".format, conditions, values)) + " end"


async def candidates(
    conn: Conn, schema: str, *, entity_id: str, customer_id: str | None, currency: str, text: str | None
) -> list[str]:
    """Ids of invoices that a payment may settle: open ones that the text may name, then the oldest due.

    At most 500 of each. Without a known customer only those whose number, or all digits of it, stand in the text. Of
    those that are written off or closed by a tolerance, the ones with their number in the text come last.
    """
    of_payer = "entity_id = $1 and currency = $2"
    own = None if customer_id is None else await _own_records(conn, schema, customer_id)
    digits = [found for found in digits_in(text) if len(found) >= _LEAST_DIGITS]
    in_text = "(number_key = any($3::text[]) or digits_key = any($4::text[]))"
    named_by: list[Any] = [entity_id, currency, keys_in(text), digits]
    if customer_id is None:
        where, arguments = f"{of_payer} and {in_text}", named_by
        limit = MAX_CANDIDATES
    else:
        # Customers for whom it has ever paid: the use case asks each for its payer of the day.
        paid_for = f"select customer_id from {schema}.roles where payer_id = any($3::text[])"
        where = f"{of_payer} and (customer_id = any($3::text[]) or customer_id in ({paid_for}))"
        arguments = [entity_id, currency, own]
        limit = MAX_SEARCHED if text else MAX_CANDIDATES
    rows = await conn.fetch(
        f"select invoice_id, number from {schema}.invoice where {where} and outstanding_minor > 0 "
        f"order by due_on, issued_on, number limit {limit}",
        *arguments,
    )
    found = [row["invoice_id"] for row in rows[:MAX_CANDIDATES]]
    if not text:
        return found
    if customer_id is not None:
        may_name = naming(text)
        named = [row["invoice_id"] for row in rows if may_name(row["number"])]
        found = list(dict.fromkeys([*named[:MAX_CANDIDATES], *found]))
    lost = await conn.fetch(
        f"select invoice_id from {schema}.invoice where {of_payer} and {in_text} and issued_on is not null "
        f"and outstanding_minor = 0 and credited_minor + paid_minor - residual_minor < total_minor "
        f"and ($5::text[] is null or customer_id = any($5)) "
        f"order by due_on, issued_on, number limit {MAX_CANDIDATES}",
        *named_by,
        own,
    )
    return found + [row["invoice_id"] for row in lost]


async def _own_records(conn: Conn, schema: str, customer_id: str) -> list[str]:
    """Return all records of the debtor that the customer is by now."""
    return Survivors(await merges(conn, schema), date.max).records(customer_id)


async def open_invoices(conn: Conn, schema: str, customer_id: str) -> list[Any]:
    """Rows (id, number, due date, outstanding) of the customer's open invoices."""
    return await conn.fetch(
        f"""select invoice_id, number, due_on, outstanding_minor from {schema}.invoice
            where customer_id = any($1::text[]) and outstanding_minor > 0""",
        await _own_records(conn, schema, customer_id),
    )


async def by_number(conn: Conn, schema: str, entity_id: str, numbers: Sequence[str]) -> dict[str, str]:
    """Issued invoices of the entity by their number; of several with one number the oldest."""
    rows = await conn.fetch(
        f"""select number, invoice_id from {schema}.invoice
            where entity_id = $1 and number = any($2::text[]) and issued_on is not null
            order by from_position desc""",
        entity_id,
        list(numbers),
    )
    return {row["number"]: row["invoice_id"] for row in rows}
