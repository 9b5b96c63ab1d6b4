"""Aged figures per entity, customer and currency, from the cheapest tables that can answer.

``balance``: the day of the rows' aging, standard bands, all that is known. ``item``: another day or other
bands, still all that is known and nothing that counts later. ``movement``: any day, known at any position.
The three agree wherever they overlap (a property test compares them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from encours.kernel.bands import STANDARD, Bands
from encours.reading.pages import Page
from encours.reading.where import Arguments, ViewWhere
from reporting_svc.domain.measures.ratios import ratio
from reporting_svc.read_models.aged_balance.sources import (
    BESIDE,
    Source,
    columns_of,
    figures_sql,
    of_debtors,
    source_of,
)
from reporting_svc.read_models.receivables.conversion import ReportConversion, require_every_rate
from reporting_svc.read_models.receivables.groups import FieldGroup, GroupBy, PartyGroup, grouping
from reporting_svc.read_models.receivables.named import NAMED, named_of_debtors
from reporting_svc.read_models.receivables.rows import ROW_KEY
from reporting_svc.read_models.receivables.scope import Scope, SeveralCurrencies
from reporting_svc.read_models.receivables.subtotals import Basis

if TYPE_CHECKING:
    from encours.reading.moment import View

Record = Mapping[str, Any]
"""A record of the database."""

SORTS = {"outstanding": "outstanding", "overdue": "overdue", "name": "name_key", "customer_id": "row_key"}
KEY = "row_key"
KEY_AND_CURRENCY = f"({ROW_KEY}) || ' ' || f.currency"
"""Key of rows of several currencies."""
_JOINED = (
    "left join named n on (n.entity, n.customer_id, n.currency) = ({0}.entity, {0}.customer_id, {0}.currency)"
)
_CUSTOMERS = "count(*) filter (where f.customer_id <> '') as customers"
"""SQL: number of debtors, without the money of which the payer is not yet identified."""
_PAST_90 = STANDARD.thresholds.index(90)
ROWS_MAX = 1_000_000
"""Rows of customers that a process keeps in memory."""
_CONVERTED = ("converted", "converted_overdue", "converted_not_due")
"""Columns of a group in the currency of a report."""
PART_OF_CURRENCY = 2
"""Mark of the rows of a statement that are :class:`CurrencyPart`."""


def every_row(most: int = ROWS_MAX) -> Page:
    """Return the page of all rows, by customer, up to a number of them."""
    return Page(limit=most, columns=(KEY,), descending=False, nullable=False, last=None, check="")


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
    promised: int = 0
    placed: int = 0
    insured: int = 0
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
    def past_90(self) -> int:
        """Amount more than 90 days past its due date, disputed or not, by the standard bands."""
        return sum(self.bands[_PAST_90 + 1 :])

    @property
    def past_90_share(self) -> Fraction | None:
        """Share of that in the bands; ``None`` where nothing is open (``past-90/1``)."""
        return ratio(self.past_90, sum(self.bands))

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
    rows: tuple[Record, ...]
    source: Source
    columns: tuple[str, ...]
    parts: tuple[CurrencyPart, ...] = ()
    """Of converted figures: what is outstanding of each entity in each currency."""

    def one_currency(self) -> Figures | None:
        """Return the sum of the only currency; None if the scope is empty. Raises :class:`SeveralCurrencies`."""
        if len(self.sums) > 1:
            raise SeveralCurrencies([figures.currency for figures in self.sums])
        return self.sums[0] if self.sums else None

    def figures(self, row: Record) -> Figures:
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
    key: str = ROW_KEY,
) -> Aged:
    """Return sums and, if asked for, one page of rows; with a conversion all are in its currency.

    ``key``: SQL of the key that ends the order of the rows.

    Raises :class:`ReportRateMissing`.
    """
    source = await source_of(view, bands, basis)
    args = Arguments()
    columns = columns_of(bands)
    kept = "not materialized" if source == "balance" else "materialized"
    records, figures = await _debtors(args, view, scope, bands, basis, source, kept)
    named = await named_of_debtors(args, view, scope, now=source != "movement")
    parts = ""
    if conversion is not None:
        records += f"own as materialized ({figures}), "
        rates, wanted = conversion.sql(args), args.add(conversion.currency)
        figures, parts = _converted(columns, rates, wanted), _parts(columns, rates)
        named = _named_converted(named, rates, wanted)
    statement = f"""
        with {records}figures as {kept} ({figures}), named as materialized ({named})
        select 0 as part, 0 as ordinal, '' as entity, '' as customer_id, f.currency, {_CUSTOMERS},
               {_sums(columns)}, null as name, null as external_ref, 0::bigint as outstanding, 0::bigint as overdue,
               '' as name_key, '' as row_key
        from figures f {_JOINED.format("f")} group by f.currency
    """
    if page is not None:
        statement += f" union all {_page(args, view, columns, page, key)}"
    if parts:
        statement += f" union all {parts}"
    found = cast(
        "list[Record]", await view.conn.fetch(statement + " order by part, ordinal, currency", *args)
    )
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


@dataclass(frozen=True, slots=True)
class AgedGroup:
    """Sums of a group of customers in one currency; ``group`` is null for those that are in none."""

    group: str | None
    figures: Figures
    converted_minor: int | None = None
    """Outstanding amount in the currency of the report; ``None`` without a conversion, as the two below."""
    converted_overdue_minor: int | None = None
    converted_not_due_minor: int | None = None
    """The first band."""


async def aged_groups(
    view: View,
    scope: Scope,
    by: GroupBy | PartyGroup | FieldGroup | None,
    bands: Bands = STANDARD,
    basis: Basis = "due_on",
    conversion: ReportConversion | None = None,
) -> list[AgedGroup]:
    """Return the sums of each group and currency, in order; those without a group come last.

    With a conversion also in its currency, each debtor's amounts at the rate of its creditor. Raises
    :class:`ReportRateMissing`.
    """
    source = await source_of(view, bands, basis)
    args = Arguments()
    columns = columns_of(bands)
    records, figures = await _debtors(args, view, scope, bands, basis, source, "materialized")
    named = await named_of_debtors(args, view, scope, now=source != "movement")
    group = grouping(args, view, scope, by, "f")
    rated, in_one = "", ", ".join(f"null::bigint as {column}" for column in _CONVERTED)
    if conversion is not None:
        await require_every_rate(view, scope, conversion)
        rated = f"left join {conversion.sql(args)} r on (r.entity, r.currency) = (f.entity, f.currency)"
        # Each column is rounded by itself, as in the sums of all, so that the groups add up to these.
        late = " + ".join(f"round(f.b{n} * r.factor)" for n in range(1, len(bands.names)))
        in_one = f"""
            sum(round(f.b0 * r.factor) + {late} - round(f.unapplied * r.factor))::bigint as converted,
            sum({late} - round(f.late_conceded * r.factor))::bigint as converted_overdue,
            sum(round(f.b0 * r.factor))::bigint as converted_not_due"""
    found = await view.conn.fetch(
        f"""
        with {records}figures as materialized ({figures}), named as materialized ({named})
        select {group.value} as value, f.currency, {_CUSTOMERS}, {_sums(columns)}, '' as entity,
               '' as customer_id, null as name, null as external_ref, {in_one}
        from figures f {_JOINED.format("f")} {group.join} {rated} group by 1, 2
        order by {group.value} collate "C" nulls last, f.currency
        """,
        *args,
    )
    return [
        AgedGroup(row["value"], _figures(row, columns), *(row[column] for column in _CONVERTED))
        for row in cast("list[Record]", found)
    ]


async def _debtors(
    args: Arguments, view: View, scope: Scope, bands: Bands, basis: Basis, source: Source, kept: str
) -> tuple[str, str]:
    """SQL: the relations that the figures by debtor need, and these figures."""
    figures = await figures_sql(source, args, view, scope, bands, basis)
    if not scope.merged.merged:
        return "", figures
    return f"records as {kept} ({figures}), ", of_debtors(args, scope, columns_of(bands))


def _sums(columns: Sequence[str]) -> str:
    """SQL: the columns of figures ``f`` and of the named parts ``n``, added up."""
    own = [f"sum(f.{column})::bigint as {column}" for column in columns]
    return ", ".join([*own, *(f"coalesce(sum(n.{column}), 0)::bigint as {column}" for column in NAMED)])


def _named_converted(named: str, rates: str, currency: str) -> str:
    """SQL: named parts of each debtor in one currency."""
    converted = ", ".join(f"coalesce(sum({_rounded(c)}), 0)::bigint as {c}" for c in NAMED)
    return f"""
        select o.entity, o.customer_id, {currency}::text as currency, {converted}
        from ({named}) o left join {rates} r using (entity, currency) group by o.entity, o.customer_id
    """


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
    shown = ", ".join(
        f"{converted} as {c}" if c == "ledger" else f"0::bigint as {c}" for c in (*columns, *NAMED)
    )
    return f"""
        select {PART_OF_CURRENCY}, 0, o.entity, '', o.currency, 0, {shown}, null, null,
               sum(o.open_items - o.unapplied)::bigint, 0::bigint, '', ''
        from own o left join {rates} r using (entity, currency) group by o.entity, o.currency
    """


def _figures(record: Record, columns: Sequence[str]) -> Figures:
    return Figures(
        currency=record["currency"],
        bands=tuple(record[c] for c in columns[: -len(BESIDE)]),
        **{column: record[column] for column in (*BESIDE, *NAMED)},
        customers=record["customers"],
        entity=record["entity"],
        customer_id=record["customer_id"],
        name=record["name"],
        external_ref=record["external_ref"],
    )


def _page(args: Arguments, view: View, columns: list[str], page: Page, key: str) -> str:
    """SQL: the rows behind the cursor. Names are looked up for the page alone unless they make the order."""
    bands = [c for c in columns if c.startswith("b")]
    by_name = "name_key" in page.columns
    name_key = "coalesce(c.name_key, '')" if by_name else "''"
    joined = f"left join {view.schema}.customer c using (customer_id, entity)" if by_name else ""
    late = " + ".join(f"f.{b}" for b in bands[1:])
    keyed = f"""(
        select f.*, f.open_items - f.unapplied as outstanding, {late} - f.late_conceded as overdue,
               {name_key} as name_key, {key} as row_key
        from figures f {joined}
    ) keyed"""
    return f"""
        select 1, p.ordinal::int, p.entity, p.customer_id, p.currency, 1,
               {", ".join(f"p.{c}" for c in columns)}, {", ".join(f"coalesce(n.{c}, 0)" for c in NAMED)},
               c.name, c.external_ref, p.outstanding, p.overdue, p.name_key, p.row_key
        from (
            select ordered.*, row_number() over () as ordinal
            from ({ViewWhere(view, entity="entity", arguments=args).page_sql(page, "*", keyed)}) ordered
        ) p {_JOINED.format("p")} left join {view.schema}.customer c on c.customer_id = p.customer_id
    """
