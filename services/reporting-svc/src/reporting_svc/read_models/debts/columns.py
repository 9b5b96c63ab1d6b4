"""Columns of the states of debts: a row holds thousands of them, each column as the bytes of its values one by one.

A million states as rows take a second to read, as columns a tenth of it. Subtotals are added up from the rows, which no
question reads. Debts that are open, or of which something was conceded or given up, come in rows of columns of their
own, the others in the order of their days, so that a question reads those of its period.

Accounts have numbers in place of 40 bytes in each state; a number is never given twice.
"""

from __future__ import annotations

from datetime import date
from hashlib import md5

from reporting_svc.read_models.debts.states import DEBT_AMOUNTS

DEBTS_PER_ROW = 20_000
ACCOUNT_TABLE = "subtotal_account"
UNSETTLED = "settled_on is null or coalesce(uncovered_minor, conceded_minor, given_up_minor) is not null"
"""SQL: not of the debts that were settled, which count no longer once they are old."""
FUND_BYTES = 12
PACKED_FROM = date(2000, 1, 1).toordinal()
"""Day from which PostgreSQL counts; an ordinal."""
NO_DAY = -(2**31)
"""No day: ``-infinity`` as PostgreSQL sends it."""
AMOUNTS = (*DEBT_AMOUNTS, "times")
_OF_FUNDS = (
    "case when settled_on is not null then date_send(settled_on) || int8send(owed_minor) else ''::bytea end"
)
_FUNDS = f"coalesce(funds, {_OF_FUNDS})"
_VALUES = {
    "account": "int4send(number)",
    "issued_on": "date_send(issued_on)",
    "due_on": "date_send(due_on)",
    "settled_on": "date_send(coalesce(settled_on, '-infinity'))",
    "is_penalty": "boolsend(is_penalty)",
    **{name: f"int8send(coalesce({name}, 0))" for name in AMOUNTS},
    "payments": f"int4send(length({_FUNDS}) / {FUND_BYTES})",
    "funds_key": f"int8send(('x' || left(md5({_FUNDS}), 16))::bit(64)::bigint)",
    "funds": _FUNDS,
    "invoice_id": "uuid_send(invoice_id)",
}
_USUAL = dict.fromkeys(DEBT_AMOUNTS[1:], "0") | {"is_penalty": "false", "times": "1"}
"""Values of nearly all debts: a column of nothing else is null."""


def funds_key(funds: bytes) -> int:
    """Return a number that is equal where funds are: the first 8 bytes of their MD5."""
    return int.from_bytes(md5(funds, usedforsecurity=False).digest()[:8], "big", signed=True)


def made_sql(schema: str, subtotal: str) -> str:
    """SQL, statements: make the tables that questions read of the states in ``…_debt``: their columns in ``…_column``,
    and what makes funds spare in ``…_spare``.
    """
    states, columns = f"{subtotal}_debt", f"{subtotal}_column"
    account = f"{schema}.{ACCOUNT_TABLE}"
    table = ", ".join(f"{name} bytea" for name in _VALUES)
    plain = "; ".join(f"alter table {columns} alter {name} set storage external" for name in _VALUES)
    packed = ", ".join(_packed(name, value) for name, value in _VALUES.items())
    return f"""
        {numbered_sql(schema, f"select * from {states} where spare_id is null")};
        create table {columns} (is_unsettled boolean not null, last_due_on date not null, last_issued_on date not null,
          last_settled_on date, debts int not null, {table});
        {plain};
        insert into {columns}
          select is_unsettled, max(due_on), max(issued_on), max(settled_on), count(*), {packed}
          from (
            select s.*, number, {UNSETTLED} as is_unsettled,
                   row_number() over (partition by {UNSETTLED} order by greatest(due_on, issued_on)) as place
            from {states} s join {account} using (entity, customer_id, currency) where spare_id is null
          ) placed group by is_unsettled, (place - 1) / {DEBTS_PER_ROW};
        create table {subtotal}_spare as
          select entity, customer_id, currency, spare_id, times from {states} where spare_id is not null;
        analyze {subtotal}_spare
    """


def numbered_sql(schema: str, source: str) -> str:
    """SQL, statements: give numbers to the accounts of rows that have none yet."""
    account = f"{schema}.{ACCOUNT_TABLE}"
    return f"""
        create table if not exists {account} (number int generated always as identity primary key,
          entity uuid not null, customer_id uuid not null, currency text not null,
          unique (entity, customer_id, currency));
        insert into {account} (entity, customer_id, currency)
          select distinct entity, customer_id, currency from ({source}) source
          except select entity, customer_id, currency from {account};
        analyze {account}
    """


def _packed(name: str, value: str) -> str:
    packed = f"string_agg({value}, ''::bytea order by place)"
    usual = _USUAL.get(name)
    return (
        packed
        if usual is None
        else f"case when bool_or(coalesce({name}, {usual}) <> {usual}) then {packed} end"
    )
