"""Events that may have moved a published figure, with the customers whose part of it each may have moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from encours.contracts.books import PAYER_UNKNOWN
from encours.reading.merges import merges
from encours.reading.where import Arguments
from reporting_svc.domain.figure import FigureQuestion
from reporting_svc.domain.measures.published import BY_DEBTOR, MEASURES, PartSource
from reporting_svc.read_models.receivables.rows import CUSTOMER_ID, INVOICE_ID
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere

if TYPE_CHECKING:
    from encours.reading.moment import View

ANYONE = PAYER_UNKNOWN
"""Customer of events that may move the part of any customer, as money does whose payer is not yet identified."""
_ITEM_OF = (
    f"i.invoice_id = substr(n.invoice_id, 5)::uuid and n.invoice_id ~ '^{INVOICE_ID.prefix}_[0-9a-f]{{32}}$'"
)


@dataclass(frozen=True, slots=True)
class _Behind:
    """Events of a figure's receivables that count and were known by the view, behind a position."""

    view: View
    asked: FigureQuestion
    args: Arguments
    after: int

    def where(self, alias: str, *, packed: bool = False) -> ScopeWhere:
        """Return the conditions of the scope, on a table with entity, customer and currency."""
        scope = Scope(entity_id=self.asked.entity_id, currency=self.asked.currency)
        return ScopeWhere(self.view, scope, alias, self.args, packed=packed)

    def counted(self, alias: str) -> str:
        """SQL: true of a row behind the position that counts and was known."""
        return f"{alias}.effective_on <= {self.args.add(self.view.time.as_of)}::date and {self.known(alias)}"

    def known(self, alias: str) -> str:
        """SQL: true of a row behind the position that was known."""
        first, last = self.args.add(self.after), self.args.add(self.view.time.position)
        return f"{alias}.position > {first}::bigint and {alias}.position <= {last}::bigint"


_Touch = Callable[[_Behind], str]
"""SQL of the position and the customer of events of one kind."""


def _movements(b: _Behind) -> str:
    where = b.where("m", packed=True).add(b.counted("m"))
    return f"""select m.position, {CUSTOMER_ID.sql("m.customer_id")} as customer_id
               from {b.view.schema}.movement m where {where.sql}"""


def _schedules(b: _Behind) -> str:
    where = b.where("i").add(b.counted("l"))
    return f"""select l.position, i.customer_id from {b.view.schema}.item_instalment l
               join {b.view.schema}.item i on i.invoice_id = l.invoice_id where {where.sql}"""


def _promises(b: _Behind) -> str:
    return f"""select p.position, p.customer_id from {b.view.schema}.promised_payment p
               where {b.where("p").add(b.counted("p")).sql}"""


def _promised_invoices(b: _Behind) -> str:
    return f"""select p.position, i.customer_id from {b.view.schema}.promised_payment p
               cross join lateral unnest(p.invoice_ids) as n(invoice_id) join {b.view.schema}.item i on {_ITEM_OF}
               where {b.where("i").add(b.counted("p")).sql}"""


def _placements(b: _Behind) -> str:
    return f"""select p.position, i.customer_id from {b.view.schema}.placed_invoice p
               join {b.view.schema}.item i using (invoice_id) where {b.where("i").add(b.counted("p")).sql}"""


def _insurance(b: _Behind) -> str:
    """SQL: a contract is about all customers, and what a cover says of earlier days counts from its recording on."""
    return f"""select e.position, coalesce(e.customer_id, '{ANYONE}') as customer_id
               from {b.view.schema}.insurance_event e where {b.known("e")}"""


def _proceedings(b: _Behind) -> str:
    return f"select n.position, n.customer_id from {b.view.schema}.insolvency n where {b.counted('n')}"


def _schedules_agreed(b: _Behind) -> str:
    return f"""select p.position, p.customer_id from {b.view.schema}.plan_schedule p
               where {b.where("p").add(b.counted("p")).sql}"""


def _mergers(b: _Behind) -> str:
    return f"""select g.position, r.customer_id from {b.view.schema}.merge g
               cross join lateral (values (g.customer_id), (g.into_id)) as r(customer_id)
               where r.customer_id is not null and {b.counted("g")}"""


def _plans(b: _Behind) -> str:
    wanted = b.args.add(b.asked.parameters.turnover_plan_id)
    return f"""select t.position, '{ANYONE}' from {b.view.schema}.turnover_plan t
               where t.turnover_plan_id = {wanted}::text and {b.counted("t")}"""


def _asked(b: _Behind) -> str:
    return f"""select r.position, r.customer_id from {b.view.schema}.reminder r
               where {b.where("r").add(b.counted("r")).sql}"""


def _traces(b: _Behind) -> str:
    return f"""select t.position, r.customer_id from {b.view.schema}.reminder_trace t
               join {b.view.schema}.reminder r using (reminder_id) where {b.where("r").add(b.counted("t")).sql}"""


def _amendments(b: _Behind) -> str:
    """SQL: an amendment moves what was owed before it; at a registration nothing was."""
    return f"""select p.position, p.customer_id from {b.view.schema}.portfolio p
               where {b.known("p")} and p.valid_from > {b.args.add(date.min)}::date
               and p.valid_from <= {b.args.add(b.view.time.as_of)}::date"""


_MONEY: tuple[_Touch, ...] = (_movements, _schedules)
_TOUCHES: Mapping[PartSource, tuple[_Touch, ...]] = {
    "named": (*_MONEY, _promised_invoices, _placements),
    "insured": (*_MONEY, _insurance, _proceedings),
    "promises_due": (_promises,),
    "promises_broken": (_promises,),
    "plan": (*_MONEY, _plans),
    "reminders": (*_MONEY, _asked, _traces),
    "forecast": (*_MONEY, _promises, _schedules_agreed, _proceedings, _amendments, _mergers),
}
"""Events that move the figures of a source; those of money move all others."""


def _promised_together(b: _Behind) -> str:
    """SQL: customers whose invoices one promise names, in pairs: what one pays leaves less of it for the other."""
    named = f"""select p.promise_id, i.customer_id from {b.view.schema}.promised_payment p
                cross join lateral unnest(p.invoice_ids) as n(invoice_id) join {b.view.schema}.item i on {_ITEM_OF}
                where {b.where("i").sql}"""
    return f"""select distinct one.customer_id as moved, other.customer_id as with_it
               from ({named}) one join ({named}) other using (promise_id)
               where one.customer_id <> other.customer_id"""


def _reminded_for(b: _Behind) -> str:
    """SQL: customers with whoever was reminded of their invoices: a payer, or the head of a group."""
    return f"""select distinct i.customer_id as moved, r.customer_id as with_it from {b.view.schema}.reminder r
               cross join lateral (select split_part(a, ' ', 1) as invoice_id from unnest(r.asked) as a) n
               join {b.view.schema}.item i on {_ITEM_OF}
               where {b.where("r").sql} and i.customer_id <> r.customer_id"""


_LINKS: Mapping[PartSource, _Touch] = {"named": _promised_together, "reminders": _reminded_for}
"""Customers whose part of a figure moves with that of others."""


async def touched(view: View, asked: FigureQuestion, after: int, most: int) -> dict[int, frozenset[str]]:
    """Return the positions behind ``after`` of at most ``most`` events that may have moved the figure, in order, each
    with its customers.
    """
    events, args = await _events(view, asked, after)
    rows = await view.conn.fetch(
        f"""
        select e.position, array_agg(distinct e.customer_id) as customers
        from ({events}) e group by e.position order by e.position limit {args.add(most)}
        """,
        *args,
    )
    return {row["position"]: frozenset(row["customers"]) for row in rows}


async def touched_customers(
    view: View, asked: FigureQuestion, after: int, most: int
) -> dict[str, Sequence[int]]:
    """Return the customers whose part of the figure may have moved behind ``after``, each with the positions of at most
    ``most`` events, the latest first.
    """
    events, args = await _events(view, asked, after)
    rows = await view.conn.fetch(
        f"""
        select e.customer_id, (array_agg(distinct e.position order by e.position desc))[1:{args.add(most)}] as positions
        from ({events}) e where e.customer_id <> '{ANYONE}' group by e.customer_id
        """,
        *args,
    )
    return {row["customer_id"]: row["positions"] for row in rows}


async def _events(view: View, asked: FigureQuestion, after: int) -> tuple[str, Arguments]:
    """SQL: position and customer of the events behind ``after`` that may have moved the figure, with its arguments."""
    source, args = MEASURES[asked.figure].source, Arguments()
    behind = _Behind(view, asked, args, after)
    sources = [touch(behind) for touch in _TOUCHES.get(source, _MONEY)]
    by_portfolio = asked.parameters.segment is not None or asked.parameters.salesperson is not None
    if by_portfolio and _amendments not in _TOUCHES.get(source, ()):
        sources.append(_amendments(behind))
    merged = await _ever_merged(view)
    events = " union all ".join(sources)
    everyone = list[str]()
    if source == "insured":  # a contract, whomever the figure is about
        everyone.append(f"union all select e.* from ({events}) e where e.customer_id = '{ANYONE}'")
    if source in _LINKS and (links := await _linked(view, asked, source)):
        with_links = args.add([one for one, _ in links]), args.add([other for _, other in links])
        sources.append(
            f"""select e.position, l.with_it from ({events}) e
                join unnest({with_links[0]}::text[], {with_links[1]}::text[]) as l(moved, with_it)
                    on l.moved = e.customer_id"""
        )
        # Records of one debtor may be linked by any of them.
        everyone.append(
            f"""union all select e.position, '{ANYONE}' from ({events}) e
                where e.customer_id = any({args.add(sorted(merged))}::text[])"""
        )
    if by_portfolio or asked.customer_id is not None or source in BY_DEBTOR:
        everyone.append(
            f"""union all select g.position, '{ANYONE}' from {view.schema}.merge g
                where {behind.counted("g")}"""
        )
    covered = _covered(args, view, asked, sorted(merged))
    return f"select e.* from ({' union all '.join(sources)}) e where {covered} {''.join(everyone)}", args


async def _ever_merged(view: View) -> set[str]:
    """Return all customers that ever took part in a merge: they may have been one debtor."""
    known = await merges(view.conn, view.schema)
    return {name for each in known for name in (each.customer_id, each.into_id) if name is not None}


async def _linked(view: View, asked: FigureQuestion, source: PartSource) -> list[tuple[str, str]]:
    args = Arguments()
    rows = await view.conn.fetch(_LINKS[source](_Behind(view, asked, args, 0)), *args)
    return [(row["moved"], row["with_it"]) for row in rows]


def _covered(args: Arguments, view: View, asked: FigureQuestion, merged: Sequence[str]) -> str:
    """SQL: true of an event ``e`` of a customer that the figure may have covered at any position."""
    conditions = ["true"]
    if asked.customer_id is not None:
        own = merged if asked.customer_id in merged else [asked.customer_id]
        conditions.append(f"e.customer_id = any({args.add(own)}::text[])")
    for column, wanted in (
        ("segment", asked.parameters.segment),
        ("salesperson", asked.parameters.salesperson),
    ):
        if wanted is not None:
            had = f"select p.customer_id from {view.schema}.portfolio p where p.{column} = {args.add(wanted)}"
            conditions.append(
                f"(e.customer_id in ({had}) or e.customer_id = any({args.add(merged)}::text[]))"
            )
    return " and ".join(conditions)
