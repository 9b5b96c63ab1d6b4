"""Answers about reasons: code, values, and sentences in two languages."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from encours.contracts.common import Reason, ReasonValue
from encours.http.models import BusinessDate, MoneyModel
from encours.reading.reasons import sentence


class ReasonOut(BaseModel):
    """A stable code, its values, and its sentence."""

    code: str
    text: str = Field(description="The same as `en`.")
    values: dict[str, int | MoneyModel | BusinessDate | str] = Field(
        description="Figures, amounts and days by name; those with a name in `_bps` are basis points."
    )
    en: str
    fr: str

    @classmethod
    def of(cls, reason: Reason) -> ReasonOut:
        """Return a reason."""
        english = sentence(reason, "en")
        return cls(
            code=reason.code,
            text=english,
            values={each.name: _shown(each) for each in reason.values},
            en=english,
            fr=sentence(reason, "fr"),
        )


def _shown(value: ReasonValue) -> Any:
    if value.figure is not None and value.currency is not None:
        return MoneyModel.of(value.figure, value.currency)
    return next(each for each in (value.figure, value.on, value.word) if each is not None)
