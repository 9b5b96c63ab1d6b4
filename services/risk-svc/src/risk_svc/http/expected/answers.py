"""Answers about early warnings that are not judged in time."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from encours.http.queries import AsOf
from risk_svc.domain.warning.unjudged import UnjudgedKind


class UnjudgedWorkOut(BaseModel):
    """Work that should have been done by now."""

    model_config = ConfigDict(from_attributes=True)

    kind: UnjudgedKind
    since: date = Field(description="First day of it.")
    count: int = Field(description="Number of days, or of customers.")
    detail: str
    remedy: str = Field(description="What to do next.")


class ExpectedCreditWorkOut(AsOf):
    """Work that is overdue; none if all is as it should be."""

    data: list[UnjudgedWorkOut]
