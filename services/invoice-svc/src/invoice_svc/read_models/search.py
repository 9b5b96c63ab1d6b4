"""Which things a list shows, at a business date and a position, and which open invoices a payment may settle.

Nothing is dated in the future, so for today and all that is known the sums kept in ``invoice`` are the answer; for
any other pair of dates they are added up from ``movement``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from invoice_svc.domain.payment.indication import keys_in, number_key

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page

InvoiceStatus = Literal[
    "draft", "cancelled", "issued", "credited_in_part", "credited", "open", "part_paid", "paid", "not_due", "due",
    "overdue", "disputed",
]  # fmt: skip

MAX_CANDIDATES = 500

_OWED = "outstanding_minor > 0 and disputed_minor < outstanding_minor"
_STATUS: dict[InvoiceStatus, str] = {
    "draft": "document = 'draft'",
    "cancelled": "document = 'cancelled'",
    "issued": "document = 'issued' and credited_minor = 0",
    "credited_in_part": "document = 'issued' and credited_minor > 0 and credited_minor < total_minor",
    "credited": "document = 'issued' and credited_minor >= total_minor",
    "open": "outstanding_minor > 0 and paid_minor = 0",
    "part_paid": "outstanding_minor > 0 and paid_minor > 0",
    "paid": "document = 'issued' and outstanding_minor <= 0",
    "not_due": f"{_OWED} and due_on > $2",
    "due": f"{_OWED} and due_on = $2",
    "overdue": f"{_OWED} and due_on < $2",
    "disputed": "outstanding_minor > 0 and disputed_minor >= outstanding_minor",
}

_COLUMNS = (
    "invoice_id, entity_id, customer_id, number, number_key, reference_key, due_on, issued_on, total_minor"
)
_NOW = f"""
    select {_COLUMNS}, credited_minor, paid_minor, disputed_minor, outstanding_minor,
        case when cancelled_on is not null then 'cancelled' when issued_on is null then 'draft' else 'issued' end
            as document
    from {{schema}}.invoice where $1::bigint >= 0 and $2::date is not null
"""
_THEN = f"""
    select {_COLUMNS}, document, credited_minor, paid_minor, disputed_minor,
        case when document = 'issued' then total_minor - credited_minor - paid_minor else 0 end as outstanding_minor
    from (
        select i.invoice_id, i.entity_id, i.customer_id, i.reference_key, i.total_minor,
            case when s.issued then i.number end as number, case when s.issued then i.number_key end as number_key,
            case when s.issued then i.due_on end as due_on, case when s.issued then i.issued_on end as issued_on,
            case when s.issued then 'issued'
                when i.cancelled_position <= $1 and i.cancelled_on <= $2 then 'cancelled' else 'draft' end as document,
            coalesce(m.credited_minor, 0) as credited_minor, coalesce(m.paid_minor, 0) as paid_minor,
            coalesce(m.disputed_minor, 0) as disputed_minor
        from {{schema}}.invoice i
        cross join lateral (select coalesce(i.issued_position <= $1 and i.issued_on <= $2, false) as issued) s
        left join lateral (
            select sum(credited_minor)::bigint as credited_minor, sum(paid_minor)::bigint as paid_minor,
                sum(disputed_minor)::bigint as disputed_minor
            from {{schema}}.movement where invoice_id = i.invoice_id and position <= $1 and effective_on <= $2
        ) m on true
        where i.from_position <= $1 and (i.drafted_on <= $2 or s.issued)
    ) then_
"""


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """What an invoice list is restricted to."""

    customer_id: str | None = None
    entity_id: str | None = None
    status: InvoiceStatus | None = None
    due_before: date | None = None
    number: str | None = None
    q: str | None = None


class _Where:
    """Conditions and their arguments, numbered as they come."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments: list[Any] = list(arguments)
        self.conditions: list[str] = []

    def add(self, condition: str, *values: Any) -> None:
        """``{}`` in the condition stands for each value in turn."""
        marks = []
        for value in values:
            self.arguments.append(value)
            marks.append(f"${len(self.arguments)}")
        self.conditions.append(condition.format(*marks))

    def among(self, column: str, values: Sequence[str] | None) -> None:
        """Restricted to these; ``None`` is no restriction."""
        if values is not None:
            self.add(f"{column} = any({{}}::text[])", list(values))

    def equal(self, column: str, value: Any) -> None:
        """Restricted to one value; ``None`` is no restriction."""
        if value is not None:
            self.add(f"{column} = {{}}", value)

    def begins(self, column: str, text: str) -> str:
        """A condition that an index on the column answers: text compares by bytes."""
        self.arguments += [text, text + "\U0010ffff"]
        return f"{column} >= ${len(self.arguments) - 1} and {column} < ${len(self.arguments)}"

    def page(self, page: Page, columns: str, source: str) -> str:
        """The statement for one page."""
        after, values = page.after(len(self.arguments) + 1)
        self.arguments += values
        where = " and ".join([*self.conditions, after])
        return f"select {columns} from {source} where {where} {page.order_by()} limit {page.fetch}"


async def invoices(
    view: View, page: Page, wanted: InvoiceFilter, entities: Sequence[str] | None, *, now: bool
) -> list[Any]:
    """Rows of a page of invoices; ``now`` if the question is for today and all that is known."""
    where = _Where(view.time.position, view.time.as_of)
    where.among("entity_id", entities)
    where.equal("entity_id", wanted.entity_id)
    where.equal("customer_id", wanted.customer_id)
    if wanted.number is not None:
        where.add("number_key = {} and number = {}", number_key(wanted.number), wanted.number)
    if wanted.status is not None:
        where.add(_STATUS[wanted.status])
    if wanted.due_before is not None:
        where.add("due_on < {}", wanted.due_before)
    if wanted.q is not None:
        where.add(_search(view, where, wanted.q))
    source = (_NOW if now else _THEN).format(schema=view.schema)
    statement = where.page(page, "invoice_id, number, due_on, issued_on, total_minor", f"({source}) listed")
    return await view.conn.fetch(statement, *where.arguments)


def _search(view: View, where: _Where, text: str) -> str:
    """By the beginning of the number, of the reference, or of the customer's name."""
    named = where.begins("name_key", text.lower())
    found = [
        f"customer_id in (select customer_id from {view.schema}.customer where {named})",
        where.begins("reference_key", text.lower()),
    ]
    if key := number_key(text):
        found.append(where.begins("number_key", key))
    return "(" + " or ".join(f"({condition})" for condition in found) + ")"


async def customers(
    view: View,
    page: Page,
    *,
    entity_id: str | None,
    external_ref: str | None,
    q: str | None,
    entities: Sequence[str] | None,
) -> list[Any]:
    """Rows of a page of customers."""
    where = _Where(view.time.position)
    where.add("from_position <= $1")
    where.among("entity_id", entities)
    where.equal("entity_id", entity_id)
    where.equal("external_ref", external_ref)
    if q is not None:
        where.conditions.append(where.begins("name_key", q.lower()))
    return await view.conn.fetch(where.page(page, "customer_id", f"{view.schema}.customer"), *where.arguments)


async def entities(view: View, page: Page, granted: Sequence[str] | None) -> list[Any]:
    """Rows of a page of entities."""
    where = _Where(view.time.position)
    where.add("from_position <= $1")
    where.among("entity_id", granted)
    return await view.conn.fetch(where.page(page, "entity_id", f"{view.schema}.entity"), *where.arguments)


async def payments(
    view: View, page: Page, *, entity_id: str | None, customer_id: str | None, entities: Sequence[str] | None
) -> list[Any]:
    """Rows of a page of payments. A payment belongs to a customer once that is known."""
    where = _Where(view.time.position, view.time.as_of)
    where.add("from_position <= $1 and received_on <= $2")
    where.among("entity_id", entities)
    where.equal("entity_id", entity_id)
    if customer_id is not None:
        where.add("customer_id = {} and coalesce(identified_position, 0) <= $1", customer_id)
    return await view.conn.fetch(
        where.page(page, "payment_id, received_on", f"{view.schema}.payment"), *where.arguments
    )


async def disputes(
    view: View,
    page: Page,
    *,
    customer_id: str | None,
    invoice_id: str | None,
    status: Literal["open", "resolved"] | None,
    entities: Sequence[str] | None,
) -> list[Any]:
    """Rows of a page of disputes, open or resolved as of the question's dates."""
    where = _Where(view.time.position, view.time.as_of)
    where.add("from_position <= $1 and opened_on <= $2")
    where.among("entity_id", entities)
    where.equal("customer_id", customer_id)
    where.equal("invoice_id", invoice_id)
    resolved = "coalesce(resolved_position <= $1 and resolved_on <= $2, false)"
    if status is not None:
        where.add(resolved if status == "resolved" else f"not {resolved}")
    return await view.conn.fetch(
        where.page(page, "dispute_id, opened_on", f"{view.schema}.dispute"), *where.arguments
    )


async def candidates(
    conn: Any, schema: str, *, entity_id: str, customer_id: str | None, currency: str, text: str | None
) -> list[str]:
    """Ids of open invoices that a payment may settle: those that the text names, in its order, then the oldest due.

    At most 500 of each. Without a known customer only what the text names.
    """
    where = "entity_id = $1 and currency = $2 and outstanding_minor > 0"
    arguments: list[Any] = [entity_id, currency]
    if customer_id is not None:
        where += " and customer_id = $3"
        arguments.append(customer_id)
    select = f"select invoice_id from {schema}.invoice where {where}"
    keys = f"${len(arguments) + 1}::text[]"
    named = await conn.fetch(
        f"{select} and number_key = any({keys}) order by array_position({keys}, number_key) limit {MAX_CANDIDATES}",
        *arguments, keys_in(text),
    )  # fmt: skip
    found = dict.fromkeys(row["invoice_id"] for row in named)
    if customer_id is not None:
        oldest = await conn.fetch(
            f"{select} order by due_on, issued_on, number limit {MAX_CANDIDATES}", *arguments
        )
        found |= dict.fromkeys(row["invoice_id"] for row in oldest)
    return list(found)


@dataclass(frozen=True, slots=True)
class Completeness:
    """What the numbers of a series in a year amount to."""

    count: int
    first: str | None
    last: str | None
    last_running: int
    missing: tuple[int, ...]
    missing_count: int
    out_of_date_order: tuple[str, ...]


MAX_LISTED = 100


async def completeness(view: View, *, entity_id: str, series: str, year: int) -> Completeness:
    """Whether the numbers run from 1 without a hole and in date order, with up to 100 faults of a kind."""
    where = "entity_id = $1 and series = $2 and year = $3 and position <= $4"
    arguments = (entity_id, series, year, view.time.position)
    numbered = f"{view.schema}.numbered"
    (sums,) = await view.conn.fetch(
        f"select count(*) as count, coalesce(max(running), 0) as last_running from {numbered} where {where}",
        *arguments,
    )
    ends = await view.conn.fetch(
        f"(select number from {numbered} where {where} order by running limit 1) union all "
        f"(select number from {numbered} where {where} order by running desc limit 1)", *arguments,
    )  # fmt: skip
    missing = await view.conn.fetch(
        f"select n from generate_series(1, $5::bigint) n where not exists "
        f"(select from {numbered} where {where} and running = n) order by n limit {MAX_LISTED}",
        *arguments, sums["last_running"],
    )  # fmt: skip
    disorder = await view.conn.fetch(
        f"select number from (select number, running, issued_on, lag(issued_on) over (order by running) as before "
        f"from {numbered} where {where}) n where before > issued_on order by running limit {MAX_LISTED}", *arguments,
    )  # fmt: skip
    return Completeness(
        count=sums["count"],
        first=ends[0]["number"] if ends else None,
        last=ends[-1]["number"] if ends else None,
        last_running=sums["last_running"],
        missing=tuple(row["n"] for row in missing),
        missing_count=sums["last_running"] - sums["count"],
        out_of_date_order=tuple(row["number"] for row in disorder),
    )
