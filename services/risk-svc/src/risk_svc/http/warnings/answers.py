"""Answers about early warnings and their rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec.structs import asdict
from pydantic import BaseModel, Field

from encours.contracts.base import decode
from encours.contracts.events.credit_warning import CreditWarningKind, CreditWarningRaised
from encours.http.answers import Answer
from encours.http.models import BusinessDate
from encours.http.paging import Listing
from encours.http.queries import AsOf
from encours.reading.reasons import warning_reason
from risk_svc.domain.warning.episode import EntityWarningRules, WarningEpisode
from risk_svc.http.reasons import ReasonOut
from risk_svc.use_cases.warnings.commands import CREDIT_WARNING, WARNING_RULES

WarningState = Literal["raised", "acknowledged", "ended"]


class WarningFigureOut(BaseModel):
    """A figure before and after. The unit ends its name: days, tenths, basis points, minor units, else a count."""

    name: str
    before: int | None
    after: int


class CreditWarningOut(BaseModel):
    """An episode of an early warning, with its evidence."""

    id: str
    customer_id: str
    kind: CreditWarningKind
    episode: int = Field(description="Number among the episodes of the customer and kind, from 1.")
    state: WarningState
    knowable_on: BusinessDate = Field(description="Day on whose opening it could be known.")
    seen_position: int = Field(description="Position of the ledger that it was judged at.")
    rules_version: int = Field(description="Version of the entity's rules.")
    reason: ReasonOut
    currency: str | None
    figures: list[WarningFigureOut]
    invoices: list[str] = Field(description="Ids of the invoices that it rests on; the latest 50.")
    events: list[int] = Field(description="Positions of the other events that it rests on.")
    acknowledged_by: str | None
    acknowledged_on: BusinessDate | None
    note: str | None
    ended_on: BusinessDate | None

    @classmethod
    def of(cls, state: WarningEpisode, *_: object) -> CreditWarningOut:
        """Return an episode."""
        assert state.raised is not None
        return cls._with(
            state.raised,
            state=state.state,
            acknowledged_by=state.acknowledged_by,
            acknowledged_on=state.acknowledged_on,
            note=state.note,
            ended_on=state.ended_on,
        )

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> CreditWarningOut:
        """Return an episode of a list, at the dates of the question."""
        raised = decode(CreditWarningRaised.TYPE, CreditWarningRaised.VERSION, row["content"].encode())
        assert isinstance(raised, CreditWarningRaised)
        seen = row["seen_then"]
        return cls._with(
            raised,
            state=row["state_then"],
            acknowledged_by=row["acknowledged_by"] if seen else None,
            acknowledged_on=row["acknowledged_on"] if seen else None,
            note=row["note"] if seen else None,
            ended_on=row["ended_on"] if row["state_then"] == "ended" else None,
        )

    @classmethod
    def _with(cls, raised: CreditWarningRaised, **more: Any) -> CreditWarningOut:
        return cls(
            id=raised.credit_warning_id,
            customer_id=raised.customer_id,
            kind=raised.kind,
            episode=raised.episode,
            knowable_on=raised.knowable_on,
            seen_position=raised.seen_position,
            rules_version=raised.rules_version,
            reason=ReasonOut.of(warning_reason(raised)),
            currency=raised.currency,
            figures=[
                WarningFigureOut(name=each.name, before=each.before, after=each.after)
                for each in raised.figures
            ],
            invoices=list(raised.invoices),
            events=list(raised.events),
            **more,
        )


class CreditWarningAsOf(CreditWarningOut, AsOf):
    """A warning at the requested dates."""


class CreditWarnings(Listing[CreditWarningOut], AsOf):
    """Warnings at the requested dates, the last raised first."""


class WarningRulesOut(BaseModel):
    """Rules of an entity; null for a kind that raises no warning."""

    entity_id: str
    version: int = Field(description="0: the rules that are shipped, which raise nothing until they are set.")
    slowing_payments: dict[str, int] | None
    partial_payments: dict[str, int] | None
    broken_promises: dict[str, int] | None
    disputes_at_due: dict[str, int] | None
    limit_drift: dict[str, int] | None
    concentration: dict[str, int] | None

    @classmethod
    def of(cls, state: EntityWarningRules, *_: object) -> WarningRulesOut:
        """Return the rules."""
        return cls.in_force(state, state.entity_id)

    @classmethod
    def in_force(cls, state: EntityWarningRules, entity_id: str) -> WarningRulesOut:
        """Return the rules of an entity, which may have set none."""
        rules = {name: rule and asdict(rule) for name, rule in asdict(state.rules).items()}
        return cls(entity_id=entity_id, version=state.version, **rules)


class WarningRulesAsOf(WarningRulesOut, AsOf):
    """Rules at the requested dates."""


WARNING_ANSWER = Answer(CREDIT_WARNING, CreditWarningOut.of)
RULES_ANSWER = Answer(WARNING_RULES, WarningRulesOut.of)
