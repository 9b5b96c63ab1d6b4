"""States of alert rules, alerts and digests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.dunning.alerts import (
    AlertAcknowledged,
    AlertDigestFailed,
    AlertDigestRequested,
    AlertDigestSent,
    AlertDigestUnconfirmed,
    AlertRaised,
    AlertRuleSet,
)
from encours.kernel.errors import NotFound
from encours.ledger.states import Folder


class AlertRuleNotFound(NotFound):
    """No alert rule has the code at the requested dates (404)."""

    code = "alert-rule-not-found"
    title = "Alert rule not found"
    remedy = "Use a code from GET /v1/alert-rules."


class AlertNotFound(NotFound):
    """No alert has the id at the requested dates (404)."""

    code = "alert-not-found"
    title = "Alert not found"
    remedy = "Use an id from GET /v1/alerts."


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A rule as it was set last; None before the first time."""

    current: AlertRuleSet | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert. ``raised`` is None before its first event."""

    raised: AlertRaised | None = None
    entity_id: str = ""
    acknowledged: AlertAcknowledged | None = None
    acknowledged_on: date | None = None


@dataclass(frozen=True, slots=True)
class AlertDigest:
    """A digest, and the type of its outcome."""

    requested: AlertDigestRequested | None = None
    outcome: str | None = None


def _evolve_rule(state: AlertRule, e: Recorded) -> AlertRule:
    return AlertRule(e.data) if isinstance(e.data, AlertRuleSet) else state


def _evolve_alert(state: Alert, e: Recorded) -> Alert:
    match e.data:
        case AlertRaised():
            return Alert(e.data, e.entity)
        case AlertAcknowledged():
            return replace(state, acknowledged=e.data, acknowledged_on=e.effective_on)
        case _:
            return state


def _evolve_digest(state: AlertDigest, e: Recorded) -> AlertDigest:
    match e.data:
        case AlertDigestRequested():
            return AlertDigest(e.data)
        case AlertDigestSent() | AlertDigestFailed() | AlertDigestUnconfirmed():
            return replace(state, outcome=e.type)
        case _:
            return state


ALERT_RULE = Folder(AlertRule, _evolve_rule, AlertRuleNotFound)
ALERT = Folder(Alert, _evolve_alert, AlertNotFound)
ALERT_DIGEST = Folder(AlertDigest, _evolve_digest)
