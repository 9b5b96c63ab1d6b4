"""Answers about runs of schedules that are overdue."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from encours.http.queries import AsOf
from reporting_svc.domain.schedule.overdue import OverdueRunKind


class OverdueRunOut(BaseModel):
    """Runs that should have been made by now."""

    model_config = ConfigDict(from_attributes=True)

    kind: OverdueRunKind
    schedule_id: str
    since: date = Field(description="First day of it, or the day of the last run.")
    count: int = Field(description="Number of due moments.")
    detail: str
    remedy: str = Field(description="What to do next.")


class ExpectedReportWorkOut(AsOf):
    """Work that is overdue; none if all is as it should be."""

    data: list[OverdueRunOut]
