"""SQL of each kind of finding, at a business date and a position.

Every statement gives the same columns. ``subject`` tells findings of a kind apart, ``positions`` are the events that a
finding rests on, ``state`` is what else it rests on: with another one a dismissal no longer holds. What should have
been billed is an omission :data:`AFTER` days after its day.
"""

from __future__ import annotations

from collections.abc import Mapping

from encours.contracts.books import CREDIT_NOTES
from encours.contracts.events.sales.review import FindingKind
from invoice_svc.read_models.orders.query import DELIVERIES

AFTER = "{after}"
MERGED = "{merged}"
"""The customers that are merged, and their survivors (:func:`encours.reading.merges.merged_sql`)."""
_CREDITED = ", ".join(f"'{kind}'" for kind in CREDIT_NOTES)


def _known(table: str, name: str) -> str:
    """Return the condition that something is known and has happened, as SQL; false where it never does."""
    return f"coalesce({table}.{name}_position <= {{position}} and {table}.{name}_on <= {{as_of}}, false)"


_DUPLICATES = f"""
    select 'duplicate_invoice' as kind, t.pattern || ':' || t.debtor_id as subject,
        case t.basis when 'period' then 'high' else 'medium' end as severity,
        i.entity_id, t.debtor_id as customer_id, i.currency, (i.total_minor * (count(*) - 1))::bigint as amount_minor,
        (array_agg(i.issued_on order by i.issued_on, i.issued_position))[2] as found_on,
        array_agg(i.invoice_id order by i.issued_position) as documents,
        array_agg(i.issued_position order by i.issued_position) as positions,
        '' as state,
        json_build_object('basis', t.basis, 'numbers', array_agg(i.number order by i.issued_position)) as detail
    from (
        select w.pattern, w.invoice_id, w.basis, w.period, coalesce(m.survivor_id, w.customer_id) as debtor_id
        from {{schema}}.twin w left join {MERGED} m using (customer_id)
        union
        select f.pattern, f.invoice_id, f.basis, f.period, m.survivor_id
        from (select customer_id, survivor_id from {MERGED} u
              union select survivor_id, survivor_id from {MERGED} u) m
        join {{schema}}.first_twin f using (customer_id)
    ) t join {{schema}}.invoice i on i.invoice_id = t.invoice_id
    where {_known("i", "issued")} and i.total_minor > coalesce((
        select -sum(m.item_minor) from {{schema}}.movement m
        where m.invoice_id = i.invoice_id and m.kind in ({_CREDITED})
            and m.position <= {{position}} and m.effective_on <= {{as_of}}), 0)
    group by t.pattern, t.basis, i.entity_id, t.debtor_id, i.currency, i.total_minor
    having count(*) > 1 and (t.basis = 'period' or count(distinct t.period) > 1)
"""
_DELIVERED = f"""
    select 'delivery_not_billed' as kind, delivery_id as subject, 'medium' as severity, entity_id, customer_id,
        currency, net_minor as amount_minor, delivered_on + {{after}} + 1 as found_on,
        array_remove(array[order_id, delivery_id, invoice_id], null) as documents,
        array_remove(array[from_position, billed_position], null) as positions, '' as state,
        json_build_object('delivered_on', delivered_on, 'billing', billing) as detail
    from ({DELIVERIES}) d
    where billing <> 'invoiced' and delivered_on + {{after}} < {{as_of}}
"""
_PERIODS = f"""
    select 'period_not_billed' as kind, r.recurring_id || ':' || d.next_on as subject, 'high' as severity,
        r.entity_id, r.customer_id, r.currency, r.total_minor as amount_minor, d.next_on + {{after}} + 1 as found_on,
        array[r.recurring_id] as documents, array[d.position] as positions, '' as state,
        json_build_object('period', d.next_on) as detail
    from {{schema}}.recurring r
    cross join lateral (
        select n.next_on, n.position from {{schema}}.recurring_next n
        where n.recurring_id = r.recurring_id and n.position <= {{position}} and n.effective_on <= {{as_of}}
        order by n.position desc limit 1
    ) d
    where d.next_on + {{after}} < {{as_of}}
    union all
    select 'period_not_billed', p.recurring_id || ':' || p.period, 'high', r.entity_id, r.customer_id, r.currency,
        p.total_minor, p.billed_on + {{after}} + 1, array[p.recurring_id, p.invoice_id],
        array_remove(array[
            p.billed_position, case when {_known("i", "cancelled")} then i.cancelled_position end], null),
        '', json_build_object('period', p.period)
    from {{schema}}.recurring_period p
    join {{schema}}.recurring r on r.recurring_id = p.recurring_id
    join {{schema}}.invoice i on i.invoice_id = p.invoice_id
    where {_known("p", "billed")} and not {_known("i", "issued")} and p.billed_on + {{after}} < {{as_of}}
"""
_QUOTES = f"""
    select 'quote_not_billed' as kind, q.quote_id as subject, 'medium' as severity, q.entity_id, q.customer_id,
        q.currency, q.total_minor as amount_minor, q.closed_on + {{after}} + 1 as found_on,
        array_remove(array[q.quote_id, q.invoice_id, q.order_id], null) as documents,
        array_remove(array[
            q.closed_position, case when {_known("i", "cancelled")} then i.cancelled_position end,
            case when {_known("o", "closed")} then o.closed_position end], null) as positions,
        '' as state, json_build_object('accepted_on', q.closed_on) as detail
    from {{schema}}.quote q
    left join {{schema}}.invoice i on i.invoice_id = q.invoice_id
    left join {{schema}}.customer_order o on o.order_id = q.order_id
    where q.accepted and {_known("q", "closed")} and q.closed_on + {{after}} < {{as_of}} and (
        (q.invoice_id is not null and not {_known("i", "issued")})
        or (q.order_id is not null and {_known("o", "closed")} and not exists (
            select from {{schema}}.delivery d where d.order_id = q.order_id and d.from_position <= {{position}}
                and d.delivered_on <= {{as_of}} and not {_known("d", "cancelled")})))
"""
_GAPS = f"""
    select 'number_gap' as kind, concat_ws(':', g.entity_id, g.series, g.year, g.following) as subject,
        case when g.before = 0 then 'low' else g.severity end as severity, g.entity_id, null::text as customer_id,
        null::text as currency, null::bigint as amount_minor, g.following_on as found_on,
        '{{{{}}}}'::text[] as documents,
        array_remove(array[nullif(g.before_position, 0), g.following_position], null) as positions,
        (g.following - g.before - 1 - k.known)::text as state,
        json_build_object('series', g.series, 'year', g.year, 'number', g.number, 'before', g.before,
                          'following', g.following, 'missing', g.following - g.before - 1 - k.known) as detail
    from {{schema}}.number_gap g
    cross join lateral (
        select count(*) as known from {{schema}}.taken_number t
        where t.entity_id = g.entity_id and t.number >= g.prefix and t.number < g.prefix || chr(1114111)
            and t.position <= {{position}} and t.issued_on <= {{as_of}}
            and case when substr(t.number, length(g.prefix) + 1) ~ '^[0-9]{{{{1,18}}}}$'
                then substr(t.number, length(g.prefix) + 1)::bigint > g.before
                    and substr(t.number, length(g.prefix) + 1)::bigint < g.following
                else false end
    ) k
    where {_known("g", "following")} and g.following - g.before - 1 > k.known
"""
_CREDITS = """
    select 'credit_above_sales' as kind, concat_ws(':', c.entity_id, c.customer_id, c.currency, c.year) as subject,
        'medium' as severity, c.entity_id, c.customer_id, c.currency, (c.credits - s.sales)::bigint as amount_minor,
        c.last_on as found_on, c.documents, c.positions, c.credits || ' ' || s.sales as state,
        json_build_object('year', c.year, 'credits_minor', c.credits, 'sales_minor', s.sales) as detail
    from (
        select n.entity_id, coalesce(m.survivor_id, n.customer_id) as customer_id, n.currency,
            extract(year from n.issued_on)::int as year, sum(n.total_minor) as credits, max(n.issued_on) as last_on,
            (array_agg(n.credit_note_id order by n.position desc))[1:100] as documents,
            (array_agg(n.position order by n.position desc))[1:100] as positions
        from {schema}.credit_note n left join {merged} m using (customer_id)
            left join {schema}.invoice credited on credited.invoice_id = n.invoice_id
        where coalesce(credited.purpose, 'invoice') <> 'penalty' and n.position <= {position} and n.issued_on <= {as_of}
        group by 1, 2, 3, 4
    ) c cross join lateral (
        select coalesce(sum(i.total_minor), 0) as sales from {schema}.invoice i
        where i.customer_id in (select c.customer_id union all
                                select m.customer_id from {merged} m where m.survivor_id = c.customer_id)
            and i.entity_id = c.entity_id and i.currency = c.currency and i.purpose <> 'penalty'
            and i.issued_position <= {position} and i.issued_on <= {as_of}
            and i.issued_on between make_date(c.year, 1, 1) and make_date(c.year, 12, 31)
    ) s where c.credits > s.sales
"""
_LATE = """
    select 'late_issue' as kind, l.invoice_id as subject,
        case when date_trunc('month', l.supplied_on) = date_trunc('month', l.issued_on) then 'low' else 'medium' end
            as severity,
        l.entity_id, l.customer_id, l.currency, l.total_minor as amount_minor, l.issued_on as found_on,
        array[l.invoice_id] as documents, array[l.position] as positions, '' as state,
        json_build_object('number', l.number, 'supplied_on', l.supplied_on, 'last_day', l.last_day,
                          'issued_on', l.issued_on, 'source', l.source) as detail
    from {schema}.late_issue l where l.position <= {position} and l.issued_on <= {as_of}
"""
SOURCES: Mapping[FindingKind, str] = {
    "duplicate_invoice": _DUPLICATES,
    "delivery_not_billed": _DELIVERED,
    "period_not_billed": _PERIODS,
    "quote_not_billed": _QUOTES,
    "number_gap": _GAPS,
    "credit_above_sales": _CREDITS,
    "late_issue": _LATE,
}
