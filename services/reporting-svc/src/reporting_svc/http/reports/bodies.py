"""Bodies of custom reports."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from encours.contracts.events.report import ReportAudience, ReportCondition, ReportDocument
from encours.http.models import Body, Id, ShortText
from encours.http.parameters import parse_instant, parse_position
from reporting_svc.domain.report.days import DAY_WORDS
from reporting_svc.domain.report.state import SaveReport, ShareReport

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^-?[a-z0-9_:+-]+$")]
DayText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=40, pattern=r"^[a-z0-9_-]+$"),
    Field(examples=["end_of_last_month", "2026-03-31"]),
]
LIMIT_MAX = 10_000
"""Most rows of a report's table."""


class ConditionBody(Body):
    """A condition that a row has to meet."""

    column: ColumnName = Field(examples=["outstanding"])
    operator: Literal["is", "is_not", "contains", "at_least", "at_most", "empty", "not_empty"]
    values: Annotated[
        list[Annotated[str, StringConstraints(max_length=200)]],
        Field(max_length=50, examples=[["1000.00"]]),
    ] = Field(
        default=[],
        description="Amounts are decimals in the currency of the row; days are dates, or words that follow as_of.",
    )


class DocumentBody(Body):
    """Content of a report."""

    source: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(
        description="One of GET /v1/report-sources.", examples=["open_items"]
    )
    columns: Annotated[list[ColumnName], Field(min_length=1, max_length=50)] = Field(
        description="Columns of the source; or measures, such as `count`, `sum:outstanding`, `mean:days_past_due`.",
        examples=[["count", "sum:outstanding"]],
    )
    group_by: Annotated[list[ColumnName], Field(max_length=5)] = Field(
        default=[], description="A row for each group, and for each currency if amounts are shown."
    )
    conditions: Annotated[list[ConditionBody], Field(max_length=20)] = Field(default=[])
    order: Annotated[list[ColumnName], Field(max_length=5)] = Field(
        default=[],
        description="Columns that are shown; a minus turns the order around.",
        examples=[["-count"]],
    )
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX, strict=True)] = 1000
    as_of: DayText = Field(
        default="today", description=f"A date, or a word that follows today: {', '.join(DAY_WORDS)}."
    )
    known_at: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = Field(
        default=None, description="An instant, or a position of the ledger; now if not given."
    )
    since: DayText | None = Field(
        default=None, description="First day of a source with a period: a date, or a word that follows as_of."
    )
    period: Literal["day", "week", "month"] | None = Field(
        default=None, description="Length of the periods of turnover; `month` if not given."
    )
    bands: Annotated[str, StringConstraints(max_length=80, pattern=r"^[0-9]{1,4}(,[0-9]{1,4})*$")] | None = (
        Field(default=None, description="Last days of the closed bands.", examples=["30,60,90"])
    )

    @model_validator(mode="after")
    def _moment_is_one(self) -> DocumentBody:
        known = self.known_at
        if known is not None and parse_position(known) is None and parse_instant(known) is None:
            raise ValueError(
                "Write an instant such as 2026-03-31T18:00:00Z, or a position of the ledger, in known_at."
            )
        return self

    def to_document(self) -> ReportDocument:
        """Return the document."""
        conditions = (
            ReportCondition(column=each.column, operator=each.operator, values=tuple(each.values))
            for each in self.conditions
        )
        return ReportDocument(
            source=self.source,
            columns=tuple(self.columns),
            group_by=tuple(self.group_by),
            conditions=tuple(conditions),
            order=tuple(self.order),
            limit=self.limit,
            as_of=self.as_of,
            known_at=self.known_at,
            since=self.since,
            period=self.period,
            bands=self.bands,
        )


class ReportBody(Body):
    """A report to be saved."""

    name: ShortText = Field(examples=["Old debts by salesperson"])
    entity_id: Annotated[str, Id("ent")] | None = Field(
        default=None, description="The creditor; if not given, each reader sees what its own key covers."
    )
    document: DocumentBody

    def to_command(self, report_id: str, entity_id: str) -> SaveReport:
        """Return the command."""
        return SaveReport(report_id, self.name, self.document.to_document(), entity_id)


class ReportChangeBody(Body):
    """A new name or a new content, all of it."""

    name: ShortText | None = None
    document: DocumentBody | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> ReportChangeBody:
        if self.name is None and self.document is None:
            raise ValueError("Give a name, a document, or both.")
        return self

    def to_command(self, report_id: str) -> SaveReport:
        """Return the command."""
        document = None if self.document is None else self.document.to_document()
        return SaveReport(report_id, self.name, document)


class SharingBody(Body):
    """Readers besides the owner. Each sees what its own key covers."""

    audience: ReportAudience = Field(
        description="`everyone`: all whose key covers the entity of the report; `actors`: those that are named."
    )
    actors: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^key:[0-9a-z]{4,32}$")]], Field(max_length=50)
    ] = Field(default=[], examples=[["key:7f3a91c2d4e6"]])

    @model_validator(mode="after")
    def _names_actors_or_none(self) -> SharingBody:
        if (self.audience == "actors") != bool(self.actors):
            raise ValueError("Name actors with the audience actors, and with no other.")
        return self

    def to_command(self, report_id: str) -> ShareReport:
        """Return the command."""
        return ShareReport(report_id, self.audience, tuple(sorted(set(self.actors))))
