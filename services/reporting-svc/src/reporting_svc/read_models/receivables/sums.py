"""Items and balances as sums of the movements: what a rebuild computes at once and `project` event by event."""

from __future__ import annotations

from encours.contracts.books import CREDITED, INVOICED, OWING
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, ENTITY_ID


def share_sql(open_minor: str, part_minor: str) -> str:
    """SQL: the part of an open amount that is contested, or conceded: it outlives payment, but not what is owed."""
    return f"greatest(0, least({open_minor}, {part_minor}))"


def planned_sql(open_minor: str, contested_minor: str, planned_minor: str) -> str:
    """SQL: the part of an open amount that is on a payment plan and not contested."""
    return share_sql(f"({open_minor} - {share_sql(open_minor, contested_minor)})", planned_minor)


_SETTLING = "m.kind not in ({})".format(", ".join(f"'{kind}'" for kind in OWING))
"""SQL: movements ``m`` that settle an invoice."""
SALES = f"(m.net_minor <> 0 or m.kind in {(*INVOICED, *CREDITED)})"
"""Movements that carry turnover, also of a kind that is not known here; an invoice may be of VAT alone."""
DAY_KEY = "entity, currency, effective_on, kind, is_sale, is_debit"
IS_SALE, IS_DEBIT = f"{SALES} as is_sale", "m.account_minor > 0 as is_debit"
OF_DAY = f"m.entity, m.currency, m.effective_on, m.kind, {IS_SALE}, {IS_DEBIT}"

ON_DAY = "(m.account_minor <> 0 or m.net_minor <> 0)"
"""SQL: movements ``m`` of the customers' account."""
DAY_SUMS = ("account_minor", "net_minor", "penalty_minor", "entries")
"""Amounts of a day, and the number of movements of the account in them."""


def items_sql(schema: str) -> str:
    """SQL: rows of ``item``. A movement on an invoice that was never issued gives a row without number."""
    columns = ("item_minor", "contested_minor", "conceded_minor", "planned_minor")
    totals = ", ".join(f"{schema}.total(m.{column}) as {column}" for column in columns)
    return f"""
        select invoice_id, o.number, o.entity, o.customer_id, o.currency, o.issued_on, o.due_on, o.total_minor,
               coalesce(m.item_minor, 0), coalesce(m.contested_minor, 0), coalesce(m.conceded_minor, 0),
               coalesce(m.planned_minor, 0), coalesce(m.settled_minor, 0), s.schedule, o.salesperson, o.is_penalty,
               o.vat_on_receipt
        from {schema}.item_created o full join (
            select m.invoice_id, {totals}, -{schema}.total(m.item_minor) filter (where {_SETTLING}) as settled_minor
            from {schema}.movement m
            where m.invoice_id is not null and (m.item_minor <> 0 or m.contested_minor <> 0 or m.planned_minor <> 0)
            group by m.invoice_id
        ) m using (invoice_id) left join (
            select s.invoice_id, string_agg(s.due_on || ' ' || s.upto_minor, ',' order by s.due_on) as schedule
            from {schema}.item_instalment_created s
            where s.position = (
                select max(l.position) from {schema}.item_instalment_created l where l.invoice_id = s.invoice_id)
            group by s.invoice_id
        ) s using (invoice_id)
    """


def instalments_sql(schema: str) -> str:
    """SQL: rows of ``item_instalment``. One of an invoice that was never issued gives a row without day."""
    return f"""
        select s.invoice_id, s.position, s.due_on, case when i.invoice_id is not null then s.effective_on end,
               s.upto_minor
        from {schema}.item_instalment_created s left join {schema}.item i on i.invoice_id = s.invoice_id
    """


def account_sums_sql(schema: str) -> str:
    """SQL: sums of the movements of each account."""
    return f"""
        select m.entity, m.customer_id, m.currency, {schema}.total(m.item_minor) as open_minor,
               {schema}.total(m.cash_minor) as cash_minor, {schema}.total(m.account_minor) as account_minor
        from {schema}.movement m group by m.entity, m.customer_id, m.currency
    """


def balances_sql(schema: str) -> str:
    """SQL: rows of ``balance`` before any day was opened, when nothing is past due, from the sums of the accounts."""
    return f"""
        select m.entity, m.customer_id, m.currency, m.open_minor, 0, 0, 0, 0, 0, m.open_minor,
               coalesce(d.disputed_minor, 0), coalesce(d.conceded_minor, 0), 0, coalesce(d.planned_minor, 0),
               m.cash_minor, m.account_minor
        from (
            select {ENTITY_ID.sql("m.entity")} as entity, {CUSTOMER_ID.sql("m.customer_id")} as customer_id, m.currency,
                   m.open_minor, m.cash_minor, m.account_minor
            from {schema}.balance_summed m
        ) m left join (
            select i.entity, i.customer_id, i.currency,
                   sum({share_sql("i.open_minor", "i.disputed_minor")})::bigint as disputed_minor,
                   sum({share_sql("i.open_minor", "i.conceded_minor")})::bigint as conceded_minor,
                   sum({planned_sql("i.open_minor", "i.disputed_minor", "i.planned_minor")})::bigint as planned_minor
            from {schema}.item i where i.disputed_minor <> 0 or i.planned_minor <> 0
            group by i.entity, i.customer_id, i.currency
        ) d using (entity, customer_id, currency)
    """


def day_entries_sql(schema: str) -> str:
    """SQL: sums of the movements on the customers' account by day and kind."""
    return f"""
        select {OF_DAY}, sum(m.account_minor)::bigint as account_minor, sum(m.net_minor)::bigint as net_minor
        from {schema}.movement m where {ON_DAY} group by 1, 2, 3, 4, 5, 6
    """


def day_sums_sql(schema: str) -> str:
    """SQL: rows of ``day_sum``, from the sums of the account and the movements on penalty documents."""
    return f"""
        select {DAY_KEY}, coalesce(s.account_minor, 0), coalesce(s.net_minor, 0), coalesce(p.penalty_minor, 0)
        from {schema}.day_sum_summed s full join (
            select {OF_DAY}, sum(m.item_minor)::bigint as penalty_minor
            from {schema}.movement m join {schema}.item i on i.invoice_id = m.invoice_id and i.is_penalty
            where m.item_minor <> 0 group by 1, 2, 3, 4, 5, 6
        ) p using ({DAY_KEY})
    """


def days_sql(schema: str, source: str) -> str:
    """SQL: sums of movements by day, with the columns of ``day_sum`` and the number of their ``entries``."""
    return added_days_sql(f"""
        select {OF_DAY}, m.account_minor, m.net_minor, {penalty_sql(schema)} as penalty_minor, {ON_DAY}::int as entries
        from ({source}) m where {ON_DAY} or m.item_minor <> 0
    """)


def penalty_sql(schema: str) -> str:
    """SQL: the change of the open amount of a penalty document by a movement ``m``."""
    return f"""case when m.item_minor <> 0 and exists (
        select from {schema}.item i where i.invoice_id = m.invoice_id and i.is_penalty) then m.item_minor else 0 end"""


def added_days_sql(rows: str) -> str:
    """SQL: the sums by day of rows that are sums by day."""
    sums = ", ".join(f"sum({each})::bigint as {each}" for each in DAY_SUMS)
    return f"select {DAY_KEY}, {sums} from ({rows}) day group by {DAY_KEY}"
