"""Answers about work that is overdue."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from dunning_svc.domain.expected.overdue import OverdueKind, OverdueWork
from encours.http.queries import AsOf


class OverdueWorkOut(BaseModel):
    """Work that should have been done by now."""

    kind: OverdueKind
    since: date = Field(description="First day of it.")
    count: int = Field(description="Number of days, runs, reminders or mailboxes.")
    detail: str
    remedy: str = Field(description="What to do next.")

    @classmethod
    def of(cls, found: OverdueWork) -> OverdueWorkOut:
        """Return a finding."""
        return cls(
            kind=found.kind, since=found.since, count=found.count, detail=found.detail, remedy=found.remedy
        )


class ExpectedWorkOut(AsOf):
    """Work that is overdue; none if all is as it should be."""

    data: list[OverdueWorkOut]
