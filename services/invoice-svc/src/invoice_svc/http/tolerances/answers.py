"""Answers of /v1/tolerances."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from encours.contracts.events.money.residual import OverpaymentUse, ResidualReason, ToleranceSet
from encours.http.answers import Answer, Json
from encours.http.models import MoneyModel, money_json
from encours.http.queries import AsOf
from invoice_svc.domain.entity.state import Entity
from invoice_svc.domain.tolerance.choose import in_force
from invoice_svc.use_cases.folds import ENTITY
from invoice_svc.use_cases.money.tolerances import ToleranceIsSet


class ResidualPolicyOut(BaseModel):
    """The version of a tolerance that allowed a residual, and the highest amount that it allows of the item."""

    code: str
    version: int
    cap: MoneyModel

    @classmethod
    def of(cls, code: str, version: int, cap_minor: int, currency: str) -> Json:
        """Show it."""
        return {"code": code, "version": version, "cap": money_json(cap_minor, currency)}


class ToleranceVersionOut(BaseModel):
    """One setting of a tolerance."""

    version: int
    valid_from: date
    cap: MoneyModel
    share_bps: int | None
    late_days: int | None
    overpayment: OverpaymentUse
    account: str | None
    income_account: str | None

    @classmethod
    def of(cls, setting: ToleranceSet) -> Json:
        """Show a setting."""
        return {
            "version": setting.version,
            "valid_from": setting.valid_from.isoformat(),
            "cap": money_json(setting.cap_minor, setting.currency),
            "share_bps": setting.share_bps,
            "late_days": setting.late_days,
            "overpayment": setting.overpayment,
            "account": setting.account,
            "income_account": setting.income_account,
        }


class ToleranceOut(BaseModel):
    """A tolerance, with all its versions."""

    code: str
    entity_id: str
    reason: ResidualReason
    currency: str
    customer_id: str | None
    segment: str | None
    tag: str | None
    in_force: int | None = Field(description="Version in force on the day; null before the first.")
    versions: list[ToleranceVersionOut] = Field(description="In the order in which they were set.")

    @classmethod
    def of(cls, settings: list[ToleranceSet], day: date) -> Json:
        """Show the settings of one code."""
        first = settings[0]
        current = in_force(settings, day)
        return {
            "code": first.code,
            "entity_id": first.entity_id,
            "reason": first.reason,
            "currency": first.currency,
            "customer_id": first.debtor_id,
            "segment": first.segment,
            "tag": first.tag,
            "in_force": current[0].version if current else None,
            "versions": [ToleranceVersionOut.of(each) for each in settings],
        }


class TolerancesOut(AsOf):
    """Tolerances of an entity."""

    data: list[ToleranceOut] = Field(description="By code; an entity has 500 at most.")

    @classmethod
    def of(cls, state: Entity, version: int, as_of: date) -> Json:
        """Show all tolerances of an entity."""
        by_code: dict[str, list[ToleranceSet]] = {}
        for each in state.tolerances:
            by_code.setdefault(each.code, []).append(each)
        return {"data": [ToleranceOut.of(by_code[code], as_of) for code in sorted(by_code)]}


class ToleranceAnswerOut(AsOf, ToleranceOut):
    """The tolerance that was set."""


def _one(body: Json, result: ToleranceIsSet) -> Json:
    shown: Json = next(each for each in body["data"] if each["code"] == result.code)
    return shown | {name: value for name, value in body.items() if name != "data"}


TOLERANCES = Answer(ENTITY, TolerancesOut.of)
TOLERANCE_ANSWER = Answer(ENTITY, TolerancesOut.of, result=ToleranceIsSet, tell=_one)
