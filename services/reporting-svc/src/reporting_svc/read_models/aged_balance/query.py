"""Aged figures per entity, customer and currency, from the cheapest tables that can answer.

``balance``: the day of the rows' aging, standard bands, all that is known. ``item``: another day or other
bands, still all that is known and nothing that counts later. ``movement``: any day, known at any position.
The three agree wherever they overlap (a property test compares them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

from encours.kernel.bands import STANDARD, Bands
from encours.reading.merges import merged_sql
from encours.reading.where import Arguments, ViewWhere
from reporting_svc.read_models.receivables.conversion import ReportConversion
from reporting_svc.read_models.receivables.parts import instalments_now, parts_then, undivided_now
from reporting_svc.read_models.receivables.query import apart_sql, later_sql
from reporting_svc.read_models.receivables.rows import AGING_DAY_ID, CUSTOMER_ID, ENTITY_ID, ROW_KEY
from reporting_svc.read_models.receivables.scope import Scope, ScopeWhere, SeveralCurrencies

if TYPE_CHECKING:
    from encours.reading.moment import View
    from encours.reading.pages import Page

Basis = Literal["due_on", "issued_on"]
Row = Mapping[str, Any]
"""A record of the database."""
Source = Literal["balance", "item", "movement"]

SORTS = {"outstanding": "outstanding", "overdue": "overdue", "name": "name_key", "customer_id": "row_key"}
KEY = "row_key"
PART_OF_CURRENCY = 2
"""Mark of the rows of a statement that are :class:`CurrencyPart`."""
_BESIDE = ("disputed", "conceded", "late_conceded", "on_plan", "unapplied", "open_items", "ledger")
"""Columns beside the bands."""
_PARTS = _BESIDE[:4]
"""Columns of amounts that are parts of the bands."""


PAST_WORK_MEM = "64MB"
"""For movements joined with a million items: with the default of 4 MB the join goes through temporary files."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Minor units. The three sums are reached independently: by bands, by items, and by the account's movements."""

    currency: str
    bands: tuple[int, ...]
    disputed: int
    conceded: int
    late_conceded: int
    on_plan: int
    unapplied: int
    open_items: int
    ledger: int
    customers: int = 1
    entity: str = ""
    customer_id: str = ""
    name: str | None = None
    external_ref: str | None = None

    @classmethod
    def none(cls, currency: str, bands: Bands) -> Figures:
        """Return the figures of an empty scope."""
        return cls(currency, (0,) * len(bands.names), 0, 0, 0, 0, 0, 0, 0, customers=0)

    @property
    def outstanding(self) -> int:
        """Σ bands − unapplied cash."""
        return sum(self.bands) - self.unapplied

    @property
    def overdue(self) -> int:
        """Amount past its due date, disputed or not, less what was conceded of it: that is no longer owed."""
        return sum(self.bands[1:]) - self.late_conceded

    @property
    def tied(self) -> bool:
        """Bands = open items = account."""
        return self.outstanding == self.open_items - self.unapplied == self.ledger


@dataclass(frozen=True, slots=True)
class CurrencyPart:
    """Outstanding amount of an entity in one currency, and what it is in that of the report; minor units."""

    entity: str
    currency: str
    outstanding_minor: int
    converted_minor: int


@dataclass(frozen=True, slots=True)
class Aged:
    """``rows`` is the page; ``sums`` has one element per currency in scope; ``source`` names the tables read."""

    sums: tuple[Figures, ...]
    rows: tuple[Row, ...]
    source: Source
    columns: tuple[str, ...]
    parts: tuple[CurrencyPart, ...] = ()
    """Of converted figures: what is outstanding of each entity in each currency."""

    def one_currency(self) -> Figures | None:
        """The sum; nothing if the scope is empty. Raises :class:`SeveralCurrencies`."""
        if len(self.sums) > 1:
            raise SeveralCurrencies([figures.currency for figures in self.sums])
        return self.sums[0] if self.sums else None

    def figures(self, row: Row) -> Figures:
        """Return the figures of one of :attr:`rows`; the page needs the records, whose last one marks its end."""
        return _figures(row, self.columns)


async def aged(
    view: View,
    scope: Scope,
    *,
    bands: Bands = STANDARD,
    basis: Basis = "due_on",
    page: Page | None = None,
    conversion: ReportConversion | None = None,
) -> Aged:
    """Return sums and, if asked for, one page of rows; with a conversion all are in its currency.

    Raises :class:`ReportRateMissing`.
    """
    source = await _source(view, bands, basis)
    args = Arguments()
    columns = _columns(bands)
    figures = _FIGURES[source](args, view, scope, bands, basis)
    kept = "not materialized" if source == "balance" else "materialized"
    if scope.merged.merged:
        records, figures = f"records as {kept} ({figures}), ", _of_debtors(args, scope, columns)
    else:
        records = ""
    parts = ""
    if conversion is not None:
        records += f"own as materialized ({figures}), "
        rates = conversion.sql(args)
        figures, parts = _converted(columns, rates, args.add(conversion.currency)), _parts(columns, rates)
    sums = ", ".join(f"sum({c})::bigint as {c}" for c in columns)
    statement = f"""
        with {records}figures as {kept} ({figures})
        select 0 as part, 0 as place, '' as entity, '' as customer_id, currency, count(*) as customers, {sums},
               null as name, null as external_ref, 0::bigint as outstanding, 0::bigint as overdue, '' as name_key,
               '' as row_key
        from figures group by currency
    """
    if page is not None:
        statement += f" union all {_page(args, view, columns, page)}"
    if parts:
        statement += f" union all {parts}"
    if source == "movement":
        await view.conn.execute(f"set local work_mem = '{PAST_WORK_MEM}'")
    found = cast("list[Row]", await view.conn.fetch(statement + " order by part, place", *args))
    if conversion is not None:
        conversion.require({(r["entity"], r["currency"]) for r in found if r["part"] == PART_OF_CURRENCY})
    return Aged(
        sums=tuple(_figures(r, columns) for r in found if r["part"] == 0),
        rows=tuple(r for r in found if r["part"] == 1),
        source=source,
        columns=tuple(columns),
        parts=tuple(
            CurrencyPart(r["entity"], r["currency"], r["outstanding"], r["ledger"])
            for r in found
            if r["part"] == PART_OF_CURRENCY
        ),
    )


def _converted(columns: list[str], rates: str, currency: str) -> str:
    """SQL: figures of each debtor in one currency. Amounts that tie out in their own currency do so in this one."""
    bands = [c for c in columns if c.startswith("b")]
    banded, in_bands = " + ".join(f"o.{b}" for b in bands), " + ".join(_rounded(b) for b in bands)
    exact = {c: f"sum({_rounded(c)})" for c in columns}
    exact["open_items"] = (
        f"sum(case when o.open_items = {banded} then {in_bands} else {_rounded('open_items')} end)"
    )
    tied = f"{in_bands} - {_rounded('unapplied')}"
    exact["ledger"] = (
        f"sum(case when o.ledger = {banded} - o.unapplied then {tied} else {_rounded('ledger')} end)"
    )
    return f"""
        select o.entity, o.customer_id, {currency}::text as currency,
               {", ".join(f"coalesce({exact[c]}, 0)::bigint as {c}" for c in columns)}
        from own o left join {rates} r using (entity, currency) group by o.entity, o.customer_id
    """


def _rounded(column: str) -> str:
    return f"round(o.{column} * r.factor)"


def _parts(columns: list[str], rates: str) -> str:
    """SQL: rows of the parts by currency: ``ledger`` is converted, ``outstanding`` is not."""
    bands = " + ".join(_rounded(c) for c in columns if c.startswith("b"))
    converted = f"coalesce(sum({bands} - {_rounded('unapplied')}), 0)::bigint"
    shown = ", ".join(f"{converted} as {c}" if c == "ledger" else f"0::bigint as {c}" for c in columns)
    return f"""
        select {PART_OF_CURRENCY}, 0, o.entity, '', o.currency, 0, {shown}, null, null,
               sum(o.open_items - o.unapplied)::bigint, 0::bigint, '', ''
        from own o left join {rates} r using (entity, currency) group by o.entity, o.currency
    """


def _columns(bands: Bands) -> list[str]:
    return [*(f"b{n}" for n in range(len(bands.names))), *_BESIDE]


def _figures(record: Row, columns: Sequence[str]) -> Figures:
    return Figures(
        currency=record["currency"],
        bands=tuple(record[c] for c in columns[: -len(_BESIDE)]),
        **{column: record[column] for column in _BESIDE},
        customers=record["customers"],
        entity=record["entity"],
        customer_id=record["customer_id"],
        name=record["name"],
        external_ref=record["external_ref"],
    )


def _page(args: Arguments, view: View, columns: list[str], page: Page) -> str:
    """SQL: the rows behind the cursor. Names are looked up for the page alone unless they make the order."""
    bands = [c for c in columns if c.startswith("b")]
    by_name = "name_key" in page.columns
    name_key = "coalesce(c.name_key, '')" if by_name else "''"
    joined = f"left join {view.schema}.customer c using (customer_id, entity)" if by_name else ""
    late = " + ".join(f"f.{b}" for b in bands[1:])
    keyed = f"""(
        select f.*, f.open_items - f.unapplied as outstanding, {late} - f.late_conceded as overdue,
               {name_key} as name_key, {ROW_KEY} as row_key
        from figures f {joined}
    ) keyed"""
    return f"""
        select 1, p.place::int, p.entity, p.customer_id, p.currency, 1,
               {", ".join(f"p.{c}" for c in columns)}, c.name, c.external_ref, p.outstanding, p.overdue, p.name_key,
               p.row_key
        from (
            select ordered.*, row_number() over () as place
            from ({ViewWhere(view, entity="entity", arguments=args).page_sql(page, "*", keyed)}) ordered
        ) p left join {view.schema}.customer c using (customer_id)
    """


async def _source(view: View, bands: Bands, basis: Basis) -> Source:
    if not view.time.is_now:
        return "movement"
    aged_today = f"(select day from {view.schema}.aging_day where id = $2) = $1::date"
    row = await view.conn.fetchrow(
        f"select {later_sql(view.schema)}, {aged_today}", view.time.as_of, AGING_DAY_ID
    )
    assert row is not None  # there is no table that it could be empty of
    later, today = row
    if later:
        return "movement"
    return "balance" if today and bands == STANDARD and basis == "due_on" else "item"


def _from_balance(args: Arguments, view: View, scope: Scope, bands: Bands, basis: Basis) -> str:
    columns = [f"band_{n}_minor" for n in range(len(bands.names))]
    named = ", ".join(f"b.{column} as b{n}" for n, column in enumerate(columns))
    something = " or ".join(
        f"b.{c} <> 0" for c in [*columns, "unapplied_minor", "open_minor", "account_minor"]
    )
    return f"""
        select b.entity, b.customer_id, b.currency, {named}, b.disputed_minor as disputed,
               b.conceded_minor as conceded, b.late_conceded_minor as late_conceded, b.planned_minor as on_plan,
               b.unapplied_minor as unapplied,
               b.open_minor as open_items, b.account_minor as ledger
        from {view.schema}.balance b where {ScopeWhere(view, scope, "b", args).sql} and ({something})
    """


def _from_items(args: Arguments, view: View, scope: Scope, bands: Bands, basis: Basis) -> str:
    """Open items as they are now, in the bands of another day; cash and account as they are now."""
    parts = (undivided_now(args, view, scope), instalments_now(args, view, scope))
    rest = f"""
        select b.entity, b.customer_id, b.currency, {_nothing(bands)}, 0, 0, 0, 0, b.unapplied_minor, 0, b.account_minor
        from {view.schema}.balance b where {ScopeWhere(view, scope, "b", args).sql}
    """
    return _together([*(_of_parts(args, view, each, bands, basis) for each in parts), rest], bands)


def _of_parts(args: Arguments, view: View, parts: str, bands: Bands, basis: Basis) -> str:
    in_bands = _banded(args, "p.open_minor", f"p.{basis}", view.time.as_of, bands)
    return f"""
        select p.entity, p.customer_id, p.currency, {in_bands},
               {_shares(args, f"p.{basis}", view.time.as_of)}, 0::bigint as unapplied,
               sum(p.open_minor)::bigint as open_items, 0::bigint as ledger
        from ({parts}) p group by p.entity, p.customer_id, p.currency
    """


def _from_movements(args: Arguments, view: View, scope: Scope, bands: Bands, basis: Basis) -> str:
    """Everything that counted by the day and was known at the position, added up.

    Bands are sums of movements by the dates of their invoices, so one pass over the movements gives all but the
    contested, conceded and planned parts, which are bounded by what is open on each invoice, and the bands of invoices
    that ever had instalments.
    """
    of_item = "case when i.invoice_id is not null then m.item_minor end"
    moved = f"""
        select {ENTITY_ID.sql("entity")} as entity, {CUSTOMER_ID.sql("customer_id")} as customer_id, currency,
               {", ".join(_columns(bands))}
        from (
            select m.entity, m.customer_id, m.currency, {_banded(args, of_item, f"i.{basis}", view.time.as_of, bands)},
                   0::bigint as disputed, 0::bigint as conceded, 0::bigint as late_conceded, 0::bigint as on_plan,
                   sum(m.cash_minor)::bigint as unapplied,
                   sum(m.item_minor)::bigint as open_items, sum(m.account_minor)::bigint as ledger
            from {view.schema}.movement m
            left join {view.schema}.item i on i.invoice_id = m.invoice_id and i.schedule is null
            where {ScopeWhere(view, scope, "m", args, packed=True).counted().sql}
            group by m.entity, m.customer_id, m.currency
        ) moved
    """
    of_part = "case when p.is_divided then p.open_minor end"
    apart = f"""
        select p.entity, p.customer_id, p.currency, {_banded(args, of_part, f"p.{basis}", view.time.as_of, bands)},
               {_shares(args, f"p.{basis}", view.time.as_of)}, 0, 0, 0
        from ({parts_then(args, view, scope, among=apart_sql(view.schema))}) p
        group by p.entity, p.customer_id, p.currency
    """
    return _together([moved, apart], bands)


_FIGURES = {"balance": _from_balance, "item": _from_items, "movement": _from_movements}


def _of_debtors(args: Arguments, scope: Scope, columns: Sequence[str]) -> str:
    """SQL: the figures in ``records`` by debtor: those of merged records are added to their survivor's."""
    merged = scope.merged.merged
    # A subquery is hashed once, under every plan; a comparison with the elements of an array is not.
    touched = f"(select unnest({args.add(sorted({*merged, *merged.values()}))}::text[]))"
    added = ", ".join(f"sum({c})::bigint as {c}" for c in columns)
    something = " or ".join(f"sum({c}) <> 0" for c in columns if c not in _PARTS)
    return f"""
        select entity, customer_id, currency, {", ".join(columns)} from records where customer_id not in {touched}
        union all
        select r.entity, coalesce(m.survivor_id, r.customer_id), r.currency, {added}
        from records r left join {merged_sql(scope.merged, args)} m using (customer_id)
        where r.customer_id in {touched} group by 1, 2, 3 having {something}
    """


def _banded(args: Arguments, amount: str, counted_from: str, as_of: date, bands: Bands) -> str:
    """The bands as differences of what is past each threshold: one comparison a row and threshold.

    Equal aggregates of one statement are computed once.
    """
    past = [f"coalesce(sum({amount}), 0)"]
    for threshold in bands.thresholds:
        before = args.add(as_of - timedelta(days=threshold))
        past.append(f"coalesce(sum({amount}) filter (where {counted_from} < {before}::date), 0)")
    beyond = [*past[1:], "0"]
    return ", ".join(
        f"({here} - {further})::bigint as b{n}"
        for n, (here, further) in enumerate(zip(past, beyond, strict=True))
    )


def _shares(args: Arguments, counted_from: str, as_of: date) -> str:
    """SQL: the contested, the conceded and the planned part, and the conceded part past the first threshold."""
    late = f"filter (where {counted_from} < {args.add(as_of)}::date)"
    return (
        "sum(p.disputed_minor)::bigint as disputed, sum(p.conceded_minor)::bigint as conceded, "
        f"coalesce(sum(p.conceded_minor) {late}, 0)::bigint as late_conceded, sum(p.planned_minor)::bigint as on_plan"
    )


def _nothing(bands: Bands) -> str:
    return ", ".join("0" for _ in bands.names)


def _together(parts: list[str], bands: Bands) -> str:
    columns = _columns(bands)
    added = ", ".join(f"sum({c})::bigint as {c}" for c in columns)
    something = " or ".join(f"sum({c}) <> 0" for c in columns if c not in _PARTS)
    return f"""
        select entity, customer_id, currency, {added} from ({" union all ".join(parts)}) as part
        group by entity, customer_id, currency having {something}
    """
