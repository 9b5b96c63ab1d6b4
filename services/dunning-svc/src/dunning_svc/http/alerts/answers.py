"""Answers about alert rules and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

from dunning_svc.domain.alert.state import ALERT, ALERT_RULE, Alert
from dunning_svc.read_models.alerts.query import AlertStatus, alert_of
from encours.contracts.events.dunning.alerts import (
    AlertAcknowledged,
    AlertChannel,
    AlertKind,
    AlertRaised,
    AlertRuleSet,
)
from encours.http.answers import Answer
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from encours.http.queries import AsOf
from encours.kernel.money import format_amount


class AlertRecipientOut(BaseModel):
    """Recipient of the alerts of a rule."""

    kind: Literal["collector", "second_level", "address", "webhook"]
    target: str | None


class AlertRuleOut(BaseModel):
    """An alert rule."""

    code: str
    kind: AlertKind
    days: int | None
    until_days: int | None
    minimums: dict[str, str]
    recipients: list[AlertRecipientOut]
    language: Literal["en", "fr"]
    active: bool

    @classmethod
    def of(cls, rule: AlertRuleSet) -> AlertRuleOut:
        """Return a rule."""
        return cls(
            code=rule.rule_code,
            kind=rule.kind,
            days=rule.days,
            until_days=rule.until_days,
            minimums={
                each.currency: format_amount(each.amount_minor, each.currency) for each in rule.minimums
            },
            recipients=[AlertRecipientOut(kind=each.kind, target=each.target) for each in rule.recipients],
            language=rule.language,
            active=rule.active,
        )


class AlertRuleAsOf(AlertRuleOut, AsOf):
    """An alert rule after a command."""


class AlertRuleList(Listing[AlertRuleOut], AsOf):
    """Alert rules by code."""


class AlertAddressOut(BaseModel):
    """Address to which an alert is told."""

    channel: AlertChannel
    to: str


class AlertOut(BaseModel):
    """An object that met a rule, once at its threshold."""

    id: str
    rule: str
    kind: AlertKind
    subject: str = Field(description="Invoice, promise, reply, day, or collector and currency.")
    threshold: str
    customer_id: str | None
    number: str | None
    on: date | None = Field(
        description="Due date, promised day, day of arrival, day of the run, or first day of the month."
    )
    amount: MoneyModel | None
    day: date
    evidence: list[int] = Field(description="Positions of the events that it rests on.")
    told: list[AlertAddressOut]
    status: AlertStatus
    acknowledged_on: date | None
    note: str | None

    @classmethod
    def made(
        cls, raised: AlertRaised, status: AlertStatus, acknowledged_on: date | None, note: str | None
    ) -> AlertOut:
        """Return an alert with its acknowledgement."""
        return cls(
            id=raised.alert_id,
            rule=raised.rule_code,
            kind=raised.kind,
            subject=raised.subject,
            threshold=raised.threshold,
            customer_id=raised.customer_id,
            number=raised.number,
            on=raised.on,
            amount=MoneyModel.of(raised.amount_minor, raised.currency) if raised.currency else None,
            day=raised.day,
            evidence=list(raised.evidence),
            told=[AlertAddressOut(channel=each.channel, to=each.to) for each in raised.addresses],
            status=status,
            acknowledged_on=acknowledged_on,
            note=note,
        )

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> AlertOut:
        """Return the alert of a row."""
        return cls.made(alert_of(row["document"]), row["status"], row["acknowledged_on"], row["note"])


class AlertAsOf(AlertOut, AsOf):
    """An alert after a command."""


class AlertList(Listing[AlertOut]):
    """Alerts."""


def _answer(state: Alert) -> AlertOut:
    assert state.raised is not None
    known: AlertAcknowledged | None = state.acknowledged
    status: AlertStatus = "open" if known is None else "acknowledged"
    return AlertOut.made(state.raised, status, state.acknowledged_on, known.note if known else None)


def _rule(rule: AlertRuleSet | None) -> AlertRuleOut:
    assert rule is not None
    return AlertRuleOut.of(rule)


ALERT_ANSWER = Answer(ALERT, lambda state, *_: _answer(state))
ALERT_RULE_ANSWER = Answer(ALERT_RULE, lambda state, *_: _rule(state.current))
