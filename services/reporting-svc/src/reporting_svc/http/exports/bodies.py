"""Body of an export."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from encours.http.models import Body, BusinessDate, Id, ShortText
from encours.kernel.bands import Bands
from encours.kernel.errors import Invalid
from reporting_svc.exports.requests import RequestExport
from reporting_svc.exports.store import ExportKind, Layout, ReportOptions
from reporting_svc.http.aged_balance.routes import BANDS, GROUP_BY
from reporting_svc.read_models.aged_balance.basis import CountedBy

FINANCIAL_YEAR_DAYS = 731
"""More than the longest financial year, that of a company's first 24 months, can have."""
OPTIONS = ("bands", "by", "segment", "salesperson", "collector", "group_by")
"""Members that a report has and no entries have."""
Number = Annotated[str, Field(min_length=3, max_length=12)]


class ExportBody(Body):
    """A file to be written: the FEC of a year, a journal of some days, or a report of a day."""

    kind: Literal["fec", "journal", "aged_balance", "open_items"]
    entity_id: Annotated[str, Id("ent")]
    year: Annotated[int, Field(ge=1990, le=2999, strict=True)] | None = Field(
        default=None,
        description="Of a FEC: the calendar year that is the financial year; of any other, `from` and `to`.",
    )
    layout: Literal["sage", "cegid", "quadra", "csv", "xlsx", "parquet"] | None = Field(
        default=None, description="Of a journal; of a report csv, xlsx or parquet."
    )
    from_: BusinessDate | None = Field(
        default=None, alias="from", description="Of a journal or a FEC: the first day."
    )
    to: BusinessDate | None = Field(default=None, description="Of a journal or a FEC: the last day.")
    as_of: BusinessDate | None = Field(default=None, description="Of a report: its business date.")
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
    group_by: str | None = Field(
        default=None,
        pattern=GROUP_BY,
        description="Of an aged balance: a row for each group and currency, as in `GET /v1/aged-balance/groups`.",
        examples=["collector"],
    )
    accounts: dict[str, Number] = Field(
        default={},
        max_length=40,
        description="Numbers of accounts by purpose, in place of the default ones: `sales`, `bank`, `vat_2000` … "
        "A completed export lists all of them.",
        examples=[{"sales": "706000", "vat_2000": "445712"}],
    )
    position: Annotated[int, Field(ge=1, strict=True)] | None = Field(
        default=None, description="Read events up to this position only, to repeat an earlier export."
    )

    def to_command(self) -> RequestExport:
        """Return the request. Raises :class:`Invalid` for fields that do not belong together."""
        if self.kind in ("fec", "journal"):
            for name in OPTIONS:
                if getattr(self, name) is not None:
                    raise Invalid(f"Only a report has {name}: leave it out.", f"/{name}")
        if self.kind == "fec":
            for name, given in (("layout", self.layout), ("as_of", self.as_of)):
                if given is not None:
                    raise Invalid(
                        f"A FEC has a financial year, and no layout or day: leave {name} out.", f"/{name}"
                    )
            first, last = self._financial_year()
            return RequestExport("fec", "fec", self.entity_id, first, last, self.accounts, self.position)
        if self.layout is None:
            raise Invalid("Name the layout.", "/layout")
        if self.kind != "journal":
            return self._report(self.kind, self.layout)
        if self.from_ is None or self.to is None or self.year is not None or self.as_of is not None:
            raise Invalid("Name the first and the last day of the journal, from and to.", "/from")
        if self.to < self.from_:
            raise Invalid(f"The period ends before it begins, on {self.from_}.", "/to")
        return RequestExport(
            "journal", self.layout, self.entity_id, self.from_, self.to, self.accounts, self.position
        )

    def _financial_year(self) -> tuple[date, date]:
        """Return its first and last day: of the calendar year, or as named."""
        if self.year is not None:
            if self.from_ is not None or self.to is not None:
                raise Invalid("Name the calendar year, or from and to.", "/year")
            return date(self.year, 1, 1), date(self.year, 12, 31)
        if self.from_ is None or self.to is None:
            raise Invalid("Name the year of the FEC, or its first and last day, from and to.", "/year")
        if not 0 <= (self.to - self.from_).days < FINANCIAL_YEAR_DAYS:
            raise Invalid("A financial year has one day at least, and 24 months at most.", "/to")
        return self.from_, self.to

    def _report(self, kind: ExportKind, layout: Layout) -> RequestExport:
        if layout not in ("csv", "xlsx", "parquet"):
            raise Invalid("The layouts of a report are csv, xlsx and parquet.", "/layout")
        if self.as_of is None or self.from_ is not None or self.to is not None or self.year is not None:
            raise Invalid("Name the business date of the report, as_of.", "/as_of")
        if self.accounts:
            raise Invalid("A report has no accounts.", "/accounts")
        if self.bands is not None:
            Bands.parse(self.bands)
        if self.group_by is not None and kind != "aged_balance":
            raise Invalid("Only an aged balance has groups.", "/group_by")
        report = ReportOptions(
            bands=self.bands,
            by=self.by or "due_date",
            segment=self.segment,
            salesperson=self.salesperson,
            collector=self.collector,
            group_by=self.group_by,
        )
        return RequestExport(kind, layout, self.entity_id, self.as_of, self.as_of, {}, self.position, report)
