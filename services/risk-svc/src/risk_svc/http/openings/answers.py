"""Answers about account openings and their checklist."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from encours.http.answers import Answer
from encours.http.models import BusinessDate, MoneyModel
from encours.http.queries import AsOf
from risk_svc.domain.file.opening import AccountChecklist, AccountOpening, SettledItem
from risk_svc.use_cases.file.openings import ACCOUNT_CHECKLIST, ACCOUNT_OPENING


class ChecklistItemOut(BaseModel):
    """Item that an account needs."""

    code: str
    label: str
    segments: list[str]
    from_: MoneyModel | None = Field(alias="from", serialization_alias="from")


class AccountChecklistOut(BaseModel):
    """Checklist of an entity."""

    entity_id: str
    version: int
    currency: str
    items: list[ChecklistItemOut]
    refers: bool

    @classmethod
    def of(cls, state: AccountChecklist, *_: object) -> AccountChecklistOut:
        """Return the checklist."""
        items = [
            ChecklistItemOut(
                code=each.item_code,
                label=each.label,
                segments=list(each.segments),
                **{
                    "from": None
                    if each.from_minor is None
                    else MoneyModel.of(each.from_minor, state.currency)
                },
            )
            for each in state.items
        ]
        return cls(
            entity_id=state.entity_id,
            version=state.version,
            currency=state.currency,
            items=items,
            refers=state.refers,
        )


class AccountChecklistAsOf(AccountChecklistOut, AsOf):
    """A checklist at the requested dates."""


class OpeningItemOut(BaseModel):
    """Item of a file: missing, done or waived."""

    code: str
    label: str
    state: Literal["missing", "done", "waived"]
    by: str | None
    on: BusinessDate | None
    text: str | None
    evidence_sha256: list[str]

    @classmethod
    def of(cls, code: str, label: str, settled: SettledItem | None) -> OpeningItemOut:
        """Return an item."""
        if settled is None:
            return cls(
                code=code, label=label, state="missing", by=None, on=None, text=None, evidence_sha256=[]
            )
        return cls(
            code=code,
            label=label,
            state="waived" if settled.waived else "done",
            by=settled.by,
            on=settled.on,
            text=settled.text,
            evidence_sha256=list(settled.evidence_sha256),
        )


class AccountOpeningOut(BaseModel):
    """Opening file of a customer."""

    customer_id: str
    state: Literal["requested", "open", "refused"]
    amount: MoneyModel
    segment: str | None
    checklist_version: int
    items: list[OpeningItemOut]
    missing: list[str] = Field(description="Codes of the items that are neither done nor waived.")
    requested_by: str
    requested_on: BusinessDate | None
    request: str
    decided_by: str | None
    decided_on: BusinessDate | None
    text: str | None

    @classmethod
    def of(cls, state: AccountOpening, *_: object) -> AccountOpeningOut:
        """Return the file."""
        asked = state.asked
        assert asked is not None
        return cls(
            customer_id=asked.customer_id,
            state=state.state,
            amount=MoneyModel.of(asked.amount_minor, asked.currency),
            segment=asked.segment,
            checklist_version=asked.checklist_version,
            items=[
                OpeningItemOut.of(each.item_code, each.label, state.settled.get(each.item_code))
                for each in asked.items
            ],
            missing=state.missing,
            requested_by=state.asked_by,
            requested_on=state.asked_on,
            request=asked.text,
            decided_by=state.decided_by,
            decided_on=state.decided_on,
            text=state.text,
        )


class AccountOpeningAsOf(AccountOpeningOut, AsOf):
    """An opening file at the requested dates."""


CHECKLIST_ANSWER = Answer(ACCOUNT_CHECKLIST, AccountChecklistOut.of)
OPENING_ANSWER = Answer(ACCOUNT_OPENING, AccountOpeningOut.of)
