"""Body of an export."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from encours.http.models import Body, BusinessDate, Id
from encours.kernel.errors import Invalid
from reporting_svc.exports.requests import RequestExport
from reporting_svc.exports.store import ExportKind, Layout

Number = Annotated[str, Field(min_length=3, max_length=12)]


class ExportBody(Body):
    """A file to be written: the FEC of a year, a journal of some days, or a report of a day."""

    kind: Literal["fec", "journal", "aged_balance", "open_items"]
    entity_id: Annotated[str, Id("ent")]
    year: Annotated[int, Field(ge=1990, le=2999, strict=True)] | None = Field(
        default=None, description="Of a FEC: the calendar year that is the financial year."
    )
    layout: Literal["sage", "cegid", "quadra", "csv", "xlsx", "parquet"] | None = Field(
        default=None, description="Of a journal; of a report csv, xlsx or parquet."
    )
    from_: BusinessDate | None = Field(default=None, alias="from", description="Of a journal: the first day.")
    to: BusinessDate | None = Field(default=None, description="Of a journal: the last day.")
    as_of: BusinessDate | None = Field(default=None, description="Of a report: its business date.")
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
        if self.kind == "fec":
            if self.year is None:
                raise Invalid("Name the year of the FEC.", "/year")
            for name, given in (
                ("layout", self.layout), ("from", self.from_), ("to", self.to), ("as_of", self.as_of),
            ):  # fmt: skip
                if given is not None:
                    raise Invalid(
                        f"A FEC has a year, and neither layout nor days: leave {name} out.", f"/{name}"
                    )
            first, last = date(self.year, 1, 1), date(self.year, 12, 31)
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

    def _report(self, kind: ExportKind, layout: Layout) -> RequestExport:
        if layout not in ("csv", "xlsx", "parquet"):
            raise Invalid("The layouts of a report are csv, xlsx and parquet.", "/layout")
        if self.as_of is None or self.from_ is not None or self.to is not None or self.year is not None:
            raise Invalid("Name the business date of the report, as_of.", "/as_of")
        if self.accounts:
            raise Invalid("A report has no accounts.", "/accounts")
        return RequestExport(kind, layout, self.entity_id, self.as_of, self.as_of, {}, self.position)
