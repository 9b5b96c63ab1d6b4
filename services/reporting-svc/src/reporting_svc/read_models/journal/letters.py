"""Lettering [lettrage] of items: the lines of one invoice or one payment have one code.

The code has capitals if the lines add up to 0 by the last day of a period, small letters if the item is settled in
part. Codes are numbered in the order in which the items began. The sums of the movements are in a temporary table of
the connection, so that the memory of an export does not grow with the number of items.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from encours.projection.read_model import Conn
from reporting_svc.read_models.receivables.rows import ENTITY_ID

_PAGE = 4_000
_LETTERS = """create temp table letter as
    select key, customer, currency, first_on, last_on, minor, brought_minor, began,
           case when lines > 1 and last_on >= $3
                then row_number() over (partition by lines > 1 and last_on >= $3 order by began, key, customer)
           end as code
    from (
        select key, customer, currency, min(effective_on) as first_on, max(effective_on) as last_on,
               sum(minor)::bigint as minor, min(position) as began,
               coalesce(sum(minor) filter (where effective_on < $3), 0)::bigint as brought_minor,
               count(*) filter (where effective_on >= $3)
                 + (coalesce(sum(minor) filter (where effective_on < $3), 0) <> 0)::int as lines
        from (
            select invoice_id as key, customer_id as customer, currency, effective_on, position, item_minor as minor
            from {schema}.movement
            where entity = $1::uuid and position <= $2 and effective_on <= $4 and item_minor <> 0
            union all
            select payment_id, customer_id, currency, effective_on, position, -cash_minor
            from {schema}.movement
            where entity = $1::uuid and position <= $2 and effective_on <= $4 and cash_minor <> 0
        ) moved group by key, customer, currency
    ) items"""
_TEXT = "encode(uuid_send({}), 'hex')"


@dataclass(frozen=True, slots=True)
class Letter:
    """Code of an item, and the day of its last line."""

    code: str
    on: date


@dataclass(frozen=True, slots=True)
class BroughtItem:
    """Open amount of an item at the beginning of a period; ``digits`` are those of its id."""

    digits: str
    customer_digits: str
    is_invoice: bool
    number: str | None
    began_on: date
    currency: str
    minor: int


def letter_code(number: int, *, is_full: bool) -> str:
    """Return the code of a number from 1: A to Z, AA to ZZ, and so on; small letters if the item is not settled."""
    first, code = 65 if is_full else 97, ""
    while number:
        number, letter = divmod(number - 1, 26)
        code = chr(first + letter) + code
    return code


class Letters:
    """Lettering of an entity's items in a period, as known at a position."""

    def __init__(self, conn: Conn, schema: str) -> None:
        self._conn, self._schema = conn, schema

    async def prepare(self, entity_id: str, position: int, first_on: date, last_on: date) -> None:
        """Sum up the items; call it once for a connection, before any other method."""
        # CREATE TABLE AS takes no parameters, so the values, none of which comes from a caller, stand in the statement.
        values = (
            f"'{ENTITY_ID.pack(entity_id)}'",
            str(position),
            f"'{first_on}'::date",
            f"'{last_on}'::date",
        )
        statement = _LETTERS.format(schema=self._schema)
        for number, value in enumerate(values, 1):
            statement = statement.replace(f"${number}", value)
        await self._conn.execute(statement)
        await self._conn.execute("create index on letter (key); analyze letter")

    async def currencies(self) -> list[str]:
        """Return the currencies of the items."""
        return [row[0] for row in await self._conn.fetch("select distinct currency from letter order by 1")]

    async def of(self, digits: Iterable[str]) -> Mapping[tuple[str, str], Letter]:
        """Return the letters of items by the digits of item and customer."""
        rows = await self._conn.fetch(
            f"""select {_TEXT.format("key")}, {_TEXT.format("customer")}, code, last_on, minor = 0 from letter
                where key = any($1::uuid[]) and code is not null""",
            list(digits),
        )
        return {(row[0], row[1]): Letter(letter_code(row[2], is_full=row[4]), row[3]) for row in rows}

    async def began_on(self, digits: Iterable[str]) -> Mapping[str, date]:
        """Return the day on which each item began: of an issue or a receipt."""
        rows = await self._conn.fetch(
            f"select {_TEXT.format('key')}, min(first_on) from letter where key = any($1::uuid[]) group by key",
            list(digits),
        )
        return {row[0]: row[1] for row in rows}

    async def numbers(self, digits: Iterable[str]) -> Mapping[str, str]:
        """Return the legal numbers of invoices."""
        rows = await self._conn.fetch(
            f"""select {_TEXT.format("invoice_id")}, number from {self._schema}.item
                where invoice_id = any($1::uuid[])""",
            list(digits),
        )
        return {row[0]: row[1] for row in rows}

    async def has_receipt_vat(self, entity_id: str) -> bool:
        """Return true if the VAT of any invoice of the entity is due on receipt."""
        found: bool = await self._conn.fetchval(
            f"select exists (select from {self._schema}.item where entity = $1 and vat_on_receipt)", entity_id
        )
        return found

    async def on_receipt(self, digits: Iterable[str]) -> list[str]:
        """Return the invoices whose VAT is due on receipt, out of some."""
        rows = await self._conn.fetch(
            f"""select {_TEXT.format("invoice_id")} from {self._schema}.item
                where invoice_id = any($1::uuid[]) and vat_on_receipt""",
            list(digits),
        )
        return [f"inv_{row[0]}" for row in rows]

    async def brought_forward(self) -> AsyncIterator[list[BroughtItem]]:
        """Iterate over the items that were open when the period began, some thousands at a time."""
        after: tuple[int, str, str] = (0, "0" * 32, "0" * 32)
        while True:
            rows = await self._conn.fetch(
                f"""select l.began, {_TEXT.format("l.key")} as key, {_TEXT.format("l.customer")} as customer,
                           i.invoice_id is not null as is_invoice, i.number, l.first_on, l.currency, l.brought_minor
                    from letter l left join {self._schema}.item i on i.invoice_id = l.key
                    where l.brought_minor <> 0 and (l.began, l.key, l.customer) > ($1, $2::uuid, $3::uuid)
                    order by l.began, l.key, l.customer limit {_PAGE}""",
                *after,
            )
            if rows:
                yield [BroughtItem(*row[1:]) for row in map(tuple, rows)]
            if len(rows) < _PAGE:
                return
            after = (rows[-1]["began"], rows[-1]["key"], rows[-1]["customer"])
