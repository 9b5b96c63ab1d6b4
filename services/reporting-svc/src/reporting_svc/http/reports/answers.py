"""Answers about custom reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from encours.contracts.events.report import ReportAudience, ReportDocument
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.paging import Listing
from encours.http.queries import AsOf
from encours.kernel.money import Money
from encours.reading.moment import Granted
from reporting_svc.domain.report.catalogue import COUNT, SOURCES, ColumnKind, ReportSource
from reporting_svc.domain.report.document import GROUPED, OPERATORS
from reporting_svc.domain.report.state import CustomReport
from reporting_svc.domain.report.table import CurrencySums, ReportValue
from reporting_svc.http.answers import TieOut
from reporting_svc.http.scope import ScopeOut
from reporting_svc.reports.run import ReportRun
from reporting_svc.use_cases.reports import REPORT


class ConditionOut(BaseModel):
    """A condition that a row has to meet."""

    column: str
    operator: str
    values: list[str]


class ReportDocumentOut(BaseModel):
    """Content of a report."""

    source: str
    columns: list[str]
    group_by: list[str]
    conditions: list[ConditionOut]
    order: list[str]
    limit: int
    as_of: str
    known_at: str | None
    since: str | None
    period: str | None
    bands: str | None

    @classmethod
    def of(cls, document: ReportDocument) -> Json:
        """Show a document."""
        plain = {name: getattr(document, name) for name in cls.model_fields if name != "conditions"}
        conditions = [
            {"column": each.column, "operator": each.operator, "values": list(each.values)}
            for each in document.conditions
        ]
        return {name: list(v) if isinstance(v, tuple) else v for name, v in plain.items()} | {
            "conditions": conditions
        }


class SavedReportItem(BaseModel):
    """A saved report without its content."""

    id: str
    name: str
    entity_id: str | None = Field(description="Null: each reader sees what its own key covers.")
    owner: str
    source: str
    definition_version: int = Field(description="Number of the content, from 1.")
    audience: ReportAudience
    actors: list[str]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Json:
        """Show a row of the list."""
        return {
            "id": row["report_id"],
            "name": row["name"],
            "entity_id": row["entity"] or None,
            "owner": row["owner"],
            "source": row["source"],
            "definition_version": row["definition_version"],
            "audience": row["audience"],
            "actors": list(row["actors"]),
        }


class SavedReportOut(SavedReportItem):
    """A saved report."""

    document: ReportDocumentOut
    dropped: bool
    version: int

    @classmethod
    def shown(cls, state: CustomReport, version: int) -> Json:
        """Show a report."""
        saved = state.saved
        assert saved is not None
        return {
            "id": saved.report_id,
            "name": saved.name,
            "entity_id": state.entity_id or None,
            "owner": saved.owner,
            "source": saved.document.source,
            "definition_version": saved.definition_version,
            "audience": state.audience,
            "actors": list(state.actors),
            "document": ReportDocumentOut.of(saved.document),
            "dropped": state.dropped,
            "version": version,
        }


class SavedReportAsOf(SavedReportOut, AsOf):
    """A saved report at the requested dates."""


class SavedReportList(Listing[SavedReportItem], AsOf):
    """Reports that the key owns or that are shared with it."""


REPORT_ANSWER = Answer(REPORT, lambda state, version, _: SavedReportOut.shown(state, version))


class SourceColumnOut(BaseModel):
    """A column of a source."""

    name: str
    kind: ColumnKind
    description: str
    operators: list[str]
    measures: list[str]
    groups: bool = Field(description="True if rows can be grouped by it.")


class ReportSourceOut(BaseModel):
    """A source of reports."""

    name: str
    row: str = Field(description="Meaning of a row.")
    definition: str | None = Field(description="Definition of the amounts: GET /v1/definitions.")
    columns: list[SourceColumnOut]
    measures: list[str] = Field(description="Measures of rows.")
    parameters: list[str] = Field(description="Members of the document that it takes besides.")
    custom_fields: bool = Field(
        description="True: `field:` and the code of a custom field of customers is a column."
    )
    invoice_fields: bool = Field(
        description="True: `invoice_field:` and the code of a custom field of invoices is a column."
    )

    @classmethod
    def of(cls, source: ReportSource) -> ReportSourceOut:
        """Return a source."""
        columns = [
            SourceColumnOut(
                name=each.name,
                kind=each.kind,
                description=each.text,
                operators=list(OPERATORS[each.kind]),
                measures=[f"{measure}:{each.name}" for measure in each.measures],
                groups=each.kind in GROUPED,
            )
            for each in source.columns
        ]
        taken = {"since": source.has_period, "period": bool(source.periods), "bands": source.has_bands}
        return cls(
            name=source.name,
            row=source.row,
            definition=source.definition and source.definition.id,
            columns=columns,
            measures=[COUNT],
            parameters=[name for name, is_taken in taken.items() if is_taken],
            custom_fields=source.by_customer,
            invoice_fields=source.by_invoice,
        )


class ReportSourceList(BaseModel):
    """The catalogue."""

    data: list[ReportSourceOut]

    @classmethod
    def all(cls) -> ReportSourceList:
        """Return all sources."""
        return cls(data=[ReportSourceOut.of(each) for each in SOURCES.values()])


class ReportColumnOut(BaseModel):
    """A column of the result."""

    name: str
    kind: ColumnKind


class ReportTotalOut(BaseModel):
    """Sums over all rows in a currency that meet the conditions, the limit left aside."""

    currency: str
    rows: int
    sums: dict[str, MoneyModel]

    @classmethod
    def of(cls, sums: CurrencySums) -> Json:
        """Show the sums of a currency."""
        shown = {name: money_json(minor, sums.currency) for name, minor in sums.sums_minor.items()}
        return {"currency": sums.currency, "rows": sums.rows, "sums": shown}


class ReportTieOutOut(TieOut):
    """Tie-out of what the report covers in a currency, without regard to conditions on its rows."""

    currency: str


class ReportRunOut(AsOf):
    """Result of a run. An amount has the currency of its row: no row and no sum has two."""

    report_id: str
    name: str
    definition_version: int
    definition: str | None
    source: str
    first_day: date | None
    columns: list[ReportColumnOut]
    data: list[dict[str, Any]] = Field(description="Values by the names of the columns.")
    left_out: int = Field(description="Rows behind the limit.")
    totals: list[ReportTotalOut]
    scope: ScopeOut = Field(
        description="Receivables that a run covers and ties out; further conditions choose among the rows."
    )
    tie_out: list[ReportTieOutOut]
    parked: list[str] = Field(description="The parked streams, at most 100.")

    @classmethod
    def of(cls, state: CustomReport, run: ReportRun, granted: Granted) -> Json:
        """Show a run."""
        saved, source, table = state.saved, run.plan.source, run.table
        assert saved is not None
        names = [each.name for each in table.columns]
        return {
            "report_id": saved.report_id,
            "name": saved.name,
            "definition_version": saved.definition_version,
            "definition": source.definition and source.definition.id,
            "source": source.name,
            "first_day": run.first and run.first.isoformat(),
            "columns": [{"name": each.name, "kind": each.kind} for each in table.columns],
            "data": [dict(zip(names, map(_json, row), strict=True)) for row in table.rows],
            "left_out": table.left_out,
            "totals": [ReportTotalOut.of(each) for each in table.totals],
            "scope": ScopeOut.of(run.scope, granted),
            "tie_out": [TieOut.of(each) | {"currency": each.figures.currency} for each in run.tied_out],
        }


def _json(value: ReportValue) -> Any:
    if isinstance(value, Money):
        return money_json(value.amount_minor, value.currency)
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value
