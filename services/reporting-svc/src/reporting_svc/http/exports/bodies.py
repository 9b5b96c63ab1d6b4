"""Bodies of exports."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from encours.contracts.events.schedule import CountedBy, ReportOptions
from encours.http.models import Body, BusinessDate, Id, ShortText
from encours.kernel.bands import Bands
from encours.kernel.errors import Invalid
from reporting_svc.exports.requests import RequestExport
from reporting_svc.exports.store import REPORTS, Layout
from reporting_svc.http.aged_balance.routes import BANDS, GroupName

FINANCIAL_YEAR_DAYS = 731
"""More than the longest financial year, that of a company's first 24 months, can have."""
_OPTIONS = ("bands", "by", "segment", "salesperson", "collector", "group_by")
"""Fields that only a report has."""
_TABLES = ("csv", "xlsx", "parquet")
_FEC = "A FEC has a financial year, and no layout or day: leave {} out."
Number = Annotated[str, Field(min_length=3, max_length=12)]


class ExportedBody(Body):
    """A file that is asked for, but for its days."""

    kind: Literal["fec", "journal", "aged_balance", "open_items"]
    entity_id: Annotated[str, Id("ent")]
    layout: Literal["sage", "cegid", "quadra", "csv", "xlsx", "parquet"] | None = Field(
        default=None, description="Of a journal; of a report csv, xlsx or parquet."
    )
    bands: str | None = Field(
        default=None,
        max_length=80,
        pattern=BANDS,
        description="Of a report: last days of the closed bands.",
        examples=["30,60,90"],
    )
    by: CountedBy | None = Field(
        default=None,
        description="Of a report: the date that days are counted from; `due_date` if not given.",
    )
    segment: ShortText | None = Field(default=None, description="Of a report: customers of this segment.")
    salesperson: ShortText | None = Field(
        default=None, description="Of a report: customers of this salesperson."
    )
    collector: ShortText | None = Field(
        default=None, description="Of a report: customers that this collector owns on as_of, by the code."
    )
    group_by: GroupName | None = Field(
        default=None,
        description="Of an aged balance: a row for each group and currency, as in `GET /v1/aged-balance/groups`.",
    )
    accounts: dict[str, Number] = Field(
        default={},
        max_length=40,
        description="Numbers of accounts by purpose, in place of the default ones: `sales`, `bank`, `vat_2000` … "
        "A completed export lists all of them.",
        examples=[{"sales": "706000", "vat_2000": "445712"}],
    )

    def content(self, at: str = "") -> tuple[Layout, ReportOptions | None]:
        """Return the layout, and the options of a report. ``at``: pointer to the body.

        Raises :class:`Invalid` for fields that do not belong together.
        """
        is_report = self.kind in REPORTS
        for name in () if is_report else _OPTIONS:
            if getattr(self, name) is not None:
                raise Invalid(f"Only a report has {name}: leave it out.", f"{at}/{name}")
        if self.kind == "fec":
            if self.layout is not None:
                raise Invalid(_FEC.format("layout"), f"{at}/layout")
            return "fec", None
        if self.layout is None:
            raise Invalid(
                "Name a layout: sage, cegid or quadra for a journal; csv, xlsx or parquet for a journal or a report.",
                f"{at}/layout",
            )
        if not is_report:
            return self.layout, None
        if self.layout not in _TABLES:
            raise Invalid("The layouts of a report are csv, xlsx and parquet.", f"{at}/layout")
        if self.accounts:
            raise Invalid("A report has no accounts: leave accounts out.", f"{at}/accounts")
        if self.bands is not None:
            try:
                Bands.parse(self.bands)
            except Invalid as refused:
                raise Invalid(refused.detail, f"{at}/bands") from None
        if self.group_by is not None and self.kind != "aged_balance":
            raise Invalid("Only an aged balance has groups: leave group_by out.", f"{at}/group_by")
        return self.layout, ReportOptions(
            bands=self.bands,
            by=self.by or "due_date",
            segment=self.segment,
            salesperson=self.salesperson,
            collector=self.collector,
            group_by=self.group_by,
        )


class ExportBody(ExportedBody):
    """A file to be written: the FEC of a year, a journal of some days, or a report of a day."""

    year: Annotated[int, Field(ge=1990, le=2999, strict=True)] | None = Field(
        default=None,
        description="Of a FEC: the calendar year that is the financial year; of any other, `from` and `to`.",
    )
    from_: BusinessDate | None = Field(
        default=None, alias="from", description="Of a journal or a FEC: the first day."
    )
    to: BusinessDate | None = Field(default=None, description="Of a journal or a FEC: the last day.")
    as_of: BusinessDate | None = Field(default=None, description="Of a report: its business date.")
    position: Annotated[int, Field(ge=1, strict=True)] | None = Field(
        default=None, description="Read events up to this position only, to repeat an earlier export."
    )

    def to_command(self) -> RequestExport:
        """Return the request. Raises :class:`Invalid` for fields that do not belong together."""
        layout, report = self.content()
        begins_at = "/from" if self.year is None else "/year"
        if self.kind == "fec":
            first, last = self._financial_year()
        elif self.kind == "journal":
            first, last = self._days()
        else:
            first = last = self._day()
            begins_at = "/as_of"
        return RequestExport(
            self.kind, layout, self.entity_id, first, last, self.accounts, self.position, report, begins_at
        )

    def _financial_year(self) -> tuple[date, date]:
        """Return its first and last day: of the calendar year, or as named."""
        if self.as_of is not None:
            raise Invalid(_FEC.format("as_of"), "/as_of")
        if self.year is not None:
            if self.from_ is not None or self.to is not None:
                raise Invalid("Name the calendar year, or from and to.", "/year")
            return date(self.year, 1, 1), date(self.year, 12, 31)
        if self.from_ is None or self.to is None:
            raise Invalid("Name the year of the FEC, or its first and last day, from and to.", "/year")
        if not 0 <= (self.to - self.from_).days < FINANCIAL_YEAR_DAYS:
            raise Invalid("A financial year has one day at least, and 24 months at most.", "/to")
        return self.from_, self.to

    def _days(self) -> tuple[date, date]:
        if self.from_ is None or self.to is None or self.year is not None or self.as_of is not None:
            raise Invalid("Name the first and the last day of the journal, from and to.", "/from")
        if self.to < self.from_:
            raise Invalid(f"The period ends before it begins, on {self.from_}.", "/to")
        return self.from_, self.to

    def _day(self) -> date:
        if self.as_of is None or self.from_ is not None or self.to is not None or self.year is not None:
            raise Invalid("Name the business date of the report, as_of.", "/as_of")
        return self.as_of
