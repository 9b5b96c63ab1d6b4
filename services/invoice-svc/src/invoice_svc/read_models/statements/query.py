"""Queries of the statement of account: what customers owe on two days, the entries between them, the open items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from encours.contracts.books import contested_of, in_hand_of
from encours.reading.where import ViewWhere

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page

ENTRY_KEY = "entry_key"
_ENTRY_COLUMNS = (
    "entry_key, customer_id, effective_on, position, currency, kind, document, number, invoice_id, payment_id, due_on, "
    "amount_minor, balance_minor"
)
# The order of the books: of one day, the entry that was recorded first comes first.
_ENTRIES = """(
    select s.*, i.number, case when s.kind like 'issued%' then i.due_on end as due_on
    from (
        select *,
            to_char(effective_on, 'YYYYMMDD') || to_char(position, 'FM0000000000000000000') || customer_id
                || to_char(entry, 'FM0000000') as entry_key,
            sum(amount_minor) over (
                partition by currency order by effective_on, position, customer_id, entry
            )::bigint as balance_minor
        from {schema}.statement_entry where {where}
    ) s left join {schema}.invoice i on i.invoice_id = s.invoice_id
) entries"""
_SUMS = """
    select currency,
        coalesce(sum(amount_minor) filter (where effective_on < {first}), 0)::bigint as opening_minor,
        coalesce(sum(amount_minor) filter (where effective_on >= {first} and amount_minor > 0), 0)::bigint
            as debit_minor,
        coalesce(-sum(amount_minor) filter (where effective_on >= {first} and amount_minor < 0), 0)::bigint
            as credit_minor,
        sum(amount_minor)::bigint as closing_minor
    from {schema}.statement_entry where {where} group by currency
"""
_OPEN = """
    select * from (
        select i.invoice_id, i.customer_id, i.number, i.issued_on, i.due_on, i.currency, i.total_minor,
            case when i.issued_position <= {position} and i.issued_on <= {as_of} then i.total_minor else 0 end
                + coalesce(sum(m.item_minor), 0)::bigint as open_minor,
            coalesce(sum(m.contested_minor), 0)::bigint as contested_minor,
            coalesce(sum(m.in_hand_minor), 0)::bigint as in_hand_minor
        from {schema}.invoice i left join {schema}.movement m
            on m.invoice_id = i.invoice_id and m.position <= {position} and m.effective_on <= {as_of}
        where {where} group by i.invoice_id
    ) then_ where open_minor <> 0 order by due_on, invoice_id
"""


@dataclass(frozen=True, slots=True)
class AccountSums:
    """Account of the customers in one currency, in minor units; what they owe is positive.

    ``opening_minor`` plus ``debit_minor`` less ``credit_minor`` is ``closing_minor``. ``unapplied_minor`` is the cash
    that no invoice has taken on the last day.
    """

    currency: str
    opening_minor: int
    debit_minor: int
    credit_minor: int
    closing_minor: int
    unapplied_minor: int


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Invoice with an open amount on the last day; ``disputed_minor`` of it is contested.

    For ``in_hand_minor`` of the rest cheques, bills and notes are in hand.
    """

    invoice_id: str
    customer_id: str
    number: str
    issued_on: date
    due_on: date
    currency: str
    total_minor: int
    open_minor: int
    disputed_minor: int
    in_hand_minor: int = 0


async def accounts(view: View, customers: Sequence[str], first: date) -> list[AccountSums]:
    """Return the customers' accounts by currency: before ``first``, at the view's date, and what changed between."""
    where = _of(view, customers)
    day = f"{where.arguments.add(first)}::date"
    sums = await view.conn.fetch(
        _SUMS.format(schema=view.schema, where=where.sql, first=day), *where.arguments
    )
    where = _of(view, customers, entity=None)
    cash = await view.conn.fetch(
        f"""select currency, sum(cash_minor)::bigint as cash_minor from {view.schema}.cash
            where {where.sql} group by currency""",
        *where.arguments,
    )
    unapplied = {row["currency"]: row["cash_minor"] for row in cash}
    found = [AccountSums(**row, unapplied_minor=unapplied.get(row["currency"], 0)) for row in sums]
    return sorted(found, key=lambda account: account.currency)


async def entries(view: View, page: Page, customers: Sequence[str], first: date) -> list[Any]:
    """Rows of a page of entries from ``first`` to the view's date, each with the balance after it."""
    inner = _of(view, customers)
    source = _ENTRIES.format(schema=view.schema, where=inner.sql)
    where = ViewWhere(view, entity=None, arguments=inner.arguments).add("effective_on >= {}", first)
    return await where.page(page, _ENTRY_COLUMNS, source)


async def entries_sha256(view: View, customers: Sequence[str], first: date) -> str:
    """Return the SHA-256 of the entries from ``first`` to the view's date, in the order of the books."""
    where = _of(view, customers).add("effective_on >= {}", first)
    found: str = await view.conn.fetchval(
        f"""select encode(sha256(convert_to(coalesce(string_agg(
                concat_ws('|', effective_on, position, customer_id, entry, currency, kind, document, amount_minor),
                chr(10) order by effective_on, position, customer_id, entry), ''), 'UTF8')), 'hex')
            from {view.schema}.statement_entry where {where.sql}""",
        *where.arguments,
    )
    return found


async def open_items(view: View, customers: Sequence[str]) -> list[OpenItem]:
    """Return the customers' open items at the view's dates, the first due first."""
    where = ViewWhere(view, entity="i.entity_id").among("i.customer_id", customers)
    where.add("i.issued_on is not null")
    rows = await view.conn.fetch(
        _OPEN.format(schema=view.schema, where=where.sql, position=where.position, as_of=where.as_of),
        *where.arguments,
    )
    return [_open_item(row) for row in rows]


def _open_item(row: Any) -> OpenItem:
    disputed_minor = contested_of(row["open_minor"], row["contested_minor"])
    return OpenItem(
        invoice_id=row["invoice_id"],
        customer_id=row["customer_id"],
        number=row["number"],
        issued_on=row["issued_on"],
        due_on=row["due_on"],
        currency=row["currency"],
        total_minor=row["total_minor"],
        open_minor=row["open_minor"],
        disputed_minor=disputed_minor,
        in_hand_minor=in_hand_of(row["open_minor"] - disputed_minor, row["in_hand_minor"]),
    )


async def seen(view: View, customers: Sequence[str]) -> list[str]:
    """Return those of the customers that the caller may see."""
    where = ViewWhere(view).among("customer_id", customers)
    rows = await view.conn.fetch(
        f"select customer_id from {view.schema}.customer where {where.sql} order by customer_id",
        *where.arguments,
    )
    return [row["customer_id"] for row in rows]


def _of(view: View, customers: Sequence[str], *, entity: str | None = "entity_id") -> ViewWhere:
    where = ViewWhere(view, entity=entity).among("customer_id", customers)
    return where.add(f"position <= {where.position} and effective_on <= {where.as_of}")
