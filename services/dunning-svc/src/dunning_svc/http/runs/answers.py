"""Answers about runs of days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from dunning_svc.domain.ladder.decision import Decision
from dunning_svc.http.decisions.answers import PlannedOut
from dunning_svc.use_cases.runs import RunResult
from encours.http.paging import Listing
from encours.http.queries import AsOf

_PREVIEW_MAX = 1000


class RunOut(BaseModel):
    """The run of a day."""

    on: date
    status: Literal["open", "completed"]
    late: bool = Field(
        description="True if the day had passed when it was opened, so that it has no decisions."
    )
    requested: int
    suppressed: int
    tasks: int
    pending: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> RunOut:
        """Return a row of the list."""
        return cls(
            on=row["day"],
            status=row["status"],
            late=row["late"],
            requested=row["requested"],
            suppressed=row["suppressed"],
            tasks=row["tasks"],
            pending=row["pending"],
        )

    @classmethod
    def of_result(cls, result: RunResult) -> RunOut:
        """Return the result of a command."""
        return cls(
            on=result.day,
            status=result.status,
            late=result.late,
            requested=result.requested,
            suppressed=result.suppressed,
            tasks=result.tasks,
            pending=result.pending,
        )


class RunList(Listing[RunOut], AsOf):
    """Runs, newest first."""


class RunPreview(BaseModel):
    """Decisions of that day, provided that no event is recorded before it. None is stored."""

    dry_run: Literal[True]
    on: date
    position: int
    requested: int
    suppressed: int
    tasks: int
    data: list[PlannedOut]
    truncated: bool = Field(description="True if only the first 1,000 are listed; the counts include all.")

    @classmethod
    def of(cls, on: date, position: int, decisions: Sequence[Decision]) -> RunPreview:
        """Return decisions that are not stored, made at a position."""
        planned = [PlannedOut.of(decision) for decision in decisions]
        kinds = [plan.kind for plan in planned]
        return cls(
            dry_run=True,
            on=on,
            position=position,
            requested=kinds.count("reminder"),
            suppressed=kinds.count("suppressed"),
            tasks=kinds.count("task"),
            data=planned[:_PREVIEW_MAX],
            truncated=len(planned) > _PREVIEW_MAX,
        )
