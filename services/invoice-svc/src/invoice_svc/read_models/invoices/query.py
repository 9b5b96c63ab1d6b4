"""Queries of the list of invoices, at a business date and a position, and the open invoices that a payment may settle.

No event has a future date. So for today and all that is known the answer is the sums in ``invoice``; for any other
pair of dates it is the sum of ``movement``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from encours.contracts.books import CREDITED
from encours.reading.where import ViewWhere
from invoice_svc.domain.payment.indication import digits_in, keys_in, naming, number_key
from invoice_svc.read_models.customers.query import paid_by
from invoice_svc.read_models.invoices.rows import PAID

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.reading.moment import View
    from encours.reading.pages import Page

InvoiceStatus = Literal[
    "draft", "cancelled", "issued", "credited_in_part", "credited", "open", "part_paid", "paid", "written_off",
    "not_due", "due", "overdue", "disputed",
]  # fmt: skip

MAX_CANDIDATES = 500
MAX_SEARCHED = 5_000
"""Most open invoices of a customer that are compared with a bank text."""
_LEAST_DIGITS = 4

_OWED = "outstanding_minor > 0 and disputed_minor < outstanding_minor"
_STATUS: dict[InvoiceStatus, str] = {
    "draft": "document = 'draft'",
    "cancelled": "document = 'cancelled'",
    "issued": "document = 'issued' and credited_minor = 0",
    "credited_in_part": "document = 'issued' and credited_minor > 0 and credited_minor < total_minor",
    "credited": "document = 'issued' and credited_minor > 0 and credited_minor >= total_minor",
    "open": "outstanding_minor > 0 and paid_minor = 0",
    "part_paid": "outstanding_minor > 0 and paid_minor > 0",
    "paid": "document = 'issued' and outstanding_minor <= 0 and credited_minor + paid_minor >= total_minor",
    "written_off": "document = 'issued' and outstanding_minor <= 0 and credited_minor + paid_minor < total_minor",
    "not_due": f"{_OWED} and due_on > {{}}",
    "due": f"{_OWED} and due_on = {{}}",
    "overdue": f"{_OWED} and due_on < {{}}",
    "disputed": "outstanding_minor > 0 and disputed_minor >= outstanding_minor",
}
_DATED: frozenset[InvoiceStatus] = frozenset({"not_due", "due", "overdue"})
"""Statuses that depend on the business date of the question."""


def _kinds(kinds: Sequence[str]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


_COLUMNS = (
    "invoice_id, entity_id, customer_id, number, number_key, reference_key, due_on, issued_on, total_minor"
)
_NOW = f"""
    select {_COLUMNS}, credited_minor, paid_minor, disputed_minor, outstanding_minor,
        case when cancelled_on is not null then 'cancelled' when issued_on is null then 'draft' else 'issued' end
            as document
    from {{schema}}.invoice
"""
_THEN = f"""
    select {_COLUMNS}, document, credited_minor, paid_minor, disputed_minor,
        case when document = 'issued' then total_minor + moved_minor else 0 end as outstanding_minor
    from (
        select i.invoice_id, i.entity_id, i.customer_id, i.reference_key, i.total_minor,
            case when s.issued then i.number end as number, case when s.issued then i.number_key end as number_key,
            case when s.issued then i.due_on end as due_on, case when s.issued then i.issued_on end as issued_on,
            case when s.issued then 'issued'
                when i.cancelled_position <= {{position}} and i.cancelled_on <= {{as_of}} then 'cancelled'
                else 'draft' end as document,
            coalesce(m.moved_minor, 0) as moved_minor, coalesce(m.credited_minor, 0) as credited_minor,
            coalesce(m.paid_minor, 0) as paid_minor, coalesce(m.disputed_minor, 0) as disputed_minor
        from {{schema}}.invoice i
        cross join lateral (
            select coalesce(i.issued_position <= {{position}} and i.issued_on <= {{as_of}}, false) as issued
        ) s
        left join lateral (
            select sum(item_minor)::bigint as moved_minor, sum(contested_minor)::bigint as disputed_minor,
                -(sum(item_minor) filter (where kind in ({_kinds(CREDITED)})))::bigint as credited_minor,
                -(sum(item_minor) filter (where kind in ({_kinds(PAID)})))::bigint as paid_minor
            from {{schema}}.movement
            where invoice_id = i.invoice_id and position <= {{position}} and effective_on <= {{as_of}}
        ) m on true
        where i.from_position <= {{position}} and (i.drafted_on <= {{as_of}} or s.issued)
    ) then_
"""


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Restrictions of an invoice list."""

    customer_id: str | None = None
    payer_id: str | None = None
    entity_id: str | None = None
    status: InvoiceStatus | None = None
    due_before: date | None = None
    number: str | None = None
    q: str | None = None


async def invoices(view: View, page: Page, wanted: InvoiceFilter, *, now: bool) -> list[Any]:
    """Rows of a page of invoices; ``now`` if the question is for today and all that is known."""
    where = ViewWhere(view).equal("entity_id", wanted.entity_id).equal("customer_id", wanted.customer_id)
    if wanted.payer_id is not None:
        where.among("customer_id", await paid_by(view, wanted.payer_id))
    if wanted.number is not None:
        where.add("number_key = {} and number = {}", number_key(wanted.number), wanted.number)
    if wanted.status is not None:
        where.add(_STATUS[wanted.status].format(where.as_of if wanted.status in _DATED else ""))
    if wanted.due_before is not None:
        where.add("due_on < {}", wanted.due_before)
    if wanted.q is not None:
        where.add(_search(view, where, wanted.q))
    dates = {} if now else {"position": where.position, "as_of": where.as_of}
    source = (_NOW if now else _THEN).format(schema=view.schema, **dates)
    return await where.page(page, "invoice_id, number, due_on, issued_on, total_minor", f"({source}) listed")


def _search(view: View, where: ViewWhere, text: str) -> str:
    """Return the condition for a beginning of the number, of the reference, or of the customer's name."""
    named = where.beginning("name_key", text.lower())
    found = [
        f"customer_id in (select customer_id from {view.schema}.customer where {named})",
        where.beginning("reference_key", text.lower()),
    ]
    if key := number_key(text):
        found.append(where.beginning("number_key", key))
    return " or ".join(f"({condition})" for condition in found)


async def candidates(
    conn: Conn, schema: str, *, entity_id: str, customer_id: str | None, currency: str, text: str | None
) -> list[str]:
    """Ids of invoices that a payment may settle: open ones that the text may name, then the oldest due.

    At most 500 of each. Without a known customer only those whose number, or all digits of it, stand in the text. Of
    those that are written off, the ones with their number in the text come last.
    """
    of_payer = "entity_id = $1 and currency = $2"
    digits = [found for found in digits_in(text) if len(found) >= _LEAST_DIGITS]
    in_text = "(number_key = any($3::text[]) or digits_key = any($4::text[]))"
    named_by: list[Any] = [entity_id, currency, keys_in(text), digits]
    if customer_id is None:
        where, arguments = f"{of_payer} and {in_text}", named_by
        limit = MAX_CANDIDATES
    else:
        # Customers for whom it has ever paid: the use case asks each for its payer of the day.
        paid_for = f"select customer_id from {schema}.roles where payer_id = $3"
        where = f"{of_payer} and (customer_id = $3 or customer_id in ({paid_for}))"
        arguments = [entity_id, currency, customer_id]
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
        f"and outstanding_minor = 0 and credited_minor + paid_minor < total_minor "
        f"and ($5::text is null or customer_id = $5) order by due_on, issued_on, number limit {MAX_CANDIDATES}",
        *named_by,
        customer_id,
    )
    return found + [row["invoice_id"] for row in lost]


async def open_invoices(conn: Conn, schema: str, customer_id: str) -> list[Any]:
    """Rows (id, number, due date, outstanding) of the customer's open invoices."""
    return await conn.fetch(
        f"""select invoice_id, number, due_on, outstanding_minor from {schema}.invoice
            where customer_id = $1 and outstanding_minor > 0""",
        customer_id,
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
