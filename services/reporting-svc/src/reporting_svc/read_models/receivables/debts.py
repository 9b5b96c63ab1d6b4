"""State of each debt by its own movements, which subtotals keep so that payments need not be read again.

While a debtor has no spare funds (unapplied cash, or more paid on an invoice than was owed), a payment covers the
invoice to which it is applied and no other (:mod:`encours.contracts.settlement`). So sums of the invoice's movements
give what is covered of it, and from which day on. Debts of an account with spare funds are settled together, and an
invoice in instalments by itself; neither has a state.

The payments of a debt are in its state too: packed in ``funds``, 12 bytes each, or none where the only one is that of
the day of settlement. Forecasts and reminders need them.

A row counts the debts of an account that are alike (``times``). A row with a ``spare_id`` tells that the account has
spare funds: ``times`` minor units of unapplied cash of a payment, or an invoice whose movements alone do not settle it.
A change is the old state with ``times`` below zero and the new one, so that the rows of a chain add up.
"""

from __future__ import annotations

from encours.contracts.books import OWING
from reporting_svc.domain.measures.delays import AT_RISK_DAYS

_ACCOUNT = "entity, customer_id, currency"
DEBT_AMOUNTS = ("owed_minor", "uncovered_minor", "unpaid_90_minor", "conceded_minor", "given_up_minor")
STATE = ", ".join(("due_on", "issued_on", "is_penalty", "settled_on", *DEBT_AMOUNTS, "funds"))
_OF_INVOICE = ("due_on", "issued_on", "is_penalty", "divided_from")
_KINDS = ", ".join(f"'{kind}'" for kind in OWING)


def touched_sql(schema: str, invoice_ids: str) -> str:
    """SQL: the invoices of a query with their dates, and the first position with instalments.

    The offset here and in :func:`moved_sql` keeps the planner from a join that reads all invoices or movements.
    """
    return f"""
        select t.invoice_id, i.due_on, i.issued_on, i.is_penalty,
               (select min(position) from {schema}.item_instalment l where l.invoice_id = t.invoice_id) as divided_from
        from ({invoice_ids}) t cross join lateral (
            select i.due_on, i.issued_on, i.is_penalty from {schema}.item i where i.invoice_id = t.invoice_id offset 0
        ) i
    """


def moved_sql(schema: str, touched: str, counts: str, fence: str = "offset 0") -> str:
    """SQL: the movements ``m`` of touched invoices that meet a condition; by a join of any kind without the fence."""
    return f"""
        select t.*, m.* from {touched} t cross join lateral (
            select {_ACCOUNT}, m.payment_id, m.position, m.effective_on, m.item_minor, m.conceded_minor,
                   m.kind in ({_KINDS}) as is_owing, m.available_on
            from {schema}.movement m where m.invoice_id = t.invoice_id and {counts} {fence}) m
    """


def states_sql(
    moved: str, times: int, divided: str, named: str = "case when not is_state then invoice_id end"
) -> str:
    """SQL: the rows of invoices by some movements; a ``times`` of -1 takes them off.

    ``divided`` is the condition on the columns of :func:`touched_sql` of an invoice in instalments; ``named`` is the
    ``spare_id``, by default that of invoices without a state.
    """
    same = ", ".join(f"any_value({column}) as {column}" for column in (*_ACCOUNT.split(", "), *_OF_INVOICE))
    state = {
        "due_on": "due_on",
        "issued_on": "issued_on",
        "is_penalty": "is_penalty",
        "settled_on": "case when paid_minor > 0 and paid_minor = owed_minor then last_on end",
        "owed_minor": "owed_minor",
        "uncovered_minor": "nullif(owed_minor - paid_minor, 0)",
        "unpaid_90_minor": "nullif(owed_minor - early_minor, 0)",
        "conceded_minor": "nullif(conceded_minor, 0)",
        "given_up_minor": "nullif(given_up_minor, 0)",
        "funds": "case when payments > 1 or paid_minor <> owed_minor then funds end",
    }
    columns = ", ".join(f"case when is_state then {sql} end as {column}" for column, sql in state.items())
    settled = "coalesce(-sum(item_minor) filter (where not is_owing), 0)::bigint"
    return f"""
        select {_ACCOUNT}, {columns}, {named} as spare_id, {times}::bigint as times
        from (
            select *, not (is_odd or paid_minor > owed_minor or owed_minor < 0) as is_state from (
                select {same}, invoice_id, sum(owed_minor)::bigint as owed_minor,
                       coalesce(sum(funds_minor), 0)::bigint as paid_minor,
                       coalesce(sum(funds_minor) filter (where available_on <= due_on + {AT_RISK_DAYS}), 0)::bigint
                           as early_minor,
                       sum(given_up_minor)::bigint as given_up_minor, sum(conceded_minor)::bigint as conceded_minor,
                       max(available_on) filter (where funds_minor > 0) as last_on,
                       count(*) filter (where funds_minor > 0) as payments,
                       string_agg(date_send(available_on) || int8send(funds_minor), ''::bytea
                                  order by available_on, funds_minor) filter (where funds_minor > 0) as funds,
                       coalesce(bool_or(funds_minor < 0 or (funds_minor > 0 and available_on is null)), false) as is_odd
                from (
                    select {same}, invoice_id,
                           (coalesce(sum(item_minor) filter (where is_owing), 0) - sum(conceded_minor))::bigint
                               as owed_minor,
                           case when payment_id is not null then {settled} end as funds_minor,
                           case when payment_id is null then {settled} end as given_up_minor,
                           sum(conceded_minor)::bigint as conceded_minor,
                           max(available_on) as available_on
                    from {moved} group by invoice_id, payment_id
                ) payments group by invoice_id
            ) sums
        ) state where not is_state or coalesce(not ({divided}), true)
    """


def added_sql(source: str) -> str:
    """SQL: the rows of a source, those that are alike added up."""
    return f"""select {_ACCOUNT}, {STATE}, spare_id, sum(times)::bigint as times from ({source}) source
               group by {_ACCOUNT}, {STATE}, spare_id having sum(times) <> 0"""


def changes_sql(schema: str, since: int, upto: int) -> str:
    """SQL: the rows that a range of positions changes."""
    within = f"position > {since} and position <= {upto}"
    ids = f"""select invoice_id from {schema}.movement where {within} and invoice_id is not null
              union select invoice_id from {schema}.item_instalment where {within}"""
    before = f"(select * from moved where position <= {since}) moved"
    return f"""
        with touched as materialized ({touched_sql(schema, ids)}),
        moved as materialized ({moved_sql(schema, "touched", f"m.position <= {upto}")})
        {
        added_sql(f'''
            {states_sql("moved", 1, f"divided_from <= {upto}")}
            union all {states_sql(before, -1, f"divided_from <= {since}")}
            union all {cash_sql(f"select * from {schema}.movement where {within}")}
        ''')
    }
    """


def cash_sql(source: str) -> str:
    """SQL: the rows of unapplied cash that movements change."""
    nothing = "null::date, null::date, null::boolean, null::date" + ", null::bigint" * 5 + ", null::bytea"
    return f"""select {_ACCOUNT}, {nothing}, payment_id, cash_minor
               from ({source}) cash where payment_id is not null and cash_minor <> 0"""
