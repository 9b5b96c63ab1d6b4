"""State of each debt by its own movements, which subtotals keep so that payments need not be read again.

While a debtor has no spare funds (unapplied cash, or more paid on an invoice than was owed), a payment covers the
invoice to which it is applied and no other (:mod:`encours.contracts.settlement`). So sums of the invoice's movements
give what is covered of it, and from which day on. Each instalment of the schedule in force is a debt of its own: the
earliest funds cover the earliest one, so it has those that lie in its range of what is owed. Debts of an account with
spare funds are settled together, but those that were settled before these came: of its states no others count.

The payments of a debt are in its state too: packed in ``funds``, 12 bytes each, or none where the only one is that of
the day of settlement. Forecasts and reminders need them.

What was conceded or given up of an invoice in instalments is in the row of the first one. A row with a ``spare_id``
tells that the account has spare funds: ``times`` minor units of unapplied cash of a payment, or an invoice whose
movements alone do not settle it. A change is the old state with ``times`` -1 and the new one with 1, so that the rows
of a chain add up.
"""

from __future__ import annotations

from encours.contracts.books import OWING
from reporting_svc.domain.measures.delays import AT_RISK_DAYS

_ACCOUNT = "entity, customer_id, currency"
DEBT_AMOUNTS = ("owed_minor", "uncovered_minor", "unpaid_90_minor", "conceded_minor", "given_up_minor")
STATE = ", ".join(("due_on", "issued_on", "is_penalty", "settled_on", *DEBT_AMOUNTS, "funds", "invoice_id"))
_OF_INVOICE = ("due_on", "issued_on", "is_penalty", "schedule")
_KINDS = ", ".join(f"'{kind}'" for kind in OWING)
_BY_AGE = "order by available_on, funds_minor"
_COVERED = f"""
    coalesce(sum(funds_minor) filter (where funds_minor > 0), 0)::bigint as paid_minor,
    coalesce(sum(funds_minor) filter (where funds_minor > 0 and available_on <= due_on + {AT_RISK_DAYS}), 0)::bigint
        as early_minor,
    max(available_on) filter (where funds_minor > 0) as last_on,
    count(*) filter (where funds_minor > 0) as payments,
    string_agg(date_send(available_on) || int8send(funds_minor), ''::bytea {_BY_AGE})
        filter (where funds_minor > 0) as funds
"""
"""SQL: what the funds of a debt cover."""
_SUMMED = "paid_minor, early_minor, last_on, payments, funds, is_state"


def in_force_sql(schema: str, invoice_id: str, **counts: str) -> str:
    """SQL: the schedules in force of an invoice: of each name, the last position of the schedules ``l`` that meet its
    condition.
    """
    columns = ", ".join(f"max(l.position) filter (where {each}) as {name}" for name, each in counts.items())
    return f"(select {columns} from {schema}.item_instalment l where l.invoice_id = {invoice_id})"


def touched_sql(schema: str, invoice_ids: str, before: str, after: str) -> str:
    """SQL: the invoices of a query with their dates, and the schedules in force ``before`` and ``after``, by conditions
    on schedules ``l``.

    The offset here and in :func:`moved_sql` keeps the planner from a join that reads all invoices or movements.
    """
    return f"""
        select t.invoice_id, i.due_on, i.issued_on, i.is_penalty, s.*
        from ({invoice_ids}) t cross join lateral (
            select i.due_on, i.issued_on, i.is_penalty from {schema}.item i where i.invoice_id = t.invoice_id offset 0
        ) i cross join lateral {in_force_sql(schema, "t.invoice_id", before=before, after=after)} s
    """


def moved_sql(schema: str, touched: str, counts: str, fence: str = "offset 0") -> str:
    """SQL: the movements ``m`` of touched invoices that meet a condition; by a join of any kind without the fence."""
    return f"""
        select t.*, m.* from {touched} t cross join lateral (
            select {_ACCOUNT}, m.payment_id, m.position, m.effective_on, m.item_minor, m.conceded_minor,
                   m.kind in ({_KINDS}) as is_owing, m.available_on
            from {schema}.movement m where m.invoice_id = t.invoice_id and {counts} {fence}) m
    """


def states_sql(schema: str, moved: str, times: int) -> str:
    """SQL: the rows of invoices by some movements with the ``schedule`` in force; a ``times`` of -1 takes them off."""
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
        "invoice_id": "invoice_id",
    }
    columns = ", ".join(f"case when is_state then {sql} end as {column}" for column, sql in state.items())
    of_debt = (
        f"{_ACCOUNT}, invoice_id, due_on, issued_on, is_penalty, owed_minor, conceded_minor, given_up_minor"
    )
    return f"""
        select {_ACCOUNT}, {columns}, case when not is_state then invoice_id end as spare_id,
               {times}::bigint as times
        from (
            with summed as materialized ({_summed_sql(moved)})
            select {of_debt}, {_SUMMED} from summed where schedule is null or not is_state
            union all
            select {_ACCOUNT}, invoice_id, p.due_on, issued_on, is_penalty, p.upto - p.above,
                   case when p.is_first then conceded_minor end, case when p.is_first then given_up_minor end,
                   c.*, is_state
            {_divided_sql(schema)}
        ) state
    """


def _summed_sql(moved: str) -> str:
    """SQL: a row per invoice; one in instalments has its funds, the earliest first, in two arrays too."""
    same = ", ".join(f"any_value({column}) as {column}" for column in (*_ACCOUNT.split(", "), *_OF_INVOICE))
    settled = "coalesce(-sum(item_minor) filter (where not is_owing), 0)::bigint"
    arrays = ", ".join(
        f"array_agg({each} {_BY_AGE}) filter (where schedule is not null and funds_minor > 0) as {each}s"
        for each in ("available_on", "funds_minor")
    )
    return f"""
        select *, not (is_odd or paid_minor > owed_minor or owed_minor < 0) as is_state from (
            select {same}, invoice_id, sum(owed_minor)::bigint as owed_minor, {_COVERED}, {arrays},
                   sum(given_up_minor)::bigint as given_up_minor, sum(conceded_minor)::bigint as conceded_minor,
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
    """


def _divided_sql(schema: str) -> str:
    """SQL: the instalments ``p`` of summed invoices, and what the funds in their ranges ``c`` cover.

    The last one has all that is owed above the others; one that begins above it is left out, unless it is the first.
    """
    return f"""
        from summed x cross join lateral (
            select s.due_on, row_number() over dates = 1 as is_first,
                   least(x.owed_minor, lag(s.upto_minor, 1, 0::bigint) over dates) as above,
                   least(x.owed_minor, case when lead(s.due_on) over dates is not null then s.upto_minor end) as upto
            from {schema}.item_instalment s where s.invoice_id = x.invoice_id and s.position = x.schedule
            window dates as (order by s.due_on)
        ) p cross join lateral (
            select {_COVERED} from (
                select p.due_on, available_on,
                       least(p.upto, upto) - greatest(p.above, upto - funds_minor) as funds_minor
                from (
                    select f.*, sum(funds_minor) over (order by place)::bigint as upto
                    from unnest(x.available_ons, x.funds_minors) with ordinality f(available_on, funds_minor, place)
                ) fund
            ) share
        ) c
        where x.schedule is not null and x.is_state and (p.is_first or p.upto > p.above)
    """


def added_sql(source: str) -> str:
    """SQL: the rows of a source, a state and what takes it off added up."""
    return f"""select {_ACCOUNT}, {STATE}, spare_id, sum(times)::bigint as times from ({source}) source
               group by {_ACCOUNT}, {STATE}, spare_id having sum(times) <> 0"""


def changes_sql(schema: str, since: int, upto: int) -> str:
    """SQL: the rows that a range of positions changes."""
    within = f"position > {since} and position <= {upto}"
    ids = f"""select invoice_id from {schema}.movement where {within} and invoice_id is not null
              union select invoice_id from {schema}.item_instalment where {within}"""
    before = f"(select *, before as schedule from moved where position <= {since}) moved"
    after = "(select *, after as schedule from moved) moved"
    return f"""
        with touched as materialized (
            {touched_sql(schema, ids, before=f"l.position <= {since}", after=f"l.position <= {upto}")}
        ),
        moved as materialized ({moved_sql(schema, "touched", f"m.position <= {upto}")})
        {
        added_sql(f'''
            {states_sql(schema, after, 1)}
            union all {states_sql(schema, before, -1)}
            union all {cash_sql(f"select * from {schema}.movement where {within}")}
        ''')
    }
    """


def cash_sql(source: str) -> str:
    """SQL: the rows of unapplied cash that movements change."""
    nothing = (
        "null::date, null::date, null::boolean, null::date"
        + ", null::bigint" * 5
        + ", null::bytea, null::uuid"
    )
    return f"""select {_ACCOUNT}, {nothing}, payment_id, cash_minor
               from ({source}) cash where cash_minor <> 0"""
