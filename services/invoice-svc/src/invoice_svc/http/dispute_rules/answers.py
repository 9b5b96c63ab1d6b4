"""Answers of /v1/deduction-codes and /v1/dispute-categories."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, Field

from encours.contracts.events.sales.dispute import Category
from encours.http.answers import Answer, Json
from encours.http.queries import AsOf
from invoice_svc.domain.dispute_rules.state import DisputeRules
from invoice_svc.use_cases.folds import DISPUTE_RULES


class _Dated(Protocol):
    @property
    def valid_from(self) -> date: ...


R = TypeVar("R", bound=_Dated)
_IN_FORCE = Field(description="True for the rule that counts on `as_of`.")


class DeductionCodeOut(BaseModel):
    """A debtor's reason code and the category that it stands for from a day on."""

    code: str
    customer_id: str | None
    category: Category
    label: str | None
    valid_from: date
    in_force: bool = _IN_FORCE


class DeductionCodesOut(AsOf):
    """Reason codes of the debtors of an entity, past and future."""

    entity_id: str
    codes: list[DeductionCodeOut]
    version: int

    @classmethod
    def of(cls, state: DisputeRules, version: int, as_of: date) -> Json:
        """Show the map."""
        codes = [
            {
                "code": each.code,
                "customer_id": each.debtor_id,
                "category": each.category,
                "label": each.label,
                "valid_from": each.valid_from.isoformat(),
                "in_force": each is _in_force([c for c in dated if c.debtor_id == each.debtor_id], as_of),
            }
            for _, dated in sorted(state.codes.items())
            for each in dated
        ]
        return {"entity_id": state.entity_id, "codes": codes, "version": version}


class DisputeCategoryOut(BaseModel):
    """Owner and deadline of the disputes of a category from a day on."""

    category: Category
    owner: str | None
    answer_days: int | None
    alert_days: int
    valid_from: date
    in_force: bool = _IN_FORCE


class DisputeCategoriesOut(AsOf):
    """Rules of an entity by category, past and future."""

    entity_id: str
    categories: list[DisputeCategoryOut]
    version: int

    @classmethod
    def of(cls, state: DisputeRules, version: int, as_of: date) -> Json:
        """Show the rules."""
        rules: list[dict[str, Any]] = [
            {
                "category": each.category,
                "owner": each.owner,
                "answer_days": each.answer_days,
                "alert_days": each.alert_days,
                "valid_from": each.valid_from.isoformat(),
                "in_force": each is _in_force(dated, as_of),
            }
            for _, dated in sorted(state.categories.items())
            for each in dated
        ]
        return {"entity_id": state.entity_id, "categories": rules, "version": version}


def _in_force(dated: Sequence[R], day: date) -> R | None:
    return next((each for each in reversed(dated) if each.valid_from <= day), None)


CODES_ANSWER = Answer(DISPUTE_RULES, DeductionCodesOut.of)
CATEGORIES_ANSWER = Answer(DISPUTE_RULES, DisputeCategoriesOut.of)
